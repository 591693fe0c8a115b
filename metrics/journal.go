package metrics

import "time"

func (m *Metrics) addJournal(f factory) {
	m.journalAttempts = f.gauge("journal_attempts", "Attempts that are not final, by state.", "state")
	m.journalWon = f.gauge("journal_attempts_won", "Won of the attempts that are not final, by state.", "state")
	m.journalOldest = f.gauge("journal_oldest_unsettled_seconds",
		"Age of the oldest attempt that has begun to move money and has not ended, by state.", "state")
	m.unknownWon = f.gauge("unknown_won", "Won of which it is not known whether they moved.").WithLabelValues()
	m.journalErrors = f.counter("journal_errors_total", "Journal operations that failed because it was unavailable.").WithLabelValues()
	m.outboxMessages = f.gauge("outbox_messages", "Messages that the shop has not acknowledged, by state.", "state")
	m.outboxOldest = f.gauge("outbox_oldest_message_seconds", "Age of the oldest message that the shop has not acknowledged.").WithLabelValues()
	m.deliveries = setOf1(f.counter("outbox_deliveries_total", "Deliveries of messages to the shop, by what came of them.", "result"))
}

// OpenState is the sum of the attempts in one open state.
type OpenState struct {
	State string
	Count int
	Won   int64
	// Oldest is the age of the oldest one; 0 when there is none.
	Oldest time.Duration
}

// JournalStats is what the journal has not settled.
type JournalStats struct {
	// Open has a row per open state, those without attempts included.
	Open []OpenState
	// Pending and Parked are the undelivered messages, OldestMessage the age of the oldest of them.
	Pending       int
	Parked        int
	OldestMessage time.Duration
}

// SetJournal takes over what the journal has not settled. An opened attempt is a window that a buyer is
// looking at: its age is nothing to wake anybody for, and is left out.
func (m *Metrics) SetJournal(s JournalStats) {
	var unknown int64
	for _, o := range s.Open {
		m.journalAttempts.WithLabelValues(o.State).Set(float64(o.Count))
		m.journalWon.WithLabelValues(o.State).Set(float64(o.Won))
		if o.State != "opened" {
			m.journalOldest.WithLabelValues(o.State).Set(o.Oldest.Seconds())
		}
		if o.State == "unknown" {
			unknown = o.Won
		}
	}
	m.unknownWon.Set(float64(unknown))
	m.outboxMessages.WithLabelValues("pending").Set(float64(s.Pending))
	m.outboxMessages.WithLabelValues("parked").Set(float64(s.Parked))
	m.outboxOldest.Set(s.OldestMessage.Seconds())
}

// JournalError counts a journal operation that failed because the journal was unavailable.
func (m *Metrics) JournalError() { m.journalErrors.Inc() }

// Delivery counts a delivery of a message to the shop.
func (m *Metrics) Delivery(result string) {
	m.deliveries.get([1]string{m.results.guard(result)}).Inc()
}
