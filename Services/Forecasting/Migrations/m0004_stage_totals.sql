-- What the funnel of this moment adds up: where deals stand and how many entered and left, under the
-- owner, team and currency of the time. An entry and where a deal stands count under those after the
-- event, a leaving under those before it. Several shards, so that two workers seldom write one row.
CREATE TABLE stage_totals (
  pipeline      text     NOT NULL,
  stage         text     NOT NULL,
  owner         text     NOT NULL,
  team          text     NOT NULL,
  -- '': the deal has no amount
  currency      text     NOT NULL,
  shard         smallint NOT NULL,
  deals         bigint   NOT NULL,
  amount_minor  numeric  NOT NULL,
  entered       bigint   NOT NULL,
  advanced      bigint   NOT NULL,
  back          bigint   NOT NULL,
  lost          bigint   NOT NULL,
  reopened      bigint   NOT NULL,
  ended_known   bigint   NOT NULL,
  dwell_seconds bigint   NOT NULL,
  -- Of the six that tell the rows apart; owner and team may be longer than an index takes.
  id uuid GENERATED ALWAYS AS (md5(
    length(pipeline)::text || ':' || pipeline || length(stage)::text || ':' || stage
    || length(owner)::text || ':' || owner || length(team)::text || ':' || team
    || currency || shard::text)::uuid) STORED PRIMARY KEY
) WITH (fillfactor = 50);

-- The oldest open visit of a stage.
CREATE INDEX visits_open ON visits (pipeline, stage, entered_at) WHERE left_at IS NULL;

INSERT INTO stage_totals (pipeline, stage, owner, team, currency, shard, deals, amount_minor,
  entered, advanced, back, lost, reopened, ended_known, dwell_seconds)
WITH known AS (
  SELECT opportunity_id, epoch, sequence, pipeline, to_stage, direction, occurred_at,
    coalesce(owner, '') AS owner, coalesce(team, '') AS team, coalesce(currency, '') AS currency,
    entry_unknown AND type = 'sluice.opportunity-created.v1' AS entry_unknown,
    type = 'sluice.opportunity-created.v1'
      OR (type = 'sluice.stage-moved.v1' AND from_stage <> to_stage
        AND (opportunity_id, epoch, sequence) NOT IN (
          SELECT opportunity_id, reverted_epoch, reverted_sequence FROM applied_events
          WHERE reverted_sequence IS NOT NULL)) AS opens,
    lag(coalesce(owner, '')) OVER in_order AS owner_before,
    lag(coalesce(team, '')) OVER in_order AS team_before,
    lag(coalesce(currency, '')) OVER in_order AS currency_before
  FROM applied_events
  WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
), openings AS (
  SELECT *, lag(to_stage) OVER in_order AS left_stage,
    lag(occurred_at) OVER in_order AS left_entered_at,
    lag(entry_unknown) OVER in_order AS left_unknown
  FROM known WHERE opens
  WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
)
SELECT pipeline, stage, owner, team, currency, 0, sum(deals), sum(amount_minor), sum(entered),
  sum(advanced), sum(back), sum(lost), sum(reopened), sum(ended_known), sum(dwell_seconds)
FROM (
  SELECT pipeline, stage, coalesce(owner, '') AS owner, coalesce(team, '') AS team,
    coalesce(currency, '') AS currency, 1 AS deals, coalesce(amount_minor, 0) AS amount_minor,
    0 AS entered, 0 AS advanced, 0 AS back, 0 AS lost, 0 AS reopened, 0 AS ended_known,
    0::bigint AS dwell_seconds
  FROM current_stage
  UNION ALL
  SELECT pipeline, to_stage, owner, team, currency, 0, 0, 1, 0, 0, 0, 0, 0, 0 FROM openings
  UNION ALL
  SELECT pipeline, left_stage, owner_before, team_before, currency_before, 0, 0, 0,
    (direction IS NOT DISTINCT FROM 'advance')::int, (direction IS NOT DISTINCT FROM 'back')::int,
    (direction IS NOT DISTINCT FROM 'lost')::int, (direction IS NOT DISTINCT FROM 'reopen')::int,
    (NOT left_unknown)::int,
    CASE WHEN left_unknown THEN 0 ELSE
      floor(greatest(0, extract(epoch FROM occurred_at - left_entered_at)))::bigint END
  FROM openings WHERE left_stage IS NOT NULL
) AS parts
GROUP BY pipeline, stage, owner, team, currency;

DROP TABLE daily_counters;
