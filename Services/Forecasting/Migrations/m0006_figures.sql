-- What analysts ask beyond the funnel of this moment.

-- True: the event puts the deal on hold; false: it goes on.
ALTER TABLE applied_events ADD COLUMN held bool;

-- Events of a day whose figures are asked for.
CREATE INDEX applied_events_time ON applied_events (occurred_at);

ALTER TABLE current_stage
  -- The latest occurred_at of all events, as an import may bring them in another order; null: that of
  -- the last one.
  ADD COLUMN latest_at  timestamptz,
  ADD COLUMN held_since timestamptz,
  -- Microseconds on hold during the open visit, without a hold that lasts.
  ADD COLUMN held_us    bigint NOT NULL DEFAULT 0,
  -- null: not known
  ADD COLUMN created_at timestamptz,
  -- won or lost since then; null: the deal is open. One in a stage after the win is won.
  ADD COLUMN outcome    text,
  ADD COLUMN closed_at  timestamptz;

UPDATE current_stage AS deal SET latest_at = latest.at
FROM (SELECT opportunity_id, max(occurred_at) AS at FROM applied_events GROUP BY opportunity_id)
  AS latest
WHERE latest.opportunity_id = deal.opportunity_id AND latest.at > deal.occurred_at;

UPDATE current_stage AS deal SET created_at = course.created_at, outcome = course.outcome,
  closed_at = CASE WHEN course.outcome IS NOT NULL THEN course.entered_at END
FROM (
  SELECT DISTINCT ON (opportunity_id) opportunity_id, outcome, entered_at, created_at
  FROM (
    SELECT *, lag(outcome) OVER in_order AS outcome_before,
      first_value(entered_at) OVER in_order AS created_at,
      row_number() OVER in_order AS number
    FROM (
      SELECT opportunity_id, entered_sequence, entered_at, CASE category WHEN 'open' THEN NULL
        WHEN 'lost' THEN 'lost' ELSE 'won' END AS outcome
      FROM visits
    ) AS visit
    WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY entered_sequence)
  ) AS step
  WHERE number = 1 OR outcome IS DISTINCT FROM outcome_before
  ORDER BY opportunity_id, entered_sequence DESC
) AS course
WHERE course.opportunity_id = deal.opportunity_id;

-- Deals that were closed in a period.
CREATE INDEX current_stage_closed ON current_stage (pipeline, closed_at) WHERE outcome IS NOT NULL;

-- Of the open visits, the few from whose length something is taken.
CREATE INDEX current_stage_held ON current_stage (pipeline)
  WHERE held_since IS NOT NULL OR held_us > 0;

-- Under whom a visit ended, to a stage of which category, and how long the deal was on hold. An open
-- visit has what current_stage says.
ALTER TABLE visits
  ADD COLUMN left_category     text,
  ADD COLUMN left_owner        text,
  ADD COLUMN left_team         text,
  ADD COLUMN left_currency     text,
  ADD COLUMN left_amount_minor bigint,
  ADD COLUMN held_us           bigint NOT NULL DEFAULT 0;

UPDATE visits AS visit SET left_category = ended.to_category, left_owner = ended.owner_before,
  left_team = ended.team_before, left_currency = ended.currency_before,
  left_amount_minor = ended.amount_before
FROM (
  SELECT opportunity_id, sequence, to_category, lag(owner) OVER in_order AS owner_before,
    lag(team) OVER in_order AS team_before, lag(currency) OVER in_order AS currency_before,
    lag(amount_minor) OVER in_order AS amount_before
  FROM applied_events WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
) AS ended
WHERE visit.opportunity_id = ended.opportunity_id AND visit.left_sequence = ended.sequence;

CREATE INDEX visits_ended ON visits (pipeline, stage, left_at, entered_at)
  WHERE left_at IS NOT NULL;

ALTER TABLE pipeline_stages ADD COLUMN probability float8;

