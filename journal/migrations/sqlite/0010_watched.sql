-- Two states of late money: watched (a payment that we said no to, and that the PG may not have heard: nothing is known
-- to be there) and absent (the PG showed that nothing is there; should it show money after all, it is taken up again).
CREATE TABLE late_money_watched (
  attempt_id  TEXT    NOT NULL,
  pg_tx_id    TEXT    NOT NULL,
  won         INTEGER NOT NULL CHECK (won > 0),
  state       TEXT    NOT NULL CHECK (state IN ('returning', 'returned', 'unknown', 'flagged', 'kept', 'watched', 'absent')),
  tries       INTEGER NOT NULL,
  held_until  INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  next_check  INTEGER NOT NULL,
  checks      INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  pg          TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (attempt_id, pg_tx_id),
  -- Nothing open is ever without a next check, and nothing closed has one.
  CHECK ((next_check > 0) = (state IN ('returning', 'unknown', 'flagged', 'watched')))
) STRICT, WITHOUT ROWID;
INSERT INTO late_money_watched SELECT attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at,
  next_check, checks, lease_until, pg FROM late_money;
DROP TABLE late_money;
ALTER TABLE late_money_watched RENAME TO late_money;
CREATE INDEX late_money_due ON late_money (pg,
  (CASE WHEN state <> 'flagged' AND checks < 5 THEN 1 ELSE 0 END), next_check, attempt_id, pg_tx_id) WHERE next_check > 0;
CREATE INDEX late_money_open ON late_money (state, created_at, attempt_id, pg_tx_id) WHERE next_check > 0;
CREATE INDEX late_money_closed ON late_money (updated_at) WHERE next_check = 0;
INSERT INTO tallies (what, state, n, won) VALUES ('late_money', 'watched', 0, 0);
CREATE TRIGGER late_money_counted AFTER INSERT ON late_money BEGIN
  UPDATE tallies SET n = n + 1, won = won + NEW.won WHERE what = 'late_money' AND state = NEW.state;
END;
CREATE TRIGGER late_money_recounted AFTER UPDATE OF state, won ON late_money WHEN OLD.state <> NEW.state OR OLD.won <> NEW.won BEGIN
  UPDATE tallies SET n = n - 1, won = won - OLD.won WHERE what = 'late_money' AND state = OLD.state;
  UPDATE tallies SET n = n + 1, won = won + NEW.won WHERE what = 'late_money' AND state = NEW.state;
END;
