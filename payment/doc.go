// Package payment holds the nouns that every other room speaks: money, orders, checkouts, decisions,
// attempts, outcomes and problem codes.
//
// It must not know how any of them travel: no network, no database, no YAML, no HTTP framework. It imports
// nothing of this module.
package payment
