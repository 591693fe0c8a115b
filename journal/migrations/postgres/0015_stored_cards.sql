-- Which card the key has that an attempt had issued, where a card may have one billing key only (billing.one_key_per_card).
-- card and key_name are hashes under a key that is not in here. key_name is empty while the PG has not named the key.
CREATE TABLE stored_cards (
  card       TEXT    NOT NULL PRIMARY KEY,
  key_name   TEXT    NOT NULL,
  attempt_id TEXT    NOT NULL,
  created_at BIGINT  NOT NULL
);
CREATE INDEX stored_cards_key ON stored_cards (key_name);
CREATE INDEX stored_cards_attempt ON stored_cards (attempt_id);
