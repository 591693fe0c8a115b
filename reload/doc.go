// Package reload holds the rules in force: it reads the file at the start, watches it, swaps a good version in whole
// and keeps a bad one out, and puts an earlier version back when somebody asks.
//
// This is where the rules meet the clock and the disk. The package must not know what is in the rules, nor what is
// derived from them: who makes a Store says how a file is loaded and what must stand with it.
package reload
