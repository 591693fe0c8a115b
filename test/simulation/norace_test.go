//go:build !race

package simulation

// simDefault is how many schedules are run unless -sim.schedules says otherwise: few enough for the inner loop. The
// everyday check asks for 20,000 (make test).
const simDefault = 1_000

// simOnSQLite is how many schedules run on a real SQLite file.
const simOnSQLite = 20
