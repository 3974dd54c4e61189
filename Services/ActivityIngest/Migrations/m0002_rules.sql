-- The rules that people have written; the ready-made ones live in the program, and a row with the
-- key of one of them takes its place.
CREATE TABLE rules (
  key text PRIMARY KEY,
  definition jsonb NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

-- One row: rises with every change of a rule, so that readers see with one look that there was one.
CREATE TABLE rule_set (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version bigint NOT NULL
);
INSERT INTO rule_set (version) VALUES (0);
