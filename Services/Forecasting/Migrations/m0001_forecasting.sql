-- Stages of every published pipeline version, from pipelines.v1.
create table pipeline_stages (
  pipeline       text   not null,
  version        int    not null,
  position       int    not null,
  stage          text   not null,
  category       text   not null,
  name_zh        text   not null,
  name_en        text   not null,
  benchmark_days float8,
  primary key (pipeline, version, position)
);

-- Every event that was applied, once. What a figure of an earlier time is computed from.
create table applied_events (
  opportunity_id uuid        not null,
  epoch          bigint      not null,
  sequence       bigint      not null,
  event_id       uuid        not null,
  type           text        not null,
  pipeline       text        not null,
  from_stage     text,
  to_stage       text,
  direction      text,
  owner          text,
  team           text,
  amount_minor   bigint,
  currency       text,
  occurred_at    timestamptz not null,
  recorded_at    timestamptz not null,
  entry_unknown  bool        not null,
  primary key (opportunity_id, epoch, sequence)
);

-- Where each opportunity stands. Updated with every event and indexed by its identity alone, so
-- that the free space of a page takes the new version of a row without touching an index.
create table current_stage (
  opportunity_id   uuid        primary key,
  epoch            bigint      not null,
  sequence         bigint      not null,
  pipeline         text        not null,
  pipeline_version int         not null,
  stage            text        not null,
  category         text        not null,
  position         int         not null,
  owner            text,
  team             text,
  amount_minor     bigint,
  currency         text,
  name             text,
  account          text,
  -- null: when it entered is not known
  entered_at       timestamptz,
  -- sequence of the event that began the open visit
  entered_sequence bigint      not null,
  follow_up_due_at timestamptz,
  benchmark_days   float8,
  occurred_at      timestamptz not null
) with (fillfactor = 70);

create table visits (
  opportunity_id   uuid   not null,
  entered_sequence bigint not null,
  pipeline         text   not null,
  stage            text   not null,
  category         text   not null,
  entered_at       timestamptz,
  left_at          timestamptz,
  left_sequence    bigint,
  left_to          text,
  direction        text,
  primary key (opportunity_id, entered_sequence)
) with (fillfactor = 80);

-- Sums per UTC day of business time. An entry counts under owner and team after the event, a
-- leaving under those before it.
create table daily_counters (
  pipeline      text   not null,
  day           date   not null,
  stage         text   not null,
  owner         text   not null default '',
  team          text   not null default '',
  entered       bigint not null,
  advanced      bigint not null,
  back          bigint not null,
  lost          bigint not null,
  reopened      bigint not null,
  ended_known   bigint not null,
  dwell_seconds bigint not null
) with (fillfactor = 50);

-- The primary key (pipeline, day, stage, owner, team), in a form that fits into an index row however
-- long owner and team are.
create unique index daily_counters_key on daily_counters (
  pipeline, day, stage, left(owner, 100), hashtextextended(owner, 0), left(team, 100),
  hashtextextended(team, 0));
