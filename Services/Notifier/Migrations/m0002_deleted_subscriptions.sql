-- A deleted subscription goes in steps: first from sight, then its deliveries, then the row.
ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_status_check;
ALTER TABLE subscriptions ADD CONSTRAINT subscriptions_status_check
  CHECK (status IN ('active', 'paused', 'disabled', 'deleted'));
