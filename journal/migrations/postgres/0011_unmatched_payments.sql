-- Late money gets the name that payments people have for it: an unmatched payment. The old name stays as a view, by
-- which pods of an older version go on writing while they are replaced. Their gauges of it show nothing meanwhile.
ALTER TABLE late_money RENAME TO unmatched_payments;
ALTER TABLE unmatched_payments RENAME CONSTRAINT late_money_pkey TO unmatched_payments_pkey;
ALTER TABLE unmatched_payments RENAME CONSTRAINT late_money_won_check TO unmatched_payments_won_check;
ALTER TABLE unmatched_payments RENAME CONSTRAINT late_money_state_check TO unmatched_payments_state_check;
ALTER TABLE unmatched_payments RENAME CONSTRAINT late_money_open_check TO unmatched_payments_open_check;
ALTER INDEX late_money_due RENAME TO unmatched_payments_due;
ALTER INDEX late_money_open RENAME TO unmatched_payments_open;
ALTER INDEX late_money_closed RENAME TO unmatched_payments_closed;
DROP TRIGGER late_money_counted ON unmatched_payments;
DROP TRIGGER late_money_recounted ON unmatched_payments;
DROP FUNCTION late_money_counted();
UPDATE tallies SET what = 'unmatched_payments' WHERE what = 'late_money';
CREATE FUNCTION unmatched_payments_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM tally('unmatched_payments', state, count(*), sum(won)::bigint) FROM made WHERE next_check > 0 GROUP BY state;
  ELSE
    PERFORM tally('unmatched_payments', state, sum(n)::bigint, sum(won)::bigint) FROM (
      SELECT state, 1 AS n, won FROM made WHERE next_check > 0
      UNION ALL SELECT state, -1, -won FROM gone WHERE next_check > 0) d GROUP BY state HAVING sum(n) <> 0 OR sum(won) <> 0;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER unmatched_payments_counted AFTER INSERT ON unmatched_payments REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION unmatched_payments_counted();
CREATE TRIGGER unmatched_payments_recounted AFTER UPDATE ON unmatched_payments REFERENCING NEW TABLE AS made OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION unmatched_payments_counted();
CREATE VIEW late_money AS SELECT * FROM unmatched_payments;
