package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Words of the decision and reason labels.
const (
	DecisionForwarded = "forwarded"
	DecisionDenied    = "denied"

	ReasonRouted   = "routed"
	ReasonInternal = "internal"
)

// callOutcomes are the words of the outcome label of requests to PGs that alerts take rates of.
func callOutcomes() []string {
	return []string{"ok", "unreachable", "timeout", "bad_response", "unknown"}
}

// operations are the words of the operation label of requests to PGs that alerts take rates of.
func operations() []string {
	return []string{"prepare", "approve", "charge", "issue_key", "net_cancel", "cancel", "look_up"}
}

// Words of the result labels of deliveries to the shop.
const (
	ResultDelivered = "delivered"
	ResultFailed    = "failed"
	ResultParked    = "parked"
)

// Words of the answer label of confirmations.
const (
	AnswerYes    = "yes"
	AnswerNo     = "no"
	AnswerSilent = "silent"
	// AnswerNotAsked: the shop chose not to be asked (order_service.confirm: none).
	AnswerNotAsked = "not_asked"
)

// Words of the result label of webhooks.
const (
	WebhookAccepted  = "accepted"
	WebhookDuplicate = "duplicate"
	WebhookIgnored   = "ignored"
	WebhookNobodys   = "unknown_payment"
	WebhookForged    = "forged"
	WebhookLimited   = "rate_limited"
	WebhookInvalid   = "invalid"
	WebhookFailed    = "failed"
	WebhookUnmatched = "unmatched_payment"
	WebhookGoOn      = "confirm_yes"
	WebhookRefused   = "confirm_no"
	// WebhookUnlisted is a message that nobody signed, from an address that webhook_sources does not list.
	WebhookUnlisted = "unlisted_source"
)

// webhookAlerts are the results that somebody may want to be woken for.
func webhookAlerts() []string {
	return []string{
		WebhookAccepted, WebhookForged, WebhookFailed, WebhookUnmatched, WebhookGoOn, WebhookRefused, WebhookUnlisted,
	}
}

// outcomeApproved is the outcome of a payment whose won count.
const outcomeApproved = "approved"

func (m *Metrics) addPayments(f factory) {
	m.decisionCount = setOf3(f.counter("decisions_total",
		"Checkouts decided, by decision, reason and merchant.", "decision", "reason", "merchant"))
	m.ruleMatches = setOf1(f.counter("rule_matches_total", "Checkouts routed, by routing rule.", "rule"))
	m.expressionErrors = setOf1(f.counter("rule_expression_errors_total",
		"Times that a rule's expression failed while running, so that the rule did not match, by rule.", "rule"))
	m.interceptCount = setOf2(f.counter("intercepts_total",
		"Requests of the shop's own checkout taken over, by intercept.", "name", "result"))
	m.upstreamCount = setOf3(f.counter("upstream_requests_total",
		"Requests to PGs, by what came of them.", "pg", "operation", "outcome"))
	m.upstreamDuration = durationsOf2(f.histogram("upstream_request_duration_seconds", "Time a PG took to answer.",
		requestBuckets(), "pg", "operation"))
	m.confirmations = setOf1(f.counter("confirmations_total",
		"Confirm gates: what the order service said about charging an order.", "answer"))
	m.payments = setOf3(f.counter("payments_total", "Attempts that came to an outcome.", "pg", "method", "outcome"))
	m.paymentWon = setOf2(f.counter("payment_amount_won_total", "Won approved.", "pg", "method"))
	m.returns = setOf2(f.counter("returns_total", "Buyers who came back from a PG's window.", "pg", "result"))
	m.webhooks = setOf2(f.counter("webhooks_total",
		"Notifications of PGs, and their questions before they approve, by what came of them.", "pg", "result"))
	m.pgWell = f.gauge("pg_well",
		"Whether a PG is well (1), or goes last in routing because requests to it were lost (0).", "pg")
	m.circuits = f.gauge("circuit_state",
		"State of the circuit of a PG's requests of one kind: 1 for the one that it is in, 0 for the others.",
		"pg", "operation", "state")
	m.keptBack = setOf3(f.counter("pg_requests_kept_back_total",
		"Requests to PGs that were not sent, since the PG loses them or has too many under way.",
		"pg", "operation", "reason"))
	m.rateLimited = setOf1(f.counter("rate_limited_total",
		"Requests refused for coming too often (429), by what they were counted for.", "by"))
}

