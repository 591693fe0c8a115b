//go:build !race

package gateway

// simDefault is how many schedules are run unless -sim.schedules says otherwise.
const simDefault = 20_000
