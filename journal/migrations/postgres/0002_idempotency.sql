-- Answers to requests that carried an Idempotency-Key, by who asked, how and where (scope) and the key.
-- status is the HTTP status, 0 while the first request runs; then held_until says how long it is believed to.
CREATE TABLE idempotency (
  scope        text    NOT NULL,
  key          text    NOT NULL,
  fingerprint  text    NOT NULL,
  status       integer NOT NULL,
  content_type text    NOT NULL,
  body         bytea   NOT NULL,
  held_until   bigint  NOT NULL,
  created_at   bigint  NOT NULL,
  PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);
