-- People, teams, working calendars and exchange rates, each as it stands on directory.v1.
CREATE TABLE directory_entries (
  kind text NOT NULL,
  id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  entry jsonb NOT NULL,
  PRIMARY KEY (kind, id)
);

-- One row: rises with every change of an entry, so that who has read them all knows when to read
-- again. Changes lock it and so come one after the other.
CREATE TABLE directory_revision (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  revision bigint NOT NULL
);
INSERT INTO directory_revision (revision) VALUES (0);
