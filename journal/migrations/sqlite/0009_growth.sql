-- What is due is taken apart by PG, and what is pressing before the rest: money may be moving (claimed, approving,
-- captured, unknown, cancelling) and it was looked at less than five times, which is the time in which Inicis takes a
-- net cancel. What is flagged waits for a person anyway.
ALTER TABLE late_money ADD COLUMN pg TEXT NOT NULL DEFAULT '';
UPDATE late_money SET pg = coalesce((SELECT a.pg FROM attempts a WHERE a.id = late_money.attempt_id), '') WHERE next_check > 0;
ALTER TABLE cancels ADD COLUMN pg TEXT NOT NULL DEFAULT '';
UPDATE cancels SET pg = coalesce((SELECT a.pg FROM attempts a WHERE a.id = cancels.attempt_id), '') WHERE next_check > 0;
DROP INDEX attempts_due;
CREATE INDEX attempts_due ON attempts (pg,
  (CASE WHEN state IN ('claimed', 'approving', 'captured', 'unknown', 'cancelling') AND checks < 5 THEN 1 ELSE 0 END), next_check, id) WHERE next_check > 0;
DROP INDEX late_money_due;
CREATE INDEX late_money_due ON late_money (pg,
  (CASE WHEN state <> 'flagged' AND checks < 5 THEN 1 ELSE 0 END), next_check, attempt_id, pg_tx_id) WHERE next_check > 0;
DROP INDEX cancels_due;
CREATE INDEX cancels_due ON cancels (pg, (CASE WHEN checks < 5 THEN 1 ELSE 0 END), next_check, id) WHERE next_check > 0;

-- What is open comes out by state, the oldest first, without sorting it.
CREATE INDEX attempts_open ON attempts (state, created_at, id) WHERE next_check > 0;
CREATE INDEX late_money_open ON late_money (state, created_at, attempt_id, pg_tx_id) WHERE next_check > 0;
CREATE INDEX cancels_oldest ON cancels (state, created_at, id) WHERE next_check > 0;

-- A look that says what the last one said is counted in its row: times, the last of them at last_at.
ALTER TABLE events ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
ALTER TABLE events ADD COLUMN last_at INTEGER NOT NULL DEFAULT 0;

-- The oldest message of an order that was not delivered is its head, and the only one that a delivery looks at.
ALTER TABLE outbox ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET head = 1 WHERE status <> 'done'
  AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.order_id = outbox.order_id AND e.status <> 'done' AND e.seq < outbox.seq);
CREATE UNIQUE INDEX outbox_head ON outbox (order_id) WHERE head = 1;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox ((CASE WHEN tries > 0 THEN 1 ELSE 0 END), next_try, seq) WHERE head = 1 AND status = 'pending';
CREATE INDEX outbox_waiting ON outbox (status, created_at, seq) WHERE status <> 'done';
CREATE TRIGGER outbox_first AFTER INSERT ON outbox WHEN NEW.status <> 'done'
  AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.order_id = NEW.order_id AND e.status <> 'done' AND e.seq <> NEW.seq)
BEGIN
  UPDATE outbox SET head = 1 WHERE seq = NEW.seq;
END;
CREATE TRIGGER outbox_next AFTER UPDATE OF status ON outbox WHEN NEW.status = 'done' AND OLD.status <> 'done'
BEGIN
  UPDATE outbox SET head = 0 WHERE seq = NEW.seq;
  UPDATE outbox SET head = 1 WHERE head = 0
    AND seq = (SELECT min(e.seq) FROM outbox e WHERE e.order_id = NEW.order_id AND e.status <> 'done');
END;

