//go:build race

package simulation

// simDefault is how many schedules are run unless -sim.schedules says otherwise. The race detector makes each
// several times as long, and finds what it finds in the first few.
const simDefault = 1_000

// simOnSQLite is how many schedules run on a real SQLite file.
const simOnSQLite = 3
