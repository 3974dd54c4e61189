-- What is searched: the names of deals and accounts, in tables of their own, so that a move writes none
-- of it. Names are cut into single and into each two neighbouring characters, which serves Chinese and
-- English alike.
CREATE FUNCTION name_grams(value text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  characters text[] := string_to_array(value, NULL);
  grams text[] := characters;
BEGIN
  FOR i IN 1 .. cardinality(characters) - 1 LOOP
    grams := grams || (characters[i] || characters[i + 1]);
  END LOOP;
  RETURN grams;
END
$$;

-- The grams of every name that contains the text: its only character, or each two.
CREATE FUNCTION wanted_grams(value text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_agg(DISTINCT substr(value, i, 2))
  FROM generate_series(1, greatest(1, length(value) - 1)) AS i
$$;

-- Deals have the same account where its id is the same; without one, its id elsewhere; without either,
-- its name.
CREATE FUNCTION account_key(account jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(
    'id:' || (account->>'id'), 'external:' || (account->>'externalId'),
    'name:' || lower(account->>'name'))
$$;

CREATE TABLE accounts (
  key text PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  -- As the newest deal has it.
  account jsonb NOT NULL,
  -- Its name in lower case.
  words text NOT NULL GENERATED ALWAYS AS (lower(account->>'name')) STORED
);
CREATE INDEX accounts_grams ON accounts USING gin (name_grams(words))
  WITH (gin_pending_list_limit = 256);

CREATE TABLE opportunity_names (
  opportunity_id uuid PRIMARY KEY,
  account_key text NOT NULL,
  -- The deal's name and the account's, a line each, in lower case.
  words text NOT NULL
);
CREATE INDEX opportunity_names_account ON opportunity_names (account_key);
CREATE INDEX opportunity_names_grams ON opportunity_names USING gin (name_grams(words))
  WITH (gin_pending_list_limit = 256);

-- New deals. An account that is known already is not touched, so that nobody waits for it.
CREATE FUNCTION note_new_names() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM noted) THEN RETURN NULL; END IF;
  INSERT INTO accounts (key, account)
  SELECT DISTINCT ON (account_key(account)) account_key(account), account FROM noted
  WHERE NOT EXISTS (
    SELECT FROM accounts AS known
    WHERE known.key = account_key(noted.account) AND known.account = noted.account)
  ORDER BY account_key(account), id DESC
  ON CONFLICT (key) DO UPDATE SET account = excluded.account;
  INSERT INTO opportunity_names (opportunity_id, account_key, words)
  SELECT id, account_key(account), lower(name || E'\n' || (account->>'name')) FROM noted;
  RETURN NULL;
END
$$;
CREATE TRIGGER opportunities_new_names AFTER INSERT ON opportunities
  REFERENCING NEW TABLE AS noted FOR EACH STATEMENT EXECUTE FUNCTION note_new_names();

CREATE FUNCTION note_changed_name() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE opportunity_names SET words = lower(NEW.name || E'\n' || (NEW.account->>'name'))
  WHERE opportunity_id = NEW.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER opportunities_changed_name AFTER UPDATE ON opportunities
  FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
  EXECUTE FUNCTION note_changed_name();

INSERT INTO accounts (key, account)
SELECT DISTINCT ON (account_key(account)) account_key(account), account FROM opportunities
ORDER BY account_key(account), id DESC;
INSERT INTO opportunity_names (opportunity_id, account_key, words)
SELECT id, account_key(account), lower(name || E'\n' || (account->>'name')) FROM opportunities;

-- A pipeline's deals in the order of lists.
CREATE INDEX opportunities_pipeline ON opportunities (pipeline, id);
