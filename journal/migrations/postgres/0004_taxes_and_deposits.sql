-- Value added tax that the shop states itself, and virtual accounts: an attempt in state issued waits for its
-- deposit until deposit_due, and holds its order meanwhile. A message that holds an account or a billing key is
-- stored sealed.
ALTER TABLE attempts ADD COLUMN vat BIGINT NOT NULL DEFAULT 0 CHECK (vat >= 0);
ALTER TABLE attempts ADD COLUMN vat_set BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE attempts ADD COLUMN deposit_due BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN sealed BOOLEAN NOT NULL DEFAULT false;

DROP INDEX attempts_holder;
CREATE UNIQUE INDEX attempts_holder ON attempts (order_id)
  WHERE state IN ('claimed', 'approving', 'captured', 'issued', 'unknown', 'approved');

ALTER TABLE attempts DROP CONSTRAINT attempts_state_check, DROP CONSTRAINT attempts_check;
ALTER TABLE attempts
  ADD CONSTRAINT attempts_state_check CHECK (state IN ('opened', 'claimed', 'approving', 'captured', 'issued', 'unknown',
    'cancelling', 'approved', 'declined', 'refused', 'cancelled', 'expired')),
  ADD CONSTRAINT attempts_check CHECK ((next_check > 0) = (state IN ('opened', 'claimed', 'approving', 'captured',
    'issued', 'unknown', 'cancelling')));
