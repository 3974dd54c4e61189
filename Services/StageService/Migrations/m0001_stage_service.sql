-- One row: the epoch that new events carry. It rises when the database was restored from a backup.
CREATE TABLE installation (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch bigint NOT NULL
);
INSERT INTO installation (epoch) VALUES (1);

-- Published pipeline versions; a row never changes.
CREATE TABLE pipelines (
  key text NOT NULL,
  version integer NOT NULL,
  definition jsonb NOT NULL,
  published_at timestamptz NOT NULL,
  published_by text NOT NULL,
  PRIMARY KEY (key, version)
);

-- The state of every deal as its history leaves it.
CREATE TABLE opportunities (
  id uuid PRIMARY KEY,
  epoch bigint NOT NULL,
  sequence bigint NOT NULL,
  pipeline text NOT NULL,
  pipeline_version integer NOT NULL,
  stage text NOT NULL,
  category text NOT NULL,
  closed_from text,
  name text NOT NULL,
  account jsonb NOT NULL,
  owner text,
  team text,
  amount_minor bigint,
  currency text,
  expected_close text,
  external_id text,
  fields jsonb NOT NULL,
  next_step jsonb,
  entered_stage_at timestamptz NOT NULL,
  entry_unknown boolean NOT NULL,
  follow_up_due_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX opportunities_external_id ON opportunities (external_id);
CREATE INDEX opportunities_pipeline_stage ON opportunities (pipeline, stage, id);
CREATE INDEX opportunities_owner ON opportunities (owner, id);
CREATE INDEX opportunities_team ON opportunities (team, id);

-- The system of record: every event of every deal. `transaction` orders the feed so that nothing
-- that commits late is missed.
CREATE TABLE history (
  opportunity_id uuid NOT NULL,
  epoch bigint NOT NULL,
  sequence bigint NOT NULL,
  event_id uuid NOT NULL,
  type text NOT NULL,
  data jsonb NOT NULL,
  position bigint GENERATED ALWAYS AS IDENTITY,
  transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (opportunity_id, epoch, sequence)
);
CREATE UNIQUE INDEX history_feed ON history (transaction, position);

-- What became of each command from Kafka, so that handling one again changes nothing.
CREATE TABLE handled_commands (
  command_id uuid PRIMARY KEY,
  opportunity_id uuid NOT NULL,
  outcome text NOT NULL,
  sequence bigint,
  errors jsonb NOT NULL,
  handled_at timestamptz NOT NULL
);

-- Answers to requests that carried an Idempotency-Key, kept for 24 hours.
CREATE TABLE idempotency_keys (
  subject text NOT NULL,
  key text NOT NULL,
  request_hash bytea NOT NULL,
  status integer NOT NULL,
  body bytea NOT NULL,
  etag text,
  location text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (subject, key)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
