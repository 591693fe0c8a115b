// Package journal is the durable record of attempts, their events and the messages to the shop. It is what
// keeps an order from being charged twice and a payment from being forgotten: the claim on an order, the
// guards on every move and the outbox are transactions here, on SQLite or PostgreSQL.
//
// It must not know how payments travel: no HTTP, no PG, no YAML, no framework, no metrics. It decides nothing;
// it refuses what the state machine of package payment does not allow.
package journal
