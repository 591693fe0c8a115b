-- Late money gets a next check and a lease, as open attempts have. A new state, kept: the money turned out to be the
-- attempt's own.
ALTER TABLE late_money ADD COLUMN next_check bigint NOT NULL DEFAULT 0;
ALTER TABLE late_money ADD COLUMN checks bigint NOT NULL DEFAULT 0;
ALTER TABLE late_money ADD COLUMN lease_until bigint NOT NULL DEFAULT 0;
UPDATE late_money SET next_check = greatest(updated_at, 1) WHERE state <> 'returned';
ALTER TABLE late_money ALTER COLUMN next_check DROP DEFAULT;
ALTER TABLE late_money ALTER COLUMN checks DROP DEFAULT;
ALTER TABLE late_money ALTER COLUMN lease_until DROP DEFAULT;
ALTER TABLE late_money DROP CONSTRAINT late_money_state_check;
ALTER TABLE late_money ADD CONSTRAINT late_money_state_check
  CHECK (state IN ('returning', 'returned', 'unknown', 'flagged', 'kept'));
-- Nothing open is ever without a next check, and nothing closed has one.
ALTER TABLE late_money ADD CONSTRAINT late_money_open_check
  CHECK ((next_check > 0) = (state IN ('returning', 'unknown', 'flagged')));
DROP INDEX late_money_open;
CREATE INDEX late_money_due ON late_money (next_check) WHERE next_check > 0;
CREATE INDEX late_money_closed ON late_money (updated_at) WHERE next_check = 0;
