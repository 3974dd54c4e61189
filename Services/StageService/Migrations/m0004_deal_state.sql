-- What the events of a deal leave beside its fields: evidence, customer feedback, ticked checklist
-- items, a hold, the forecast category and how often the expected close was put off.
ALTER TABLE opportunities ADD COLUMN deal_state jsonb NOT NULL DEFAULT '{}';

-- What the events so far say: the latest activity of each kind that proves something, and every
-- expected close that became a later one.
UPDATE opportunities SET deal_state = found.state
FROM (
  SELECT opportunity_id, jsonb_strip_nulls(
    jsonb_build_object('evidence', evidence.kinds, 'pushCount', pushes.count)) AS state
  FROM (
    SELECT opportunity_id, jsonb_object_agg(kind, proof) AS kinds
    FROM (
      SELECT DISTINCT ON (opportunity_id, kind) opportunity_id, kind, proof
      FROM (
        SELECT opportunity_id, epoch, sequence, data->'activity'->>'kind' AS kind,
          jsonb_build_object(
            'at', data->'activity'->'at', 'link', data->'activity'->'evidence') AS proof
        FROM history WHERE type = 'sluice.activity-recorded.v1'
      ) AS activities
      WHERE proof->'link' <> 'null' OR kind IN ('call', 'meeting')
      ORDER BY opportunity_id, kind, epoch DESC, sequence DESC
    ) AS latest
    GROUP BY opportunity_id
  ) AS evidence
  FULL JOIN (
    SELECT opportunity_id, count(*) AS count
    FROM history, jsonb_array_elements(data->'changes') AS change
    WHERE data->'changes' @> '[{"field": "expectedClose"}]'
      AND change->>'field' = 'expectedClose'
      AND (change->>'old') COLLATE "C" < (change->>'new') COLLATE "C"
    GROUP BY opportunity_id
  ) AS pushes USING (opportunity_id)
) AS found
WHERE opportunities.id = found.opportunity_id;

-- Deals that go on by themselves, by when; instants are written in UTC with six decimals, so that their
-- text is in the order of time.
CREATE INDEX opportunities_held_until ON opportunities ((deal_state->'hold'->>'until'))
  WHERE deal_state->'hold'->>'until' IS NOT NULL;
