-- Who wants to hear of what, and where.
CREATE TABLE subscriptions (
  id                    uuid        PRIMARY KEY,
  url                   text        NOT NULL,
  description           text,
  -- empty: all types
  types                 text[]      NOT NULL,
  filter                jsonb       NOT NULL,
  status                text        NOT NULL CHECK (status IN ('active', 'paused', 'disabled')),
  disabled_reason       text,
  secret                bytea       NOT NULL,
  -- signs beside the newer one until then
  previous_secret       bytea,
  previous_secret_until timestamptz,
  created_by            text        NOT NULL,
  created_at            timestamptz NOT NULL,
  updated_at            timestamptz NOT NULL,
  -- events recorded before are not for it
  active_since          timestamptz NOT NULL,
  -- first failure since the last success; null while all is well
  failing_since         timestamptz,
  -- the endpoint asked not to be called before (Retry-After)
  not_before            timestamptz
) WITH (fillfactor = 70);

-- One event on its way to one subscription. The identity follows from both, and is the webhook-id.
CREATE TABLE deliveries (
  id              uuid        PRIMARY KEY,
  subscription_id uuid        NOT NULL REFERENCES subscriptions ON DELETE CASCADE,
  event_id        uuid        NOT NULL,
  event_type      text        NOT NULL,
  opportunity_id  uuid,
  -- what is sent, byte for byte, at every attempt
  body            bytea       NOT NULL,
  status          text        NOT NULL DEFAULT 'pending'
                              CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts        int         NOT NULL DEFAULT 0,
  -- since the event came or somebody asked for another round
  failures        int         NOT NULL DEFAULT 0,
  due_at          timestamptz NOT NULL,
  -- who is sending it, and until when nobody else may
  lease           uuid,
  leased_until    timestamptz,
  created_at      timestamptz NOT NULL,
  finished_at     timestamptz,
  UNIQUE (event_id, subscription_id)
) WITH (fillfactor = 80);

CREATE INDEX deliveries_due ON deliveries (subscription_id, due_at) WHERE status = 'pending';
CREATE INDEX deliveries_of_subscription ON deliveries (subscription_id, id);
CREATE INDEX deliveries_failed ON deliveries (id) WHERE status = 'failed';
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE status <> 'pending';

-- What came of each attempt: a status or an error, never neither.
CREATE TABLE attempts (
  delivery_id uuid        NOT NULL REFERENCES deliveries ON DELETE CASCADE,
  number      int         NOT NULL,
  at          timestamptz NOT NULL,
  duration_ms int         NOT NULL,
  status      int,
  error       text,
  answer      text,
  PRIMARY KEY (delivery_id, number)
);

-- Where every opportunity stands, and until when somebody must have followed up.
CREATE TABLE follow_ups (
  opportunity_id  uuid   PRIMARY KEY,
  epoch           bigint NOT NULL,
  sequence        bigint NOT NULL,
  pipeline        text   NOT NULL,
  -- empty: not known yet
  stage           text   NOT NULL,
  category        text,
  owner           text,
  team            text,
  name            text,
  -- of stage-changes, where the opportunity's events stand
  partition       int    NOT NULL,
  due_at          timestamptz,
  -- a notice is to be given once due_at has passed
  remind          bool   NOT NULL,
  -- the deadline that the last notice was about, and when it was given
  reminded_due_at timestamptz,
  reminded_at     timestamptz
) WITH (fillfactor = 70);

CREATE INDEX follow_ups_to_remind ON follow_ups (due_at) WHERE remind;
CREATE INDEX follow_ups_due ON follow_ups (due_at, opportunity_id) WHERE due_at IS NOT NULL;
