package metrics

import "time"

// The words of the decision label.
const (
	DecisionForwarded = "forwarded"
	DecisionInternal  = "internal"
	DecisionDenied    = "denied"
	DecisionError     = "error"
)

// The words of the outcome label of upstream requests.
const (
	OutcomeOK          = "ok"
	OutcomeDeclined    = "declined"
	OutcomeRejected    = "rejected"
	OutcomeUnreachable = "unreachable"
	OutcomeTimeout     = "timeout"
	OutcomeBadResponse = "bad_response"
	OutcomeUnknown     = "unknown"
)

// The words of the operation label of requests to PGs.
const (
	OperationPrepare   = "prepare"
	OperationApprove   = "approve"
	OperationNetCancel = "net_cancel"
	OperationCancel    = "cancel"
	OperationLookUp    = "look_up"
)

// The words of the operation label of requests to the order service.
const (
	OperationLookup  = "lookup"
	OperationConfirm = "confirm"
	OperationEvent   = "event"
)

// The words of result labels.
const (
	ResultOK        = "ok"
	ResultError     = "error"
	ResultHit       = "hit"
	ResultMiss      = "miss"
	ResultRetry     = "retry"
	ResultParked    = "parked"
	ResultForged    = "forged"
	ResultExpired   = "expired"
	ResultReplayed  = "replayed"
	ResultDenied    = "denied"
	ResultDelivered = "delivered"
)

func (m *Metrics) addPayments(f factory) {
	m.decisionCount = setOf3(f.counter("decisions_total",
		"Checkouts decided, by decision, reason and merchant.", "decision", "reason", "merchant"))
	m.ruleMatches = setOf1(f.counter("rule_matches_total", "Checkouts routed, by routing rule.", "rule"))
	m.interceptCount = setOf2(f.counter("intercepts_total", "Requests of the shop's own checkout taken over, by intercept.", "name", "result"))
	m.upstreamCount = setOf3(f.counter("upstream_requests_total", "Requests to PGs, by what came of them.", "pg", "operation", "outcome"))
	m.upstreamDuration = durationsOf2(f.histogram("upstream_request_duration_seconds", "Time a PG took to answer.",
		requestBuckets(), "pg", "operation"))
	m.orderCount = setOf2(f.counter("order_service_requests_total", "Requests to the order service, by what came of them.", "operation", "outcome"))
	m.orderDuration = durationsOf1(f.histogram("order_service_request_duration_seconds", "Time the order service took to answer.",
		requestBuckets(), "operation"))
	m.payments = setOf3(f.counter("payments_total", "Attempts that came to an outcome.", "pg", "method", "outcome"))
	m.paymentWon = setOf2(f.counter("payment_amount_won_total", "Won approved.", "pg", "method"))
	m.returns = setOf2(f.counter("returns_total", "Buyers who came back from a PG's window.", "pg", "result"))
	m.cacheCount = setOf2(f.counter("cache_requests_total", "Reads of a cache.", "cache", "result"))
	m.cacheCounts = f.gauge("cache_entries", "Entries of a cache.", "cache")
}

// Link is a payment method and a PG that it may go to.
type Link struct {
	PG     string
	Method string
}

// Names are the label values that a configuration allows.
type Names struct {
	PGs        []string
	Merchants  []string
	Methods    []string
	Rules      []string
	Intercepts []string
	// Links are the pairs whose series are made beforehand.
	Links []Link
}

// SetRules takes over the names of a new configuration: series of names that are gone are deleted, those of
// new ones start at zero. Call it after every reload that was taken.
func (m *Metrics) SetRules(n Names) {
	m.pgs.replace(n.PGs)
	m.merchants.replace(n.Merchants)
	m.methods.replace(n.Methods)
	m.rules.replace(n.Rules)
	m.intercepts.replace(n.Intercepts)

	m.decisionCount.retain(func(k [3]string) bool { return m.merchants.has(k[2]) })
	m.ruleMatches.retain(func(k [1]string) bool { return m.rules.has(k[0]) })
	m.interceptCount.retain(func(k [2]string) bool { return m.intercepts.has(k[0]) })
	m.upstreamCount.retain(func(k [3]string) bool { return m.pgs.has(k[0]) })
	m.upstreamDuration.retain(func(k [2]string) bool { return m.pgs.has(k[0]) })
	m.payments.retain(func(k [3]string) bool { return m.pgs.has(k[0]) && m.methods.has(k[1]) })
	m.paymentWon.retain(func(k [2]string) bool { return m.pgs.has(k[0]) && m.methods.has(k[1]) })
	m.returns.retain(func(k [2]string) bool { return m.pgs.has(k[0]) })
	m.zeroNames(n)
}

