-- Of a duplicate: the deal that it became part of, which gets what is meant for the duplicate.
ALTER TABLE deals ADD COLUMN merged_into uuid;
CREATE INDEX deals_merged ON deals (merged_into) WHERE merged_into IS NOT NULL;
