package metrics

// RetryReason is why a request was sent to another address of the order service: nothing of it had been sent.
type RetryReason string

// The reasons: the address could not be connected to, or had as many requests under way as may be.
const (
	RetryUnreachable RetryReason = "unreachable"
	RetryBusy        RetryReason = "busy"
)

func (m *Metrics) addOrderService(f factory) {
	m.orderServiceUp = f.gauge("order_service_up",
		"Whether an address of the order service gets requests (1), or is left out for being away or unwell (0).", "address")
	m.orderServiceRetries = f.counter("order_service_retries_total",
		"GET and HEAD requests that went to another address of the order service, since nothing of them had been sent to "+
			"the first.", "reason")
	for _, why := range []RetryReason{RetryUnreachable, RetryBusy} {
		m.orderServiceRetries.WithLabelValues(string(why))
	}
}

// OrderServiceUp records whether an address of the order service gets requests.
func (m *Metrics) OrderServiceUp(address string, up bool) {
	value := 0.0
	if up {
		value = 1
	}
	m.orderServiceUp.WithLabelValues(address).Set(value)
}

// OrderServiceGone forgets an address that the rules do not have any more.
func (m *Metrics) OrderServiceGone(address string) { m.orderServiceUp.DeleteLabelValues(address) }

// OrderServiceRetried counts a request that went to another address.
func (m *Metrics) OrderServiceRetried(why RetryReason) {
	m.orderServiceRetries.WithLabelValues(string(why)).Inc()
}
