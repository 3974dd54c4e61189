-- Where each consumer group stands in each partition. The truth: Kafka's own committed offset follows it.
CREATE TABLE consumer_offsets (
  cluster_id text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  consumer_group text NOT NULL,
  next_offset bigint NOT NULL,
  last_event_id text,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cluster_id, topic, partition, consumer_group)
) WITH (fillfactor = 50);

-- Messages to publish, in order of id per key.
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bucket smallint NOT NULL,
  topic text NOT NULL,
  message_key bytea,
  value bytea,
  headers bytea NOT NULL,
  created_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);

-- Messages that the broker will never take, kept whole for repair.
CREATE TABLE outbox_undeliverable (
  id bigint PRIMARY KEY,
  topic text NOT NULL,
  message_key bytea,
  value bytea,
  headers bytea NOT NULL,
  created_at timestamptz NOT NULL,
  reason text NOT NULL,
  failed_at timestamptz NOT NULL DEFAULT now()
);

-- Events that arrived before their predecessor.
CREATE TABLE parked_events (
  opportunity_id uuid NOT NULL,
  epoch bigint NOT NULL,
  sequence bigint NOT NULL,
  event_id uuid NOT NULL,
  type text NOT NULL,
  data jsonb NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (opportunity_id, epoch, sequence)
);
