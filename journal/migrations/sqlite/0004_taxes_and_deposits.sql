-- Value added tax that the shop states itself, and virtual accounts: an attempt in state issued waits for its
-- deposit until deposit_due, and holds its order meanwhile. A message that holds an account or a billing key is
-- stored sealed.
ALTER TABLE attempts ADD COLUMN vat INTEGER NOT NULL DEFAULT 0 CHECK (vat >= 0);
ALTER TABLE attempts ADD COLUMN vat_set INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN deposit_due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;

DROP INDEX attempts_holder;
CREATE UNIQUE INDEX attempts_holder ON attempts (order_id)
  WHERE state IN ('claimed', 'approving', 'captured', 'issued', 'unknown', 'approved');

-- The CHECKs get the new state in place: SQLite cannot alter them, and copying the table would hold a large journal
-- up for minutes. No row changes, so this is the way that SQLite's manual gives for it (lang_altertable, §7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''captured'', ''unknown''', '''captured'', ''issued'', ''unknown''')
  WHERE type = 'table' AND name = 'attempts';
PRAGMA writable_schema = RESET;