// What a request that came too often was counted for.
const (
	LimitedClient  = "client"
	LimitedHooks   = "hooks"
	LimitedOrder   = "order"
	LimitedGuesses = "guesses"
	LimitedAttempt = "attempt"
)

// RateLimited counts a request that was refused for coming too often, by one of the words above.
func (m *Metrics) RateLimited(by string) { m.rateLimited.get([1]string{by}).Inc() }

// PGWell records whether a PG is well.
func (m *Metrics) PGWell(pg string, well bool) {
	v := 0.0
	if well {
		v = 1
	}
	m.pgWell.WithLabelValues(m.pgs.guard(pg)).Set(v)
}

// Circuit records the state of a PG's circuit.
func (m *Metrics) Circuit(pg, operation, state string) {
	for _, s := range [...]string{"closed", "half_open", "open"} {
		v := 0.0
		if s == state {
			v = 1
		}
		m.circuits.WithLabelValues(m.pgs.guard(pg), operation, s).Set(v)
	}
}

// KeptBack counts a request to a PG that was not sent.
func (m *Metrics) KeptBack(pg, operation, reason string) {
	m.keptBack.get([3]string{m.pgs.guard(pg), operation, reason}).Inc()
}

// Names are the label values that a configuration allows.
type Names struct {
	PGs       []string
	Merchants []string
	Methods   []string
	Rules     []string
}

// SetRules takes over the version and the names of a configuration: series of names that are gone are
// deleted, those of new ones start at zero. Call it at the start and after every reload that was taken.
func (m *Metrics) SetRules(version string, n Names) {
	m.configInfo.Reset()
	m.configInfo.WithLabelValues(version).Set(1)
	m.reloadOK.Set(1)

	for _, pg := range m.pgs.all() {
		if !slices.Contains(n.PGs, pg) {
			m.circuits.DeletePartialMatch(prometheus.Labels{"pg": pg})
		}
	}
	m.pgs.replace(n.PGs)
	m.pgWell.Reset()
	m.listedUntil.Reset()
	for _, pg := range n.PGs {
		m.PGWell(pg, true) // until the next look-up, seconds later
	}
	m.merchants.replace(n.Merchants)
	m.methods.replace(n.Methods)
	m.rules.replace(n.Rules)

	m.decisionCount.retain(func(k [3]string) bool { return m.merchants.has(k[2]) })
	m.ruleMatches.retain(func(k [1]string) bool { return m.rules.has(k[0]) })
	m.expressionErrors.retain(func(k [1]string) bool { return m.rules.has(k[0]) })
	m.apiCalls.retain(func(k [3]string) bool { return m.pgs.has(k[0]) })
	m.upstreamCount.retain(func(k [3]string) bool { return m.pgs.has(k[0]) })
	m.keptBack.retain(func(k [3]string) bool { return m.pgs.has(k[0]) })
	m.upstreamDuration.retain(func(k [2]string) bool { return m.pgs.has(k[0]) })
	m.payments.retain(func(k [3]string) bool { return m.pgs.has(k[0]) && m.methods.has(k[1]) })
	m.paymentWon.retain(func(k [2]string) bool { return m.pgs.has(k[0]) && m.methods.has(k[1]) })
	m.webhooks.retain(func(k [2]string) bool { return m.pgs.has(k[0]) })
	m.listedPayments.retain(func(k [2]string) bool { return m.pgs.has(k[0]) })
	m.setCancelNames(n.PGs)
	m.zeroNames(n)
}

