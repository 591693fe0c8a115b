package metrics

// APIResult is what became of a call of a PG's own API.
type APIResult string

// The results of such calls.
const (
	// APIAnswered: the PG answered, or the gateway in its place.
	APIAnswered APIResult = "answered"
	// APIRefused: the gateway said no.
	APIRefused APIResult = "refused"
	// APIFailed: the PG, or something of ours, gave no answer.
	APIFailed APIResult = "failed"
)

func (m *Metrics) addAPI(f factory) {
	m.apiCalls = setOf3(f.counter("api_calls_total",
		"Calls of PGs' own APIs by the order service, by PG, operation and what became of them.",
		"pg", "operation", "result"))
}

// APICall counts a call of a PG's own API.
func (m *Metrics) APICall(pg, operation string, r APIResult) {
	m.apiCalls.get([3]string{m.pgs.guard(pg), m.apiNames.guard(operation), string(r)}).Inc()
}
