-- How many open deals wait for a follow-up whose deadline has passed.

-- What the event says; null: nothing is due.
ALTER TABLE applied_events ADD COLUMN follow_up_due_at timestamptz;

-- Deadlines of a day whose figures are asked for.
CREATE INDEX applied_events_due ON applied_events (follow_up_due_at)
  WHERE follow_up_due_at IS NOT NULL;

-- Net changes by UTC day of business time: of open deals, and of those among them whose deadline has
-- passed. A deadline that lies ahead has its row already. Shards as in stage_totals.
CREATE TABLE follow_up_changes (
  day       date     NOT NULL,
  pipeline  text     NOT NULL,
  team      text     NOT NULL,
  -- '': the deal has no amount
  currency  text     NOT NULL,
  shard     smallint NOT NULL,
  open      bigint   NOT NULL,
  forgotten bigint   NOT NULL,
  -- Of the five that tell the rows apart; a team may be longer than an index takes.
  id uuid GENERATED ALWAYS AS (md5(
    (day - '2000-01-01'::date)::text || ':' || length(pipeline)::text || ':' || pipeline
    || length(team)::text || ':' || team || currency || shard::text)::uuid) STORED PRIMARY KEY
) WITH (fillfactor = 50);

CREATE INDEX follow_up_changes_by_day ON follow_up_changes (pipeline, day);

-- Earlier versions wrote down the deadline of the moment only.
UPDATE applied_events AS event SET follow_up_due_at = deal.follow_up_due_at
FROM current_stage AS deal
WHERE (event.opportunity_id, event.epoch, event.sequence)
    = (deal.opportunity_id, deal.epoch, deal.sequence)
  AND deal.follow_up_due_at IS NOT NULL;

INSERT INTO follow_up_changes (day, pipeline, team, currency, shard, open, forgotten)
WITH known AS (
  SELECT opportunity_id, epoch, sequence, pipeline, to_stage, to_category, occurred_at,
    coalesce(team, '') AS team, coalesce(currency, '') AS currency, follow_up_due_at AS due,
    type = 'sluice.opportunity-created.v1'
      OR (type = 'sluice.stage-moved.v1' AND from_stage <> to_stage
        AND (opportunity_id, epoch, sequence) NOT IN (
          SELECT opportunity_id, reverted_epoch, reverted_sequence FROM applied_events
          WHERE reverted_sequence IS NOT NULL)) AS opens
  FROM applied_events
  WHERE opportunity_id NOT IN (
    SELECT opportunity_id FROM applied_events WHERE merged_into IS NOT NULL)
), stays AS (
  SELECT *, count(*) FILTER (WHERE opens) OVER in_order AS stay FROM known
  WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
), placed AS (
  SELECT *, first_value(pipeline) OVER in_stay AS stay_pipeline,
    first_value(to_category) OVER in_stay = 'open' AS is_open
  FROM stays WHERE stay > 0
  WINDOW in_stay AS (PARTITION BY opportunity_id, stay ORDER BY epoch, sequence)
), steps AS (
  SELECT *, lead(occurred_at) OVER in_order AS until FROM placed
  WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
), parts AS (
  SELECT occurred_at AS at, stay_pipeline, team, currency, 1 AS open, 0 AS forgotten
  FROM steps WHERE is_open
  UNION ALL
  SELECT until, stay_pipeline, team, currency, -1, 0 FROM steps WHERE is_open AND until IS NOT NULL
  UNION ALL
  SELECT greatest(occurred_at, due), stay_pipeline, team, currency, 0, 1
  FROM steps WHERE is_open AND due IS NOT NULL
  UNION ALL
  SELECT greatest(until, due), stay_pipeline, team, currency, 0, -1
  FROM steps WHERE is_open AND due IS NOT NULL AND until IS NOT NULL
)
SELECT (at AT TIME ZONE 'UTC')::date, stay_pipeline, team, currency, 0, sum(open), sum(forgotten)
FROM parts
GROUP BY 1, 2, 3, 4
HAVING (sum(open), sum(forgotten)) <> (0, 0);

-- When the version was published; null: not known.
ALTER TABLE pipeline_stages ADD COLUMN published_at timestamptz;

-- The running service reads the earlier deadlines from the log once more, beside the tables that serve.
INSERT INTO rebuilds (id, source)
SELECT gen_random_uuid(), 'log' WHERE EXISTS (SELECT FROM applied_events)
ON CONFLICT DO NOTHING;
