package metrics

import "time"

func (m *Metrics) addListing(f factory) {
	m.listedPayments = setOf2(f.counter("listed_payments_total",
		"Payments that a PG lists, by what came of them; one is listed again and again for a day.", "pg", "result"))
	m.listedUntil = f.gauge("listed_until_timestamp_seconds",
		"Up to when all that a PG lists is dealt with.", "pg")
}

// Listed counts n payments that a PG lists, by what came of them.
func (m *Metrics) Listed(pg, result string, n int) {
	m.listedPayments.get([2]string{m.pgs.guard(pg), m.results.guard(result)}).Add(float64(n))
}

// ListedUntil tells up to when all that a PG lists is dealt with. Before anything was listed it tells nothing.
func (m *Metrics) ListedUntil(pg string, until time.Time) {
	if !until.IsZero() {
		m.listedUntil.WithLabelValues(m.pgs.guard(pg)).Set(float64(until.Unix()))
	}
}
