-- Money that a PG took for an attempt that had ended without it. state: returning while a cancel may be under
-- way (held_until says how long that is believed), returned when it is proven to be back, unknown when it is not,
-- flagged when a person must decide.
CREATE TABLE late_money (
  attempt_id TEXT    NOT NULL,
  pg_tx_id   TEXT    NOT NULL,
  won        INTEGER NOT NULL CHECK (won > 0),
  state      TEXT    NOT NULL CHECK (state IN ('returning', 'returned', 'unknown', 'flagged')),
  tries      INTEGER NOT NULL,
  held_until INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (attempt_id, pg_tx_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX late_money_open ON late_money (created_at) WHERE state <> 'returned';
