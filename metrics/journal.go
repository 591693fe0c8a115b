package metrics

import "time"

func (m *Metrics) addJournal(f factory) {
	m.journalAttempts = f.gauge("journal_attempts", "Attempts that are not final, by state.", "state")
	m.journalWon = f.gauge("journal_attempts_won", "Won of the attempts that are not final, by state.", "state")
	m.journalOldest = f.gauge("journal_oldest_open_seconds",
		"Age of the oldest attempt that has begun to move money and has not ended.").WithLabelValues()
	m.journalUp = f.gauge("journal_up",
		"1 when the journal could be written when last tried; nothing is sold while it is 0.").WithLabelValues()
	m.severalJournals = f.gauge("several_journals",
		"1 when another process of this shop was found to keep a journal of its own; nothing is sold then.").WithLabelValues()
	m.foreignWindows = f.counter("foreign_windows_total",
		"Windows that another environment with the same token_key opened. They are refused, and nothing is "+
			"stopped.").WithLabelValues()
	m.unknownWon = f.gauge("unknown_won",
		"Won of which it is not known whether they moved or are back: the total of cases list.").WithLabelValues()
	m.unknownCount = f.gauge("unknown_payments",
		"Attempts, cancels and unmatched payments that unknown_won is about.").WithLabelValues()
	m.outboxMessages = f.gauge("outbox_messages", "Messages that the shop has not acknowledged, by state.", "state")
	m.outboxOldest = f.gauge("outbox_oldest_seconds",
		"Age of the oldest message that is still being sent to the shop.").WithLabelValues()
	m.unmatchedEntries = f.gauge("unmatched_payment_entries",
		"Payments that an attempt cannot keep and that are not proven to be back, by state.", "state")
	m.unmatchedWon = f.gauge("unmatched_payment_won",
		"Won of the payments that an attempt cannot keep, by state.", "state")
	m.unmatchedOldest = f.gauge("unmatched_payment_oldest_seconds",
		"Age of the oldest payment that an attempt cannot keep, by state.", "state")
	m.deliveries = setOf1(f.counter("outbox_deliveries_total",
		"Deliveries of messages to the shop, by what came of them.", "result"))
}

// JournalState tells how many attempts are in an open state and how many won they are about. States are
// constants of the program.
func (m *Metrics) JournalState(state string, count int, won int64) {
	m.journalAttempts.WithLabelValues(state).Set(float64(count))
	m.journalWon.WithLabelValues(state).Set(float64(won))
}

// Unknown tells of how many payments, and won, nobody knows whether they moved or are back.
func (m *Metrics) Unknown(count int, won int64) {
	m.unknownCount.Set(float64(count))
	m.unknownWon.Set(float64(won))
}

// JournalUp tells whether the journal could be written.
func (m *Metrics) JournalUp(up bool) {
	m.journalUp.Set(0)
	if up {
		m.journalUp.Set(1)
	}
}

// SeveralJournals tells whether another process of this shop was found to keep a journal of its own.
func (m *Metrics) SeveralJournals(found bool) {
	m.severalJournals.Set(0)
	if found {
		m.severalJournals.Set(1)
	}
}

// ForeignWindow counts a word of a window that another environment opened.
func (m *Metrics) ForeignWindow() { m.foreignWindows.Inc() }

// OldestOpen tells the age of the oldest attempt that has begun to move money and has not ended; 0 when
// there is none. Opened attempts do not count: a buyer is looking at their window.
func (m *Metrics) OldestOpen(age time.Duration) { m.journalOldest.Set(age.Seconds()) }

// Outbox tells how many messages the shop has not acknowledged.
func (m *Metrics) Outbox(pending, parked int) {
	m.outboxMessages.WithLabelValues("pending").Set(float64(pending))
	m.outboxMessages.WithLabelValues("parked").Set(float64(parked))
}

// OutboxOldest tells the age of the oldest message that is still being sent; 0 when there is none.
func (m *Metrics) OutboxOldest(age time.Duration) { m.outboxOldest.Set(age.Seconds()) }

// UnmatchedPayments tells how many unmatched payments are open in a state, and the age of the oldest; 0 when there is
// none. States are constants of the program.
func (m *Metrics) UnmatchedPayments(state string, count int, won int64, oldest time.Duration) {
	m.unmatchedEntries.WithLabelValues(state).Set(float64(count))
	m.unmatchedWon.WithLabelValues(state).Set(float64(won))
	m.unmatchedOldest.WithLabelValues(state).Set(oldest.Seconds())
}

// Delivered counts a delivery of a message to the shop: ResultDelivered, ResultFailed or ResultParked.
func (m *Metrics) Delivered(result string) {
	m.deliveries.get([1]string{m.results.guard(result)}).Inc()
}
