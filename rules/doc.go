// Package rules turns config.yaml into a checked, immutable snapshot and decides checkouts from it: which PG
// and merchant take a payment, with which instalments, or why nobody does.
//
// Deciding is a pure function of (snapshot, checkout, time, health): no network, no clock of its own, no
// globals. The package must not know how a payment travels, where it is recorded or who asks, nor which of several
// snapshots is in force: that is reload's. It is the only room that reads YAML and the only one with an expression
// engine.
package rules
