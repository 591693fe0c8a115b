package metrics

import "time"

func (m *Metrics) addJournal(f factory) {
	m.journalAttempts = f.gauge("journal_attempts", "Attempts that are not final, by state.", "state")
	m.journalWon = f.gauge("journal_attempts_won", "Won of the attempts that are not final, by state.", "state")
	m.journalOldest = f.gauge("journal_oldest_unsettled_seconds",
		"Age of the oldest attempt that has begun to move money and has not ended.").WithLabelValues()
	m.unknownWon = f.gauge("unknown_won", "Won of which it is not known whether they moved.").WithLabelValues()
	m.outboxMessages = f.gauge("outbox_messages", "Messages that the shop has not acknowledged, by state.", "state")
	m.deliveries = setOf1(f.counter("outbox_deliveries_total", "Deliveries of messages to the shop, by what came of them.", "result"))
}

// JournalState tells how many attempts are in an open state and how many won they are about. States are
// constants of the program.
func (m *Metrics) JournalState(state string, count int, won int64) {
	m.journalAttempts.WithLabelValues(state).Set(float64(count))
	m.journalWon.WithLabelValues(state).Set(float64(won))
	if state == "unknown" {
		m.unknownWon.Set(float64(won))
	}
}

// OldestUnsettled tells the age of the oldest attempt that has begun to move money and has not ended; 0 when
// there is none. Opened attempts do not count: a buyer is looking at their window.
func (m *Metrics) OldestUnsettled(age time.Duration) { m.journalOldest.Set(age.Seconds()) }

// Outbox tells how many messages the shop has not acknowledged.
func (m *Metrics) Outbox(pending, parked int) {
	m.outboxMessages.WithLabelValues("pending").Set(float64(pending))
	m.outboxMessages.WithLabelValues("parked").Set(float64(parked))
}

// Delivered counts a delivery of a message to the shop: ResultDelivered, ResultFailed or ResultParked.
func (m *Metrics) Delivered(result string) {
	m.deliveries.get([1]string{m.results.guard(result)}).Inc()
}
