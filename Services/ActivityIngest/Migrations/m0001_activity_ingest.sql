-- What is known of every deal, from stage-changes.v1.
CREATE TABLE deals (
  opportunity_id uuid PRIMARY KEY,
  epoch bigint NOT NULL,
  sequence bigint NOT NULL,
  external_id text,
  pipeline text NOT NULL,
  pipeline_version integer NOT NULL,
  stage text NOT NULL,
  category text NOT NULL,
  owner text,
  team text,
  name text,
  created_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX deals_external_id ON deals USING hash (external_id);
CREATE INDEX deals_pipeline_version ON deals (pipeline, pipeline_version);

-- By what the people of a deal can be reached, and which of its fields says so.
CREATE TABLE deal_contacts (
  opportunity_id uuid NOT NULL,
  field text NOT NULL,
  kind text NOT NULL,
  value text NOT NULL
);
CREATE INDEX deal_contacts_value ON deal_contacts (kind, value);
CREATE INDEX deal_contacts_opportunity ON deal_contacts (opportunity_id);

-- Published pipeline versions, from pipelines.v1; a row never changes.
CREATE TABLE pipeline_versions (
  pipeline text NOT NULL,
  version integer NOT NULL,
  definition jsonb NOT NULL,
  PRIMARY KEY (pipeline, version)
);

-- Every activity that came; the key is derived from source and id.
CREATE TABLE activities (
  key uuid PRIMARY KEY,
  source text NOT NULL,
  id text NOT NULL,
  time timestamptz,
  received_at timestamptz NOT NULL,
  observation jsonb NOT NULL,
  traceparent text,
  -- unmatched, matched (the command to record it is under way), recorded, dismissed
  state text NOT NULL,
  matched_by text,
  -- Who assigned or dismissed it.
  decided_by text,
  opportunity_id uuid,
  attempt integer NOT NULL,
  command_id uuid,
  sequence bigint,
  -- False while the rules are to be asked later: when the pipeline version of its deal is here, or
  -- when it is known what became of a move that is under way.
  evaluated boolean NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX activities_under_way ON activities (command_id) WHERE state = 'matched';
CREATE INDEX activities_to_evaluate ON activities (opportunity_id) WHERE NOT evaluated;

-- Activities that belong to no deal. Only the reference that counts is set.
CREATE TABLE unmatched (
  key uuid PRIMARY KEY,
  position bigint GENERATED ALWAYS AS IDENTITY,
  reason text NOT NULL,
  -- Of several-opportunities: an array of identities.
  candidates jsonb NOT NULL,
  -- Of record-refused: what stage-service said.
  errors jsonb NOT NULL,
  opportunity_id uuid,
  external_id text,
  email text,
  phone text
);
CREATE UNIQUE INDEX unmatched_position ON unmatched (position);
CREATE INDEX unmatched_opportunity ON unmatched (opportunity_id) WHERE opportunity_id IS NOT NULL;
CREATE INDEX unmatched_external_id ON unmatched USING hash (external_id);
CREATE INDEX unmatched_email ON unmatched (email) WHERE email IS NOT NULL;
CREATE INDEX unmatched_phone ON unmatched (phone) WHERE phone IS NOT NULL;

-- Moves that rules ask for.
CREATE TABLE proposals (
  id uuid PRIMARY KEY,
  position bigint GENERATED ALWAYS AS IDENTITY,
  opportunity_id uuid NOT NULL,
  activity_key uuid NOT NULL,
  cause text NOT NULL,
  pipeline text NOT NULL,
  from_stage text NOT NULL,
  to_stage text NOT NULL,
  rule text NOT NULL,
  mode text NOT NULL,
  fields jsonb NOT NULL,
  evidence jsonb NOT NULL,
  further_evidence jsonb NOT NULL DEFAULT '[]',
  -- The commands that it may become, derived from its id.
  move_id uuid NOT NULL,
  reversal_id uuid NOT NULL,
  status text NOT NULL,
  confirmed_by text,
  rejected_by text,
  reason text,
  errors jsonb NOT NULL DEFAULT '[]',
  event_id uuid,
  sequence bigint,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX proposals_position ON proposals (position);
-- One proposal at a time for a deal and a stage.
CREATE UNIQUE INDEX proposals_undecided ON proposals (opportunity_id, to_stage)
  WHERE status IN ('waiting', 'sent');
CREATE INDEX proposals_opportunity ON proposals (opportunity_id, position);
CREATE INDEX proposals_status ON proposals (status, position);
CREATE INDEX proposals_move ON proposals (move_id);
CREATE INDEX proposals_reversal ON proposals (reversal_id);
CREATE INDEX proposals_event ON proposals (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX proposals_activity ON proposals (activity_key);
