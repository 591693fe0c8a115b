-- Answers to requests that carried an Idempotency-Key, by who asked, how and where (scope) and the key.
-- status is the HTTP status, 0 while the first request runs; then held_until says how long it is believed to.
CREATE TABLE idempotency (
  scope        TEXT    NOT NULL,
  key          TEXT    NOT NULL,
  fingerprint  TEXT    NOT NULL,
  status       INTEGER NOT NULL,
  content_type TEXT    NOT NULL,
  body         BLOB    NOT NULL,
  held_until   INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at);
