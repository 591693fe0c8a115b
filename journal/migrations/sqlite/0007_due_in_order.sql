-- What is due comes out of its index in order: however much is due at once, a few rows are read for a few.
DROP INDEX attempts_due;
CREATE INDEX attempts_due ON attempts (next_check, id) WHERE next_check > 0;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (next_try, seq) WHERE status = 'pending';