// zeroNames makes the series that alerts take rates of.
func (m *Metrics) zeroNames(n Names) {
	for _, merchant := range n.Merchants {
		m.decisionCount.get([3]string{DecisionForwarded, ReasonRouted, merchant})
	}
	for _, rule := range n.Rules {
		m.ruleMatches.get([1]string{rule})
		m.expressionErrors.get([1]string{rule})
	}
	for _, pg := range n.PGs {
		for _, result := range webhookAlerts() {
			m.webhooks.get([2]string{pg, result})
		}
		for _, op := range operations() {
			for _, outcome := range callOutcomes() {
				m.upstreamCount.get([3]string{pg, op, outcome})
			}
		}
	}
	for _, pg := range n.PGs {
		for _, method := range n.Methods {
			for _, outcome := range []string{outcomeApproved, "declined", "unknown"} {
				m.payments.get([3]string{pg, method, outcome})
			}
			m.paymentWon.get([2]string{pg, method})
		}
	}
}

// preCreate makes the series that no configuration changes.
func (m *Metrics) preCreate() {
	for _, answer := range []string{AnswerYes, AnswerNo, AnswerSilent, AnswerNotAsked} {
		m.confirmations.get([1]string{answer})
	}
	for _, by := range []string{LimitedClient, LimitedHooks, LimitedOrder, LimitedGuesses, LimitedAttempt} {
		m.rateLimited.get([1]string{by})
	}
	for _, result := range []string{ResultDelivered, ResultFailed, ResultParked} {
		m.deliveries.get([1]string{result})
	}
	m.forms.replace(formCodes())
	for _, code := range formCodes() {
		m.badInput.get([1]string{code})
	}
	m.reloads.get([1]string{reloadTaken})
	m.reloads.get([1]string{reloadRefused})
}

// Decision counts a checkout that was decided. reason is ReasonRouted, ReasonInternal or a problem code;
// merchant and rule are those chosen, empty when there are none.
func (m *Metrics) Decision(decision, reason, merchant, rule string) {
	m.decisionCount.get([3]string{m.decisions.guard(decision), m.reasons.guard(reason), m.merchants.guard(merchant)}).Inc()
	if rule != "" {
		m.ruleMatches.get([1]string{m.rules.guard(rule)}).Inc()
	}
}

// ExpressionFailed counts a rule's expression that failed while running.
func (m *Metrics) ExpressionFailed(rule string) {
	m.expressionErrors.get([1]string{m.rules.guard(rule)}).Inc()
}

// Intercepted counts a request of the shop's own checkout, by the intercept's name.
func (m *Metrics) Intercepted(name, result string) {
	m.interceptCount.get([2]string{m.intercepts.guard(name), m.results.guard(result)}).Inc()
}

// Upstream counts a request to a PG and how long it took.
func (m *Metrics) Upstream(pg, operation, outcome string, took time.Duration) {
	pg, operation = m.pgs.guard(pg), m.operations.guard(operation)
	m.upstreamCount.get([3]string{pg, operation, m.outcomes.guard(outcome)}).Inc()
	m.upstreamDuration.get([2]string{pg, operation}).Observe(took.Seconds())
}

// Confirmed counts what the order service said about charging an order.
func (m *Metrics) Confirmed(answer string) {
	m.confirmations.get([1]string{m.results.guard(answer)}).Inc()
}

// Payment counts an attempt that came to an outcome. won counts when the outcome is "approved".
func (m *Metrics) Payment(pg, method, outcome string, won int64) {
	pg, method = m.pgs.guard(pg), m.methods.guard(method)
	m.payments.get([3]string{pg, method, m.outcomes.guard(outcome)}).Inc()
	if outcome == outcomeApproved && won > 0 {
		m.paymentWon.get([2]string{pg, method}).Add(float64(won))
	}
}

// Returned counts a buyer who came back from a PG's window. pg is the door, a constant of the program.
func (m *Metrics) Returned(pg, result string) {
	m.returns.get([2]string{m.operations.guard(pg), m.results.guard(result)}).Inc()
}

// Webhook counts a message of PortOne's, or its question before it approves.
func (m *Metrics) Webhook(pg, result string) {
	m.webhooks.get([2]string{m.pgs.guard(pg), m.results.guard(result)}).Inc()
}
