package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func (m *Metrics) addHTTP(f factory) {
	counts := f.counter("http_requests_total",
		"Requests answered, by our route name, method and status code.", "route", "method", "code")
	durations := f.histogram("http_request_duration_seconds",
		"Time to answer a request, upstreams included.", requestBuckets(), "route", "method", "code_class")
	m.httpInFlight = f.gauge("http_requests_in_flight", "Requests being worked on.").WithLabelValues()
	m.overhead = durationsOf1(f.histogram("overhead_duration_seconds",
		"Time a request spent in the gateway itself: total less upstreams.", overheadBuckets(), "route"))
	m.forwarded = f.histogram("forwarded_request_duration_seconds",
		"Time the order service took to answer a forwarded request.", requestBuckets()).WithLabelValues()
	m.panics = f.counter("panics_total", "Panics recovered; each is a bug.").WithLabelValues()
	m.connectionsClosed = f.counter("connections_closed_total",
		"Connections that a listener closed to have room, or could not take.", "listener", "reason")
	m.connectionsRefused = f.counter("connections_refused_total",
		"New connections that found no room, by whether they were answered (503) or closed without a word.",
		"listener", "reason", "answered")
	inFlight := f.gauge("in_flight_requests",
		"Requests of the public listener that are under way, by what they have room of.", "room")
	m.shed = f.counter("requests_shed_total",
		"Requests refused at once (503) since as many as may be were under way, by room and whose share was used up.",
		"room", "reason")
	m.inFlight = map[Room]prometheus.Gauge{}
	m.inFlight[RoomLookUps] = inFlight.WithLabelValues(string(RoomLookUps))
	m.shed.WithLabelValues(string(RoomLookUps), string(ShedFull))
	for _, r := range []Room{RoomForwarded, RoomCheckouts, RoomReturns, RoomTunnels} {
		m.inFlight[r] = inFlight.WithLabelValues(string(r))
		for _, why := range []ShedReason{ShedFull, ShedClient} {
			m.shed.WithLabelValues(string(r), string(why))
		}
	}
	m.shed.WithLabelValues(string(RoomForwarded), string(ShedUploads))
	m.shed.WithLabelValues(string(RoomShop), string(ShedFull))
	m.originsRefused = f.counter("origin_refused_total",
		"Requests of web pages refused for their origin (403 ORIGIN_NOT_ALLOWED), by endpoint and what the browser said "+
			"of it.",
		"endpoint", "reason")
	for _, endpoint := range []Endpoint{EndpointCheckout, EndpointComplete} {
		for _, why := range originReasons() {
			m.originsRefused.WithLabelValues(string(endpoint), string(why))
		}
	}
	unfinished := f.counter("forwarded_unfinished_total",
		"Answers of the order service that did not reach the caller whole, by who broke off.", "by")
	m.unfinished.client = unfinished.WithLabelValues("client")
	m.unfinished.shop = unfinished.WithLabelValues("order_service")
	m.problems = setOf1(f.counter("problems_total", "Problems answered, by problem code.", "code"))
	m.badInput = setOf1(f.counter("bad_input_total", "Requests refused for their form, by problem code.", "code"))
	m.requests = &set[request, requestSeries]{resolve: func(k request) requestSeries {
		// A rate of errors sees zero before the first one.
		counts.WithLabelValues(k.route, k.method, "200")
		counts.WithLabelValues(k.route, k.method, "500")
		code, class := Other, Other
		if k.status > 0 {
			code, class = strconv.Itoa(k.status), strconv.Itoa(k.status/100)+"xx"
		}
		return requestSeries{
			counts.WithLabelValues(k.route, k.method, code), durations.WithLabelValues(k.route, k.method, class),
		}
	}}
	m.done = m.requestDone
}

// httpMethod is our own copy of the method label's value.
func httpMethod(method string) string {
	for _, own := range [...]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		if own == method {
			return own
		}
	}
	return Other
}

// request is what the series of an answered request are told apart by. A status that HTTP does not have is 0.
type request struct {
	route, method string
	status        int
}

type requestSeries struct {
	count prometheus.Counter
	took  prometheus.Observer
}

