-- Whose subscription it is: it hears of the deals that this person may see. Null: of all deals, as an admin
-- made it. Who made the earlier ones in which role is not known.
ALTER TABLE subscriptions ADD COLUMN bound_to text;
UPDATE subscriptions SET bound_to = created_by;
