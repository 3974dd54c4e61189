-- Rebuilds of the projections: what an operator asked for, and how far it is. At most one is under
-- way. The table goes with the service when the projections are switched.
CREATE TABLE rebuilds (
  id            uuid        PRIMARY KEY,
  -- log: all of stage-changes.v1; history: a topic written from stage-service's history first
  source        text        NOT NULL CHECK (source IN ('log', 'history')),
  -- Of a history, by number of the partition: where its topic ends, and from where stage-changes.v1
  -- goes on behind it.
  cluster_id    text,
  replay_topic  text,
  replay_ends   bigint[],
  live_starts   bigint[],
  state         text        NOT NULL DEFAULT 'requested' CHECK (state IN
    ('requested', 'filling', 'switching', 'dropping', 'done', 'failed', 'cancelled')),
  -- why it failed
  reason        text,
  -- what it waits for
  note          text,
  -- messages
  done          bigint      NOT NULL DEFAULT 0,
  total         bigint,
  dead_letters  bigint      NOT NULL DEFAULT 0,
  -- rows of each table before and after
  result        jsonb,
  requested_at  timestamptz NOT NULL DEFAULT now(),
  started_at    timestamptz,
  switched_at   timestamptz,
  finished_at   timestamptz,
  -- the worker gives a sign about once a second
  updated_at    timestamptz NOT NULL DEFAULT now(),
  CHECK (source = 'log' OR num_nulls(cluster_id, replay_topic, replay_ends, live_starts) = 0)
);

CREATE UNIQUE INDEX rebuilds_under_way ON rebuilds ((true))
  WHERE state IN ('requested', 'filling', 'switching', 'dropping');