// zeroNames makes the series that alerts take rates of.
func (m *Metrics) zeroNames(n Names) {
	for _, merchant := range n.Merchants {
		m.decisionCount.get([3]string{DecisionForwarded, ResultOK, merchant})
	}
	for _, rule := range n.Rules {
		m.ruleMatches.get([1]string{rule})
	}
	for _, name := range n.Intercepts {
		m.interceptCount.get([2]string{name, ResultOK})
		m.interceptCount.get([2]string{name, ResultDenied})
	}
	for _, pg := range n.PGs {
		for _, op := range []string{OperationPrepare, OperationApprove, OperationNetCancel, OperationCancel, OperationLookUp} {
			m.upstreamCount.get([3]string{pg, op, OutcomeOK})
			m.upstreamCount.get([3]string{pg, op, OutcomeUnknown})
			m.upstreamCount.get([3]string{pg, op, OutcomeUnreachable})
		}
		m.returns.get([2]string{pg, ResultOK})
		m.returns.get([2]string{pg, ResultForged})
	}
	for _, l := range n.Links {
		for _, outcome := range []string{"approved", "declined", "unknown"} {
			m.payments.get([3]string{l.PG, l.Method, outcome})
		}
		m.paymentWon.get([2]string{l.PG, l.Method})
	}
}

// preCreate makes the series that no configuration changes.
func (m *Metrics) preCreate() {
	for _, op := range []string{OperationLookup, OperationConfirm, OperationEvent} {
		for _, outcome := range []string{OutcomeOK, OutcomeRejected, OutcomeUnreachable, OutcomeTimeout} {
			m.orderCount.get([2]string{op, outcome})
		}
		m.orderDuration.get([1]string{op})
	}
	for _, result := range []string{ResultDelivered, ResultRetry, ResultParked} {
		m.deliveries.get([1]string{result})
	}
	m.reloads.get([1]string{ResultOK})
	m.reloads.get([1]string{ResultError})
}

// Decision counts a checkout that was decided. reason is ResultOK or a problem code, merchant the one chosen.
func (m *Metrics) Decision(decision, reason, merchant string) {
	m.decisionCount.get([3]string{m.decisions.guard(decision), m.reasons.guard(reason), m.merchants.guard(merchant)}).Inc()
}

// RuleMatched counts a checkout that a routing rule routed.
func (m *Metrics) RuleMatched(rule string) { m.ruleMatches.get([1]string{m.rules.guard(rule)}).Inc() }

// Intercept counts a request of the shop's own checkout.
func (m *Metrics) Intercept(name, result string) {
	m.interceptCount.get([2]string{m.intercepts.guard(name), m.results.guard(result)}).Inc()
}

// Upstream counts a request to a PG and how long it took.
func (m *Metrics) Upstream(pg, operation, outcome string, took time.Duration) {
	pg, operation = m.pgs.guard(pg), m.operations.guard(operation)
	m.upstreamCount.get([3]string{pg, operation, m.outcomes.guard(outcome)}).Inc()
	m.upstreamDuration.get([2]string{pg, operation}).Observe(took.Seconds())
}

// OrderService counts a request to the order service and how long it took.
func (m *Metrics) OrderService(operation, outcome string, took time.Duration) {
	operation = m.operations.guard(operation)
	m.orderCount.get([2]string{operation, m.outcomes.guard(outcome)}).Inc()
	m.orderDuration.get([1]string{operation}).Observe(took.Seconds())
}

// Payment counts an attempt that came to an outcome. won counts when the outcome is "approved".
func (m *Metrics) Payment(pg, method, outcome string, won int64) {
	pg, method = m.pgs.guard(pg), m.methods.guard(method)
	m.payments.get([3]string{pg, method, m.outcomes.guard(outcome)}).Inc()
	if outcome == "approved" && won > 0 {
		m.paymentWon.get([2]string{pg, method}).Add(float64(won))
	}
}

// Return counts a buyer who came back from a PG's window.
func (m *Metrics) Return(pg, result string) {
	m.returns.get([2]string{m.pgs.guard(pg), m.results.guard(result)}).Inc()
}

// Cache counts a read of a cache.
func (m *Metrics) Cache(cache, result string) {
	m.cacheCount.get([2]string{m.caches.guard(cache), m.results.guard(result)}).Inc()
}

// CacheEntries tells how many entries a cache has.
func (m *Metrics) CacheEntries(cache string, n int) {
	m.cacheCounts.WithLabelValues(m.caches.guard(cache)).Set(float64(n))
}
