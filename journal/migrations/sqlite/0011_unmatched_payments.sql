-- Late money gets the name that payments people have for it: an unmatched payment.
ALTER TABLE late_money RENAME TO unmatched_payments;
DROP INDEX late_money_due;
CREATE INDEX unmatched_payments_due ON unmatched_payments (pg,
  (CASE WHEN state <> 'flagged' AND checks < 5 THEN 1 ELSE 0 END), next_check, attempt_id, pg_tx_id) WHERE next_check > 0;
DROP INDEX late_money_open;
CREATE INDEX unmatched_payments_open ON unmatched_payments (state, created_at, attempt_id, pg_tx_id) WHERE next_check > 0;
DROP INDEX late_money_closed;
CREATE INDEX unmatched_payments_closed ON unmatched_payments (updated_at) WHERE next_check = 0;
DROP TRIGGER late_money_counted;
DROP TRIGGER late_money_recounted;
UPDATE tallies SET what = 'unmatched_payments' WHERE what = 'late_money';
CREATE TRIGGER unmatched_payments_counted AFTER INSERT ON unmatched_payments BEGIN
  UPDATE tallies SET n = n + 1, won = won + NEW.won WHERE what = 'unmatched_payments' AND state = NEW.state;
END;
CREATE TRIGGER unmatched_payments_recounted AFTER UPDATE OF state, won ON unmatched_payments
  WHEN OLD.state <> NEW.state OR OLD.won <> NEW.won BEGIN
  UPDATE tallies SET n = n - 1, won = won - OLD.won WHERE what = 'unmatched_payments' AND state = OLD.state;
  UPDATE tallies SET n = n + 1, won = won + NEW.won WHERE what = 'unmatched_payments' AND state = NEW.state;
END;
