//go:build !race

package gateway

// simDefault is how many schedules are run unless -sim.schedules says otherwise.
const simDefault = 20_000

// simOnSQLite is how many schedules run on a real SQLite file.
const simOnSQLite = 20
