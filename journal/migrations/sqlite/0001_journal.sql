-- Times are milliseconds since 1970 UTC; 0 means none. Amounts are won.
CREATE TABLE attempts (
  id             TEXT    NOT NULL PRIMARY KEY,
  order_id       TEXT    NOT NULL,
  pg             TEXT    NOT NULL,
  driver         TEXT    NOT NULL,
  merchant       TEXT    NOT NULL,
  mid            TEXT    NOT NULL,
  method         TEXT    NOT NULL,
  amount         INTEGER NOT NULL CHECK (amount >= 0),
  tax_free       INTEGER NOT NULL CHECK (tax_free >= 0),
  order_amount   INTEGER NOT NULL CHECK (order_amount >= 0),
  currency       TEXT    NOT NULL,
  test           INTEGER NOT NULL,
  manual_confirm INTEGER NOT NULL,
  device         TEXT    NOT NULL,
  site           TEXT    NOT NULL,
  purpose        TEXT    NOT NULL,
  order_name     TEXT    NOT NULL,
  return_url     TEXT    NOT NULL,
  rules_version  TEXT    NOT NULL,
  created_at     INTEGER NOT NULL,
  expires_at     INTEGER NOT NULL,
  state          TEXT    NOT NULL CHECK (state IN ('opened', 'claimed', 'approving', 'captured', 'unknown',
                   'cancelling', 'approved', 'declined', 'refused', 'cancelled', 'expired')),
  pg_tx_id       TEXT    NOT NULL,
  reason         TEXT    NOT NULL,
  updated_at     INTEGER NOT NULL,
  next_check     INTEGER NOT NULL,
  checks         INTEGER NOT NULL,
  lease_until    INTEGER NOT NULL,
  proof_hash     TEXT    NOT NULL,
  sealed_proof   BLOB,
  -- Nothing open is ever without a next check, and nothing closed has one.
  CHECK ((next_check > 0) = (state IN ('opened', 'claimed', 'approving', 'captured', 'unknown', 'cancelling')))
) STRICT;

-- One winner: at most one attempt of an order holds it.
CREATE UNIQUE INDEX attempts_holder ON attempts (order_id)
  WHERE state IN ('claimed', 'approving', 'captured', 'unknown', 'approved');
-- A proof is used once.
CREATE UNIQUE INDEX attempts_proof ON attempts (proof_hash) WHERE proof_hash <> '';
CREATE INDEX attempts_order ON attempts (order_id);
-- The sweep reads open rows only, however many are closed.
CREATE INDEX attempts_due ON attempts (next_check) WHERE next_check > 0;
CREATE INDEX attempts_closed ON attempts (updated_at) WHERE next_check = 0;

CREATE TRIGGER attempts_final_stays BEFORE UPDATE OF state ON attempts
WHEN OLD.state IN ('approved', 'declined', 'refused', 'cancelled', 'expired') AND NEW.state <> OLD.state
BEGIN
  SELECT RAISE(ABORT, 'a final state is never left');
END;

CREATE TRIGGER attempts_open_stays BEFORE DELETE ON attempts
WHEN OLD.state NOT IN ('approved', 'declined', 'refused', 'cancelled', 'expired')
BEGIN
  SELECT RAISE(ABORT, 'an open attempt is never deleted');
END;

CREATE TABLE events (
  seq        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  attempt_id TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  at         INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  from_state TEXT    NOT NULL,
  to_state   TEXT    NOT NULL,
  actor      TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  code       TEXT    NOT NULL,
  pg_tx_id   TEXT    NOT NULL,
  detail     TEXT    NOT NULL
) STRICT;
CREATE INDEX events_attempt ON events (attempt_id, seq);

CREATE TABLE outbox (
  seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  id          TEXT    NOT NULL UNIQUE,
  attempt_id  TEXT    NOT NULL,
  order_id    TEXT    NOT NULL,
  type        TEXT    NOT NULL,
  body        BLOB    NOT NULL,
  created_at  INTEGER NOT NULL,
  status      TEXT    NOT NULL CHECK (status IN ('pending', 'parked', 'done')),
  tries       INTEGER NOT NULL,
  next_try    INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  last_reason TEXT    NOT NULL,
  done_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (next_try) WHERE status = 'pending';
CREATE INDEX outbox_order ON outbox (order_id, seq) WHERE status <> 'done';
CREATE INDEX outbox_attempt ON outbox (attempt_id);
CREATE INDEX outbox_done ON outbox (done_at) WHERE status = 'done';

-- Written by Ping, to see that the journal can be written.
CREATE TABLE heartbeat (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
) STRICT;
