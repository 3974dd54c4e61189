-- The event that a handled command became.
ALTER TABLE handled_commands ADD COLUMN event_id uuid;
