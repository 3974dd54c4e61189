-- What events say of deals beyond their course: when they are expected to close, ticks on checklists,
-- and what customers said. One row for each change.
CREATE TABLE noted_changes (
  opportunity_id uuid        NOT NULL,
  epoch          bigint      NOT NULL,
  sequence       bigint      NOT NULL,
  -- place among those of the event
  number         int         NOT NULL,
  pipeline       text        NOT NULL,
  kind           text        NOT NULL CHECK (kind IN ('expected-close', 'checklist', 'feedback')),
  -- '': an expected close
  stage          text        NOT NULL,
  -- '': not of a checklist
  item           text        NOT NULL,
  -- false: what was said before is taken away
  is_set         bool        NOT NULL,
  day            date,
  former_day     date,
  score          int,
  is_explicit    bool,
  occurred_at    timestamptz NOT NULL,
  PRIMARY KEY (opportunity_id, epoch, sequence, number)
);

CREATE INDEX noted_changes_time ON noted_changes (pipeline, kind, occurred_at);

-- Keys of the items of the stage's checklist.
ALTER TABLE pipeline_stages ADD COLUMN checklist jsonb NOT NULL DEFAULT '[]';

-- Earlier versions did not write them down: the running service reads them from the log once more,
-- beside the tables that serve.
INSERT INTO rebuilds (id, source)
SELECT gen_random_uuid(), 'log' WHERE EXISTS (SELECT FROM applied_events)
ON CONFLICT DO NOTHING;
