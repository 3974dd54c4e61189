-- On the event with which a duplicate became part of another deal, and in the row of the duplicate:
-- that deal. The duplicate's category is `merged` then, it has no visits, and no total counts it.
ALTER TABLE applied_events ADD COLUMN merged_into uuid;
ALTER TABLE current_stage ADD COLUMN merged_into uuid;

CREATE INDEX applied_events_merges ON applied_events (pipeline) WHERE merged_into IS NOT NULL;
