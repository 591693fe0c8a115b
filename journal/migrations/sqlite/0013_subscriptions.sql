-- Billing keys that were issued and what was charged with them are listed, the newest first.
CREATE INDEX attempts_subscriptions ON attempts (purpose, created_at, id) WHERE purpose IN ('billing_key', 'recurring');