-- Net changes by UTC day of business time. Added up to a day they say how the pipeline stood and what
-- had happened; a row with to_stage has what left for there. Entries and where deals stand count under
-- team and currency after the event, a leaving under those before it. Shards as in stage_totals.
CREATE TABLE daily_changes (
  day           date     NOT NULL,
  pipeline      text     NOT NULL,
  stage         text     NOT NULL,
  to_stage      text     NOT NULL,
  team          text     NOT NULL,
  currency      text     NOT NULL,
  shard         smallint NOT NULL,
  deals         bigint   NOT NULL,
  amount_minor  numeric  NOT NULL,
  entered       bigint   NOT NULL,
  advanced      bigint   NOT NULL,
  won           bigint   NOT NULL,
  back          bigint   NOT NULL,
  lost          bigint   NOT NULL,
  reopened      bigint   NOT NULL,
  ended_known   bigint   NOT NULL,
  dwell_seconds bigint   NOT NULL,
  -- Of the seven that tell the rows apart; a team may be longer than an index takes.
  id uuid GENERATED ALWAYS AS (md5(
    (day - '2000-01-01'::date)::text || ':' || length(pipeline)::text || ':' || pipeline
    || length(stage)::text || ':' || stage || length(to_stage)::text || ':' || to_stage
    || length(team)::text || ':' || team || currency || shard::text)::uuid) STORED PRIMARY KEY
) WITH (fillfactor = 50);

CREATE INDEX daily_changes_by_day ON daily_changes (pipeline, day);

-- Ended visits whose entry is known, by how long they lasted without the time on hold: hundredths of a
-- day, of which the first three digits count. Under the team before the visit ended.
CREATE TABLE dwell_totals (
  pipeline text     NOT NULL,
  stage    text     NOT NULL,
  team     text     NOT NULL,
  bucket   int      NOT NULL,
  ending   text     NOT NULL CHECK (ending IN ('advance', 'won', 'back', 'lost', 'reopen')),
  shard    smallint NOT NULL,
  visits   bigint   NOT NULL,
  id uuid GENERATED ALWAYS AS (md5(
    length(pipeline)::text || ':' || pipeline || length(stage)::text || ':' || stage
    || length(team)::text || ':' || team || ending || bucket::text || ':' || shard::text
    )::uuid) STORED PRIMARY KEY
) WITH (fillfactor = 50);

CREATE INDEX dwell_totals_by_stage ON dwell_totals (pipeline, stage);

-- The deals that somebody owns or has owned: where to look for what is asked of an owner.
CREATE TABLE deal_owners (
  owner_hash     bigint NOT NULL,
  opportunity_id uuid   NOT NULL,
  PRIMARY KEY (owner_hash, opportunity_id)
);

-- The custom fields by which figures are narrowed, as they are now.
CREATE TABLE deal_traits (
  opportunity_id uuid PRIMARY KEY,
  product        text,
  industry       text
) WITH (fillfactor = 80);

CREATE INDEX deal_traits_product ON deal_traits (hashtextextended(product, 0))
  WHERE product IS NOT NULL;
CREATE INDEX deal_traits_industry ON deal_traits (hashtextextended(industry, 0))
  WHERE industry IS NOT NULL;

INSERT INTO deal_owners (owner_hash, opportunity_id)
SELECT DISTINCT hashtextextended(owner, 0), opportunity_id FROM applied_events
WHERE owner IS NOT NULL;

INSERT INTO dwell_totals (pipeline, stage, team, bucket, ending, shard, visits)
SELECT pipeline, stage, coalesce(left_team, ''),
  CASE WHEN hundredths < 1000 THEN hundredths ELSE
    hundredths / (10 ^ (length(hundredths::text) - 3))::bigint
      * (10 ^ (length(hundredths::text) - 3))::bigint END,
  CASE WHEN direction = 'advance' AND left_category = 'won' THEN 'won' ELSE direction END, 0, count(*)
FROM (
  SELECT *, floor(greatest(0, extract(epoch FROM left_at - entered_at)) / 864)::bigint AS hundredths
  FROM visits
  WHERE left_at IS NOT NULL AND entered_at IS NOT NULL AND direction IS NOT NULL
) AS ended
GROUP BY 1, 2, 3, 4, 5;

