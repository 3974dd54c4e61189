-- The board of a team, a stage at a time.
CREATE INDEX opportunities_board ON opportunities (team, pipeline, stage, id);

-- Lists are read a page at a time: to start other processes for a page takes longer than the page.
ALTER TABLE opportunities SET (parallel_workers = 0);
ALTER TABLE opportunity_names SET (parallel_workers = 0);
ALTER TABLE accounts SET (parallel_workers = 0);
