-- What a shop prints of a payment, as its PG said it: JSON, with a masked card number at most; empty where nothing was said.
ALTER TABLE attempts ADD COLUMN receipt TEXT NOT NULL DEFAULT '';
