-- Giving money of a paid attempt back, whole or in part. remaining is what stood before it. Nothing open is without
-- a next check, and an attempt has one open cancel at most.
CREATE TABLE cancels (
  id          TEXT    NOT NULL PRIMARY KEY,
  attempt_id  TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  order_id    TEXT    NOT NULL,
  amount      BIGINT NOT NULL CHECK (amount > 0),
  remaining   BIGINT NOT NULL CHECK (remaining >= amount),
  tax_free    BIGINT NOT NULL CHECK (tax_free >= 0 AND tax_free <= amount),
  vat         BIGINT NOT NULL CHECK (vat >= 0 AND vat <= amount),
  vat_set     BOOLEAN NOT NULL,
  reason      TEXT    NOT NULL,
  origin      TEXT    NOT NULL CHECK (origin IN ('shop', 'pg')),
  state       TEXT    NOT NULL CHECK (state IN ('requested', 'unknown', 'done', 'refused')),
  code        TEXT    NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  next_check  BIGINT NOT NULL,
  checks      BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  CHECK ((next_check > 0) = (state IN ('requested', 'unknown')))
);
CREATE UNIQUE INDEX cancels_open ON cancels (attempt_id) WHERE state IN ('requested', 'unknown');
-- What was given back is counted down from the amount paid: no two cancels begin at the same rest.
CREATE UNIQUE INDEX cancels_rest ON cancels (attempt_id, remaining) WHERE state = 'done';
CREATE INDEX cancels_attempt ON cancels (attempt_id);
CREATE INDEX cancels_due ON cancels (next_check) WHERE next_check > 0;

CREATE FUNCTION cancels_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.state IN ('done', 'refused') AND NEW.state <> OLD.state THEN
      RAISE EXCEPTION 'a cancel that has ended stays so';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state NOT IN ('done', 'refused') THEN
    RAISE EXCEPTION 'an open cancel is never deleted';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER cancels_final_stays BEFORE UPDATE OF state ON cancels
  FOR EACH ROW EXECUTE FUNCTION cancels_guard();
CREATE TRIGGER cancels_open_stays BEFORE DELETE ON cancels
  FOR EACH ROW EXECUTE FUNCTION cancels_guard();
