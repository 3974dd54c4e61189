-- Everything that visits and counters follow from stands in applied_events, so that they can be
-- worked out again when a move is taken back. The members with `reverted` stand on the events that
-- take one back: which move, who did it and why.
ALTER TABLE applied_events
  ADD COLUMN to_category       text,
  ADD COLUMN to_position       int,
  ADD COLUMN reverted_epoch    bigint,
  ADD COLUMN reverted_sequence bigint,
  ADD COLUMN reverted_by       text,
  ADD COLUMN reverted_because  text;

UPDATE applied_events AS event SET
  to_category = visit.category,
  to_position = (
    SELECT position FROM pipeline_stages
    WHERE pipeline = visit.pipeline AND stage = visit.stage ORDER BY version DESC LIMIT 1)
FROM visits AS visit
WHERE visit.opportunity_id = event.opportunity_id AND visit.entered_sequence = event.sequence;

CREATE INDEX applied_events_reverts ON applied_events (pipeline)
  WHERE reverted_sequence IS NOT NULL;
