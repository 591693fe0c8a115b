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
ALTER TABLE events ADD COLUMN times BIGINT NOT NULL DEFAULT 1;
ALTER TABLE events ADD COLUMN last_at BIGINT NOT NULL DEFAULT 0;

-- The oldest message of an order that was not delivered is its head, and the only one that a delivery looks at. The
-- database sees to it, so that it holds while pods of an older version write beside newer ones.
ALTER TABLE outbox ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET head = 1 WHERE status <> 'done'
  AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.order_id = outbox.order_id AND e.status <> 'done' AND e.seq < outbox.seq);
CREATE UNIQUE INDEX outbox_head ON outbox (order_id) WHERE head = 1;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox ((CASE WHEN tries > 0 THEN 1 ELSE 0 END), next_try, seq) WHERE head = 1 AND status = 'pending';
CREATE INDEX outbox_waiting ON outbox (status, created_at, seq) WHERE status <> 'done';
-- The message before it is locked: a pod that delivers that one meanwhile comes before or after, not in between.
CREATE FUNCTION outbox_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM outbox WHERE order_id = NEW.order_id AND status <> 'done' ORDER BY seq DESC LIMIT 1 FOR UPDATE;
  NEW.head := CASE WHEN FOUND OR NEW.status = 'done' THEN 0 ELSE 1 END;
  RETURN NEW;
END
$$;
CREATE TRIGGER outbox_first BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION outbox_first();
CREATE FUNCTION outbox_done() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.head := 0;
  RETURN NEW;
END
$$;
CREATE TRIGGER outbox_done BEFORE UPDATE OF status ON outbox FOR EACH ROW
  WHEN (NEW.status = 'done' AND OLD.status <> 'done') EXECUTE FUNCTION outbox_done();
CREATE FUNCTION outbox_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE outbox SET head = 1 WHERE head = 0
    AND seq = (SELECT e.seq FROM outbox e WHERE e.order_id = NEW.order_id AND e.status <> 'done' ORDER BY e.seq LIMIT 1);
  RETURN NULL;
END
$$;
CREATE TRIGGER outbox_next AFTER UPDATE OF status ON outbox FOR EACH ROW
  WHEN (NEW.status = 'done' AND OLD.status <> 'done') EXECUTE FUNCTION outbox_next();

-- How many are open and what they are about is counted as it changes: nobody reads them all for it. Every connection
-- that writes counts in rows of its own, so that no pod waits for another's; the sums are the truth. writer 0 has what
-- connections that are gone have counted.
CREATE TABLE tallies (
  what   TEXT    NOT NULL,
  state  TEXT    NOT NULL,
  writer INTEGER NOT NULL,
  n      BIGINT  NOT NULL,
  won    BIGINT  NOT NULL,
  PRIMARY KEY (what, state, writer)
) WITH (fillfactor = 50);
INSERT INTO tallies (what, state, writer, n, won)
  SELECT 'attempts', state, 0, count(*), sum(amount) FROM attempts WHERE next_check > 0 GROUP BY state
  UNION ALL SELECT 'late_money', state, 0, count(*), sum(won) FROM late_money WHERE next_check > 0 GROUP BY state
  UNION ALL SELECT 'cancels', state, 0, count(*), sum(amount) FROM cancels WHERE next_check > 0 GROUP BY state
  UNION ALL SELECT 'outbox', status, 0, count(*), 0 FROM outbox WHERE status <> 'done' GROUP BY status;

CREATE FUNCTION tally(what TEXT, state TEXT, n BIGINT, won BIGINT) RETURNS void LANGUAGE sql AS $$
  INSERT INTO tallies VALUES ($1, $2, pg_backend_pid(), $3, $4)
    ON CONFLICT (what, state, writer) DO UPDATE SET n = tallies.n + excluded.n, won = tallies.won + excluded.won;
$$;
CREATE FUNCTION attempts_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM tally('attempts', state, count(*), sum(amount)::bigint) FROM made WHERE next_check > 0 GROUP BY state;
  ELSE
    PERFORM tally('attempts', state, sum(n)::bigint, sum(won)::bigint) FROM (
      SELECT state, 1 AS n, amount AS won FROM made WHERE next_check > 0
      UNION ALL SELECT state, -1, -amount FROM gone WHERE next_check > 0) d GROUP BY state HAVING sum(n) <> 0 OR sum(won) <> 0;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER attempts_counted AFTER INSERT ON attempts REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION attempts_counted();
CREATE TRIGGER attempts_recounted AFTER UPDATE ON attempts REFERENCING NEW TABLE AS made OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION attempts_counted();
CREATE FUNCTION late_money_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM tally('late_money', state, count(*), sum(won)::bigint) FROM made WHERE next_check > 0 GROUP BY state;
  ELSE
    PERFORM tally('late_money', state, sum(n)::bigint, sum(won)::bigint) FROM (
      SELECT state, 1 AS n, won FROM made WHERE next_check > 0
      UNION ALL SELECT state, -1, -won FROM gone WHERE next_check > 0) d GROUP BY state HAVING sum(n) <> 0 OR sum(won) <> 0;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER late_money_counted AFTER INSERT ON late_money REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION late_money_counted();
CREATE TRIGGER late_money_recounted AFTER UPDATE ON late_money REFERENCING NEW TABLE AS made OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION late_money_counted();
CREATE FUNCTION cancels_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM tally('cancels', state, count(*), sum(amount)::bigint) FROM made WHERE next_check > 0 GROUP BY state;
  ELSE
    PERFORM tally('cancels', state, sum(n)::bigint, sum(won)::bigint) FROM (
      SELECT state, 1 AS n, amount AS won FROM made WHERE next_check > 0
      UNION ALL SELECT state, -1, -amount FROM gone WHERE next_check > 0) d GROUP BY state HAVING sum(n) <> 0 OR sum(won) <> 0;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER cancels_counted AFTER INSERT ON cancels REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION cancels_counted();
CREATE TRIGGER cancels_recounted AFTER UPDATE ON cancels REFERENCING NEW TABLE AS made OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION cancels_counted();
CREATE FUNCTION outbox_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM tally('outbox', status, count(*), 0) FROM made WHERE status <> 'done' GROUP BY status;
  ELSE
    PERFORM tally('outbox', status, sum(n)::bigint, 0) FROM (
      SELECT status, 1 AS n FROM made WHERE status <> 'done'
      UNION ALL SELECT status, -1 FROM gone WHERE status <> 'done') d GROUP BY status HAVING sum(n) <> 0;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER outbox_counted AFTER INSERT ON outbox REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION outbox_counted();
CREATE TRIGGER outbox_recounted AFTER UPDATE ON outbox REFERENCING NEW TABLE AS made OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION outbox_counted();
