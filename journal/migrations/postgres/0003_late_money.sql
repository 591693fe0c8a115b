-- Money that a PG took for an attempt that had ended without it. state: returning while a cancel may be under
-- way (held_until says how long that is believed), returned when it is proven to be back, unknown when it is not,
-- flagged when a person must decide.
CREATE TABLE late_money (
  attempt_id text    NOT NULL,
  pg_tx_id   text    NOT NULL,
  won        bigint  NOT NULL CHECK (won > 0),
  state      text    NOT NULL CHECK (state IN ('returning', 'returned', 'unknown', 'flagged')),
  tries      bigint  NOT NULL,
  held_until bigint  NOT NULL,
  created_at bigint  NOT NULL,
  updated_at bigint  NOT NULL,
  PRIMARY KEY (attempt_id, pg_tx_id)
);
CREATE INDEX late_money_open ON late_money (created_at) WHERE state <> 'returned';
