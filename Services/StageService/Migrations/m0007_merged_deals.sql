-- Of a duplicate: the deal that it became part of.
ALTER TABLE opportunities ADD COLUMN merged_into uuid;
CREATE INDEX opportunities_merged ON opportunities (id) WHERE merged_into IS NOT NULL;