// RequestStarted counts a request in and returns the function that counts it out, to be called once, with our
// name of the route, the method, the status and the whole time to the answer.
func (m *Metrics) RequestStarted() func(route, method string, status int, took time.Duration) {
	m.httpInFlight.Inc()
	return m.done
}

func (m *Metrics) requestDone(name, method string, status int, took time.Duration) {
	m.httpInFlight.Dec()
	// X2BEE answers business errors with 900, among others: what HTTP does not have is one value.
	if status < 100 || status > 599 {
		status = 0
	}
	r := m.requests.get(request{m.routeNames.guard(name), httpMethod(method), status})
	r.count.Inc()
	r.took.Observe(took.Seconds())
}

// Overhead records the time that a request spent in the gateway itself.
func (m *Metrics) Overhead(name string, own time.Duration) {
	m.overhead.get([1]string{m.routeNames.guard(name)}).Observe(max(own, 0).Seconds())
}

// Forwarded records how long the order service took to answer a forwarded request.
func (m *Metrics) Forwarded(took time.Duration) { m.forwarded.Observe(took.Seconds()) }

// ForwardedLeft counts an answer whose caller did not wait for its end.
func (m *Metrics) ForwardedLeft() { m.unfinished.client.Inc() }

// ForwardedBroken counts an answer that the order service broke off.
func (m *Metrics) ForwardedBroken() { m.unfinished.shop.Inc() }

// Panicked counts a panic that was recovered.
func (m *Metrics) Panicked() { m.panics.Inc() }

// formCodes are the problem codes that say that a request was malformed or forged.
func formCodes() []string {
	return []string{
		"INVALID_JSON", "DUPLICATE_KEY", "NOT_UTF8", "INVALID_FIELD", "MISSING_FIELD", "BODY_TOO_LARGE",
		"UNSUPPORTED_MEDIA_TYPE", "UNKNOWN_METHOD", "IDEMPOTENCY_KEY_INVALID", "IDEMPOTENCY_KEY_REUSED", "TWO_PRIMARIES",
		"SUM_MISMATCH", "RETURN_URL_NOT_ALLOWED", "APP_SCHEME_NOT_ALLOWED", "AMOUNT_MISMATCH", "RETURN_FORGED",
		"RETURN_EXPIRED", "RETURN_REPLAYED", "AUTH_URL_REFUSED",
	}
}

// Problem counts a problem that was answered; one about a request's form counts as bad input too.
func (m *Metrics) Problem(code string) {
	m.problems.get([1]string{m.reasons.guard(code)}).Inc()
	if own := m.forms.guard(code); own != Other && own != None {
		m.badInput.get([1]string{own}).Inc()
	}
}

// Room is what requests have room of, each kind its own.
type Room string

// The rooms. RoomTunnels is that of upgraded connections, RoomLookUps that of order look-ups, RoomShop that of the
// other connections to the order service.
const (
	RoomForwarded Room = "forwarded"
	RoomCheckouts Room = "checkouts"
	RoomReturns   Room = "returns"
	RoomTunnels   Room = "tunnels"
	RoomLookUps   Room = "order_lookups"
	RoomShop      Room = "order_service"
)

// ShedReason is why a request found no room.
type ShedReason string

// The reasons: there is none, the client has its share, or slow uploads have theirs.
const (
	ShedFull    ShedReason = "full"
	ShedClient  ShedReason = "client"
	ShedUploads ShedReason = "uploads"
)

// InFlight records how many requests are under way in a room.
func (m *Metrics) InFlight(r Room, n int) { m.inFlight[r].Set(float64(n)) }

// Shed counts a request that found no room.
func (m *Metrics) Shed(r Room, why ShedReason) { m.shed.WithLabelValues(string(r), string(why)).Inc() }

// ConnectionClosed counts a connection that a listener closed, or could not take.
func (m *Metrics) ConnectionClosed(listener, reason string) {
	m.connectionsClosed.WithLabelValues(listener, reason).Inc()
}

// ConnectionRefused counts a new connection for which a listener had no room.
func (m *Metrics) ConnectionRefused(listener, reason string, answered bool) {
	m.connectionsRefused.WithLabelValues(listener, reason, strconv.FormatBool(answered)).Inc()
}
