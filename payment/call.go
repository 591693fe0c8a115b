package payment

// CallOutcome is what became of one request to a PG: the value of the metric's label, and what a PG's health is told.
type CallOutcome string

// The outcomes of requests to PGs.
const (
	CallOK CallOutcome = "ok"
	// CallDeclined: the PG said no to the payment, CallRejected: to the request as such.
	CallDeclined CallOutcome = "declined"
	CallRejected CallOutcome = "rejected"
	// CallUnreachable: there was no connection, so nothing was sent.
	CallUnreachable CallOutcome = "unreachable"
	// CallTimeout: no answer came in time.
	CallTimeout CallOutcome = "timeout"
	// CallBadResponse: what came is no answer to what was asked.
	CallBadResponse CallOutcome = "bad_response"
	// CallUnknown: the answer was lost, or says itself that the outcome is not known.
	CallUnknown CallOutcome = "unknown"
	// CallGivenUp: we did not ask, or did not wait for the answer. It says nothing about the PG.
	CallGivenUp CallOutcome = "given_up"
)

// Answered tells whether the PG did its part: it answered, be it with a no.
func (o CallOutcome) Answered() bool {
	return o == CallOK || o == CallDeclined || o == CallRejected
}
