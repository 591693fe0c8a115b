-- What the shop settles itself beside the PG's part, by method: mileage:4900.
ALTER TABLE attempts ADD COLUMN secondary TEXT NOT NULL DEFAULT '';
