-- A charge of a billing key that is to be tried again when it is declined. id is the first charge's, attempt_id the one
-- that was begun last. sealed is what was asked for, encrypted; it is forgotten when the recovery ends.
CREATE TABLE recoveries (
  id          TEXT    NOT NULL PRIMARY KEY,
  order_id    TEXT    NOT NULL,
  pg          TEXT    NOT NULL,
  attempt_id  TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('trying', 'waiting', 'unneeded', 'recovered', 'stopped')),
  tries       INTEGER NOT NULL CHECK (tries >= 0),
  used        INTEGER NOT NULL CHECK (used >= 0 AND used <= tries),
  class       TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  stopped     TEXT    NOT NULL,
  stop_asked  INTEGER NOT NULL,
  sealed      BLOB,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  next_check  INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  -- Nothing open is ever without a next check, and nothing closed has one.
  CHECK ((next_check > 0) = (state IN ('trying', 'waiting')))
) STRICT;
-- An order has one open recovery at most.
CREATE UNIQUE INDEX recoveries_open ON recoveries (order_id) WHERE next_check > 0;
CREATE INDEX recoveries_order ON recoveries (order_id, created_at);
CREATE INDEX recoveries_due ON recoveries (pg, (CASE WHEN state = 'trying' THEN 1 ELSE 0 END), next_check, id) WHERE next_check > 0;
CREATE INDEX recoveries_oldest ON recoveries (state, created_at) WHERE next_check > 0;
CREATE INDEX recoveries_listed ON recoveries (created_at, id);
CREATE INDEX recoveries_closed ON recoveries (updated_at) WHERE next_check = 0;
