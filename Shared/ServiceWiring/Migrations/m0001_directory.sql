-- Service accounts as directory.v1 tells of them; of a secret only its SHA-256 is kept.
CREATE TABLE service_accounts (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  roles text[] NOT NULL,
  secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
  rate_limit double precision,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  revoked_at timestamptz
);