INSERT INTO daily_changes (day, pipeline, stage, to_stage, team, currency, shard, deals,
  amount_minor, entered, advanced, won, back, lost, reopened, ended_known, dwell_seconds)
WITH known AS (
  SELECT opportunity_id, epoch, sequence, pipeline, to_stage, to_category, direction, occurred_at,
    (occurred_at AT TIME ZONE 'UTC')::date AS day, coalesce(amount_minor, 0) AS amount,
    coalesce(team, '') AS team, coalesce(currency, '') AS currency,
    entry_unknown AND type = 'sluice.opportunity-created.v1' AS entry_unknown,
    type = 'sluice.opportunity-created.v1'
      OR (type = 'sluice.stage-moved.v1' AND from_stage <> to_stage
        AND (opportunity_id, epoch, sequence) NOT IN (
          SELECT opportunity_id, reverted_epoch, reverted_sequence FROM applied_events
          WHERE reverted_sequence IS NOT NULL)) AS opens,
    lag(coalesce(team, '')) OVER in_order AS team_before,
    lag(coalesce(currency, '')) OVER in_order AS currency_before,
    lag(coalesce(amount_minor, 0)) OVER in_order AS amount_before
  FROM applied_events
  WHERE opportunity_id NOT IN (
    SELECT opportunity_id FROM applied_events WHERE merged_into IS NOT NULL)
  WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
), stays AS (
  SELECT *, count(*) FILTER (WHERE opens) OVER in_order AS stay FROM known
  WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
), placed AS (
  SELECT *, first_value(to_stage) OVER (
      PARTITION BY opportunity_id, stay ORDER BY epoch, sequence) AS stage
  FROM stays
), standing AS (
  SELECT *, lag(stage) OVER in_order AS stage_before, lag(stay) OVER in_order AS stay_before
  FROM placed WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
), openings AS (
  SELECT *, lag(to_stage) OVER in_order AS left_stage,
    lag(occurred_at) OVER in_order AS left_entered_at,
    lag(entry_unknown) OVER in_order AS left_unknown
  FROM known WHERE opens
  WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
), parts AS (
  SELECT day, pipeline, stage, '' AS to_stage, team, currency, 1 AS deals, amount,
    opens::int AS entered, NULL::text AS direction, NULL::text AS to_category, 0 AS ended_known,
    0::bigint AS dwell_seconds
  FROM standing WHERE stay > 0
  UNION ALL
  SELECT day, pipeline, stage_before, '', team_before, currency_before, -1, -amount_before, 0, NULL,
    NULL, 0, 0
  FROM standing WHERE stay_before > 0
  UNION ALL
  SELECT day, pipeline, left_stage, to_stage, team_before, currency_before, 0, 0, 0, direction,
    to_category, (NOT left_unknown)::int,
    CASE WHEN left_unknown THEN 0 ELSE
      floor(greatest(0, extract(epoch FROM occurred_at - left_entered_at)))::bigint END
  FROM openings WHERE left_stage IS NOT NULL
)
SELECT day, pipeline, stage, to_stage, team, currency, 0, sum(deals), sum(amount), sum(entered),
  count(*) FILTER (WHERE direction = 'advance'),
  count(*) FILTER (WHERE direction = 'advance' AND to_category = 'won'),
  count(*) FILTER (WHERE direction = 'back'), count(*) FILTER (WHERE direction = 'lost'),
  count(*) FILTER (WHERE direction = 'reopen'), sum(ended_known), sum(dwell_seconds)
FROM parts
GROUP BY day, pipeline, stage, to_stage, team, currency
HAVING (sum(deals), sum(amount), sum(entered), count(direction), sum(ended_known))
  <> (0, 0, 0, 0, 0);

-- Earlier versions did not write down holds, custom fields and win probabilities: the running service
-- reads them from the log once more, beside the tables that serve.
INSERT INTO rebuilds (id, source)
SELECT gen_random_uuid(), 'log'
WHERE EXISTS (SELECT FROM applied_events) OR EXISTS (SELECT FROM pipeline_stages)
ON CONFLICT DO NOTHING;
