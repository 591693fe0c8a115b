-- Times are milliseconds since 1970 UTC; 0 means none. Amounts are won.
CREATE TABLE attempts (
  id             TEXT    NOT NULL PRIMARY KEY,
  order_id       TEXT    NOT NULL,
  pg             TEXT    NOT NULL,
  driver         TEXT    NOT NULL,
  merchant       TEXT    NOT NULL,
  mid            TEXT    NOT NULL,
  method         TEXT    NOT NULL,
  amount         BIGINT  NOT NULL CHECK (amount >= 0),
  tax_free       BIGINT  NOT NULL CHECK (tax_free >= 0),
  order_amount   BIGINT  NOT NULL CHECK (order_amount >= 0),
  currency       TEXT    NOT NULL,
  test           BOOLEAN NOT NULL,
  manual_confirm BOOLEAN NOT NULL,
  device         TEXT    NOT NULL,
  site           TEXT    NOT NULL,
  purpose        TEXT    NOT NULL,
  order_name     TEXT    NOT NULL,
  return_url     TEXT    NOT NULL,
  rules_version  TEXT    NOT NULL,
  created_at     BIGINT  NOT NULL,
  expires_at     BIGINT  NOT NULL,
  state          TEXT    NOT NULL CHECK (state IN ('opened', 'claimed', 'approving', 'captured', 'unknown',
                   'cancelling', 'approved', 'declined', 'refused', 'cancelled', 'expired')),
  pg_tx_id       TEXT    NOT NULL,
  reason         TEXT    NOT NULL,
  updated_at     BIGINT  NOT NULL,
  next_check     BIGINT  NOT NULL,
  checks         BIGINT  NOT NULL,
  lease_until    BIGINT  NOT NULL,
  proof_hash     TEXT    NOT NULL,
  sealed_proof   BYTEA,
  -- Nothing open is ever without a next check, and nothing closed has one.
  CHECK ((next_check > 0) = (state IN ('opened', 'claimed', 'approving', 'captured', 'unknown', 'cancelling')))
);

-- One winner: at most one attempt of an order holds it.
CREATE UNIQUE INDEX attempts_holder ON attempts (order_id)
  WHERE state IN ('claimed', 'approving', 'captured', 'unknown', 'approved');
-- A proof is used once.
CREATE UNIQUE INDEX attempts_proof ON attempts (proof_hash) WHERE proof_hash <> '';
CREATE INDEX attempts_order ON attempts (order_id);
-- The sweep reads open rows only, however many are closed.
CREATE INDEX attempts_due ON attempts (next_check) WHERE next_check > 0;
CREATE INDEX attempts_closed ON attempts (updated_at) WHERE next_check = 0;

CREATE FUNCTION attempts_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.state IN ('approved', 'declined', 'refused', 'cancelled', 'expired') AND NEW.state <> OLD.state THEN
      RAISE EXCEPTION 'a final state is never left';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state NOT IN ('approved', 'declined', 'refused', 'cancelled', 'expired') THEN
    RAISE EXCEPTION 'an open attempt is never deleted';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER attempts_final_stays BEFORE UPDATE OF state ON attempts
  FOR EACH ROW EXECUTE FUNCTION attempts_guard();
CREATE TRIGGER attempts_open_stays BEFORE DELETE ON attempts
  FOR EACH ROW EXECUTE FUNCTION attempts_guard();

CREATE TABLE events (
  seq        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  attempt_id TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  at         BIGINT  NOT NULL,
  kind       TEXT    NOT NULL,
  from_state TEXT    NOT NULL,
  to_state   TEXT    NOT NULL,
  actor      TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  code       TEXT    NOT NULL,
  pg_tx_id   TEXT    NOT NULL,
  detail     TEXT    NOT NULL
);
CREATE INDEX events_attempt ON events (attempt_id, seq);

CREATE TABLE outbox (
  seq         BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id          TEXT    NOT NULL UNIQUE,
  attempt_id  TEXT    NOT NULL,
  order_id    TEXT    NOT NULL,
  type        TEXT    NOT NULL,
  body        BYTEA    NOT NULL,
  created_at  BIGINT  NOT NULL,
  status      TEXT    NOT NULL CHECK (status IN ('pending', 'parked', 'done')),
  tries       BIGINT  NOT NULL,
  next_try    BIGINT  NOT NULL,
  lease_until BIGINT  NOT NULL,
  last_reason TEXT    NOT NULL,
  done_at     BIGINT  NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_try) WHERE status = 'pending';
CREATE INDEX outbox_order ON outbox (order_id, seq) WHERE status <> 'done';
CREATE INDEX outbox_attempt ON outbox (attempt_id);
CREATE INDEX outbox_done ON outbox (done_at) WHERE status = 'done';

-- Written by Ping, to see that the journal can be written.
CREATE TABLE heartbeat (
  id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
  at BIGINT NOT NULL
);
