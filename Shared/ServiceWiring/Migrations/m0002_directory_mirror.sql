-- People, teams and working calendars as directory.v1 tells of them, in the form in which
-- stage-service keeps the entries themselves.
CREATE TABLE directory_entries (
  kind text NOT NULL,
  id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  entry jsonb NOT NULL,
  PRIMARY KEY (kind, id)
);

-- One row: rises with every batch that changes entries, so that who has read them all knows when to
-- read again.
CREATE TABLE directory_revision (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  revision bigint NOT NULL
);
INSERT INTO directory_revision (revision) VALUES (0);

-- Earlier versions passed these entries over: the topic, which is short, is read once more.
DELETE FROM consumer_offsets WHERE topic LIKE '%directory.v1';