-- How many are open and what they are about is counted as it changes: nobody reads them all for it.
CREATE TABLE tallies (
  what  TEXT    NOT NULL,
  state TEXT    NOT NULL,
  n     INTEGER NOT NULL,
  won   INTEGER NOT NULL,
  PRIMARY KEY (what, state)
) STRICT, WITHOUT ROWID;
INSERT INTO tallies (what, state, n, won)
  WITH states (what, state) AS (VALUES ('attempts', 'opened'), ('attempts', 'claimed'), ('attempts', 'approving'),
    ('attempts', 'captured'), ('attempts', 'issued'), ('attempts', 'unknown'), ('attempts', 'cancelling'),
    ('late_money', 'returning'), ('late_money', 'unknown'), ('late_money', 'flagged'),
    ('cancels', 'requested'), ('cancels', 'unknown'), ('outbox', 'pending'), ('outbox', 'parked')),
  found (what, state, n, won) AS (
    SELECT 'attempts', state, count(*), sum(amount) FROM attempts WHERE next_check > 0 GROUP BY state
    UNION ALL SELECT 'late_money', state, count(*), sum(won) FROM late_money WHERE next_check > 0 GROUP BY state
    UNION ALL SELECT 'cancels', state, count(*), sum(amount) FROM cancels WHERE next_check > 0 GROUP BY state
    UNION ALL SELECT 'outbox', status, count(*), 0 FROM outbox WHERE status <> 'done' GROUP BY status)
  SELECT s.what, s.state, coalesce(f.n, 0), coalesce(f.won, 0) FROM states s LEFT JOIN found f ON f.what = s.what AND f.state = s.state;
CREATE TRIGGER attempts_counted AFTER INSERT ON attempts BEGIN
  UPDATE tallies SET n = n + 1, won = won + NEW.amount WHERE what = 'attempts' AND state = NEW.state;
END;
CREATE TRIGGER attempts_recounted AFTER UPDATE OF state, amount ON attempts WHEN OLD.state <> NEW.state OR OLD.amount <> NEW.amount BEGIN
  UPDATE tallies SET n = n - 1, won = won - OLD.amount WHERE what = 'attempts' AND state = OLD.state;
  UPDATE tallies SET n = n + 1, won = won + NEW.amount WHERE what = 'attempts' AND state = NEW.state;
END;
CREATE TRIGGER late_money_counted AFTER INSERT ON late_money BEGIN
  UPDATE tallies SET n = n + 1, won = won + NEW.won WHERE what = 'late_money' AND state = NEW.state;
END;
CREATE TRIGGER late_money_recounted AFTER UPDATE OF state, won ON late_money WHEN OLD.state <> NEW.state OR OLD.won <> NEW.won BEGIN
  UPDATE tallies SET n = n - 1, won = won - OLD.won WHERE what = 'late_money' AND state = OLD.state;
  UPDATE tallies SET n = n + 1, won = won + NEW.won WHERE what = 'late_money' AND state = NEW.state;
END;
CREATE TRIGGER cancels_counted AFTER INSERT ON cancels BEGIN
  UPDATE tallies SET n = n + 1, won = won + NEW.amount WHERE what = 'cancels' AND state = NEW.state;
END;
CREATE TRIGGER cancels_recounted AFTER UPDATE OF state, amount ON cancels WHEN OLD.state <> NEW.state OR OLD.amount <> NEW.amount BEGIN
  UPDATE tallies SET n = n - 1, won = won - OLD.amount WHERE what = 'cancels' AND state = OLD.state;
  UPDATE tallies SET n = n + 1, won = won + NEW.amount WHERE what = 'cancels' AND state = NEW.state;
END;
CREATE TRIGGER outbox_counted AFTER INSERT ON outbox BEGIN
  UPDATE tallies SET n = n + 1 WHERE what = 'outbox' AND state = NEW.status;
END;
CREATE TRIGGER outbox_recounted AFTER UPDATE OF status ON outbox WHEN OLD.status <> NEW.status BEGIN
  UPDATE tallies SET n = n - 1 WHERE what = 'outbox' AND state = OLD.status;
  UPDATE tallies SET n = n + 1 WHERE what = 'outbox' AND state = NEW.status;
END;
