-- Late money gets a next check and a lease, as open attempts have. A new state, kept: the money turned out to be the
-- attempt's own.
CREATE TABLE late_money_checked (
  attempt_id  TEXT    NOT NULL,
  pg_tx_id    TEXT    NOT NULL,
  won         INTEGER NOT NULL CHECK (won > 0),
  state       TEXT    NOT NULL CHECK (state IN ('returning', 'returned', 'unknown', 'flagged', 'kept')),
  tries       INTEGER NOT NULL,
  held_until  INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  next_check  INTEGER NOT NULL,
  checks      INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  PRIMARY KEY (attempt_id, pg_tx_id),
  -- Nothing open is ever without a next check, and nothing closed has one.
  CHECK ((next_check > 0) = (state IN ('returning', 'unknown', 'flagged')))
) STRICT, WITHOUT ROWID;
INSERT INTO late_money_checked SELECT attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at,
  CASE state WHEN 'returned' THEN 0 ELSE max(updated_at, 1) END, 0, 0 FROM late_money;
DROP TABLE late_money;
ALTER TABLE late_money_checked RENAME TO late_money;
CREATE INDEX late_money_due ON late_money (next_check) WHERE next_check > 0;
CREATE INDEX late_money_closed ON late_money (updated_at) WHERE next_check = 0;
