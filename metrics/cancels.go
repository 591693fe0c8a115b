package metrics

import "time"

// Words of the outcome label of cancels.
const (
	CancelDone      = "done"
	CancelRefused   = "refused"
	CancelUnknown   = "unknown"
	CancelRequested = "requested"
)

func (m *Metrics) addCancels(f factory) {
	m.cancels = setOf2(f.counter("cancels_total", "Cancels of paid attempts that came to a state.", "pg", "outcome"))
	m.cancelledWon = setOf1(f.counter("cancelled_won_total", "Won of paid attempts given back.", "pg"))
	m.openCancels = f.gauge("open_cancels", "Cancels of paid attempts that have not ended, by state.", "state")
	m.openCancelWon = f.gauge("open_cancels_won", "Won of the cancels that have not ended, by state.", "state")
	m.oldestCancel = f.gauge("oldest_unknown_cancel_seconds",
		"Age of the oldest cancel of which it is not known whether it happened.").WithLabelValues()
	for _, state := range []string{CancelRequested, CancelUnknown} {
		m.OpenCancels(state, 0, 0)
	}
}

// setCancelNames drops the series of PGs that are gone and makes those of new ones.
func (m *Metrics) setCancelNames(pgs []string) {
	m.cancels.retain(func(k [2]string) bool { return m.pgs.has(k[0]) })
	m.cancelledWon.retain(func(k [1]string) bool { return m.pgs.has(k[0]) })
	for _, pg := range pgs {
		for _, outcome := range []string{CancelDone, CancelRefused, CancelUnknown} {
			m.cancels.get([2]string{pg, outcome})
		}
		m.cancelledWon.get([1]string{pg})
	}
}

// Cancelled counts a cancel that came to a state; its won count when it is done.
func (m *Metrics) Cancelled(pg, outcome string, won int64) {
	pg = m.pgs.guard(pg)
	m.cancels.get([2]string{pg, m.outcomes.guard(outcome)}).Inc()
	if outcome == CancelDone && won > 0 {
		m.cancelledWon.get([1]string{pg}).Add(float64(won))
	}
}

// OpenCancels tells how many cancels are in an open state and how many won they are about.
func (m *Metrics) OpenCancels(state string, count int, won int64) {
	m.openCancels.WithLabelValues(state).Set(float64(count))
	m.openCancelWon.WithLabelValues(state).Set(float64(won))
}

// OldestUnknownCancel tells the age of the oldest cancel whose outcome is not known; 0 when there is none.
func (m *Metrics) OldestUnknownCancel(age time.Duration) { m.oldestCancel.Set(age.Seconds()) }
