-- What a version changes, in the words of who published it.
ALTER TABLE pipelines ADD COLUMN note text;

-- Definitions that people work on. `base_version` is the newest published version that the draft took
-- into account: another one since then stands in the way of publishing it.
CREATE TABLE drafts (
  id uuid PRIMARY KEY,
  pipeline text NOT NULL,
  revision bigint NOT NULL,
  base_version integer,
  definition jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL,
  published_version integer
);
CREATE INDEX drafts_pipeline ON drafts (pipeline, id);

-- What the team says of a draft's stages.
CREATE TABLE draft_feedback (
  id uuid PRIMARY KEY,
  draft_id uuid NOT NULL REFERENCES drafts (id) ON DELETE CASCADE,
  stage text NOT NULL,
  text text NOT NULL,
  given_at timestamptz NOT NULL,
  given_by text NOT NULL
);
CREATE INDEX draft_feedback_draft ON draft_feedback (draft_id, id);
