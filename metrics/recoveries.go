package metrics

func (m *Metrics) addRecoveries(f factory) {
	m.openRecoveries = f.gauge("open_recoveries",
		"Declined charges of billing keys that are tried again, by state.", "state")
	m.recoverySteps = f.counter("recovery_steps_total",
		"Steps of recoveries of declined charges, by the class of the last decline and where they came to.", "class", "state")
	for _, state := range []string{"trying", "waiting"} {
		m.OpenRecoveries(state, 0)
	}
	for _, class := range []string{"temporary", "limit", "expired", "stolen", "permanent"} {
		for _, state := range []string{"waiting", "recovered", "stopped"} {
			m.recoverySteps.WithLabelValues(class, state)
		}
	}
}

// OpenRecoveries tells how many recoveries are in an open state. States are constants of the program.
func (m *Metrics) OpenRecoveries(state string, count int) {
	m.openRecoveries.WithLabelValues(state).Set(float64(count))
}

// RecoveryMoved counts a recovery that came to a state, by the class of its last decline; one that was not needed had
// none. Both are constants of the program.
func (m *Metrics) RecoveryMoved(class, state string) {
	if class != "" {
		m.recoverySteps.WithLabelValues(class, state).Inc()
	}
}
