-- How far the payments of a PG have been listed, and who lists them just now.
CREATE TABLE listings (
  pg           TEXT    NOT NULL PRIMARY KEY,
  -- All that happened at the PG before listed_until is dealt with.
  listed_until BIGINT  NOT NULL,
  holder       TEXT    NOT NULL,
  held_until   BIGINT  NOT NULL
);
-- Money that a PG has and that is no attempt's here. It is never given back by itself.
CREATE TABLE ownerless_payments (
  pg         TEXT    NOT NULL,
  pg_tx_id   TEXT    NOT NULL,
  order_ref  TEXT    NOT NULL,
  won        BIGINT  NOT NULL CHECK (won > 0),
  state      TEXT    NOT NULL CHECK (state IN ('open', 'returned', 'explained')),
  -- Who found out what about it; a second person must find the same.
  finding    TEXT    NOT NULL,
  found_by   TEXT    NOT NULL,
  detail     TEXT    NOT NULL,
  paid_at    BIGINT  NOT NULL,
  created_at BIGINT  NOT NULL,
  updated_at BIGINT  NOT NULL,
  PRIMARY KEY (pg, pg_tx_id)
);
CREATE INDEX ownerless_payments_open ON ownerless_payments (created_at, pg, pg_tx_id) WHERE state = 'open';
CREATE INDEX ownerless_payments_closed ON ownerless_payments (updated_at) WHERE state <> 'open';
