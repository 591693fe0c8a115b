-- Giving money of a paid attempt back, whole or in part. remaining is what stood before it. Nothing open is without
-- a next check, and an attempt has one open cancel at most.
CREATE TABLE cancels (
  id          TEXT    NOT NULL PRIMARY KEY,
  attempt_id  TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  order_id    TEXT    NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0),
  remaining   INTEGER NOT NULL CHECK (remaining >= amount),
  tax_free    INTEGER NOT NULL CHECK (tax_free >= 0 AND tax_free <= amount),
  vat         INTEGER NOT NULL CHECK (vat >= 0 AND vat <= amount),
  vat_set     INTEGER NOT NULL,
  reason      TEXT    NOT NULL,
  origin      TEXT    NOT NULL CHECK (origin IN ('shop', 'pg')),
  state       TEXT    NOT NULL CHECK (state IN ('requested', 'unknown', 'done', 'refused')),
  code        TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  next_check  INTEGER NOT NULL,
  checks      INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  CHECK ((next_check > 0) = (state IN ('requested', 'unknown')))
) STRICT;
CREATE UNIQUE INDEX cancels_open ON cancels (attempt_id) WHERE state IN ('requested', 'unknown');
-- What was given back is counted down from the amount paid: no two cancels begin at the same rest.
CREATE UNIQUE INDEX cancels_rest ON cancels (attempt_id, remaining) WHERE state = 'done';
CREATE INDEX cancels_attempt ON cancels (attempt_id);
CREATE INDEX cancels_due ON cancels (next_check) WHERE next_check > 0;

CREATE TRIGGER cancels_final_stays BEFORE UPDATE OF state ON cancels
WHEN OLD.state IN ('done', 'refused') AND NEW.state <> OLD.state
BEGIN
  SELECT RAISE(ABORT, 'a cancel that has ended stays so');
END;

CREATE TRIGGER cancels_open_stays BEFORE DELETE ON cancels
WHEN OLD.state NOT IN ('done', 'refused')
BEGIN
  SELECT RAISE(ABORT, 'an open cancel is never deleted');
END;
