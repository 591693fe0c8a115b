-- Two states of late money: watched (a payment that we said no to, and that the PG may not have heard: nothing is known
-- to be there) and absent (the PG showed that nothing is there; should it show money after all, it is taken up again).
ALTER TABLE late_money DROP CONSTRAINT late_money_state_check;
ALTER TABLE late_money ADD CONSTRAINT late_money_state_check
  CHECK (state IN ('returning', 'returned', 'unknown', 'flagged', 'kept', 'watched', 'absent'));
ALTER TABLE late_money DROP CONSTRAINT late_money_open_check;
ALTER TABLE late_money ADD CONSTRAINT late_money_open_check
  CHECK ((next_check > 0) = (state IN ('returning', 'unknown', 'flagged', 'watched')));
