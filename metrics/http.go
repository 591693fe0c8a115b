package metrics

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func (m *Metrics) addHTTP(f factory) {
	m.httpRequests = f.counter("http_requests_total",
		"Requests answered, by our route name, method and status code.", "route", "method", "code")
	m.httpDurations = f.histogram("http_request_duration_seconds",
		"Time to answer a request, upstreams included.", requestBuckets(), "route", "method", "code_class")
	m.httpInFlight = f.gauge("http_requests_in_flight", "Requests being worked on.").WithLabelValues()
	m.overhead = durationsOf1(f.histogram("overhead_duration_seconds",
		"Time a request spent in the gateway itself: total less upstreams.", overheadBuckets(), "route"))
	m.forwarded = f.histogram("forwarded_request_duration_seconds",
		"Time the order service took to answer a forwarded request.", requestBuckets()).WithLabelValues()
	m.panics = f.counter("panics_total", "Panics recovered; each is a bug.").WithLabelValues()
	m.connectionsClosed = f.counter("connections_closed_total",
		"Connections that a listener closed to have room, or could not take.", "listener", "reason")
	m.problems = setOf1(f.counter("problems_total", "Problems answered, by problem code.", "code"))
	m.badInput = setOf1(f.counter("bad_input_total", "Requests refused for their form, by problem code.", "code"))
	m.routes = &set[[1]string, *route]{resolve: func(k [1]string) *route { return &route{m: m, name: k[0]} }}
	m.done = m.requestDone
}

// httpMethods are the method label's values; the last stands for every other one.
func httpMethods() [8]string {
	return [8]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", Other}
}

func methodIndex(method string) int {
	switch method {
	case "GET":
		return 0
	case "HEAD":
		return 1
	case "POST":
		return 2
	case "PUT":
		return 3
	case "PATCH":
		return 4
	case "DELETE":
		return 5
	case "OPTIONS":
		return 6
	}
	return 7
}

// The status codes that have a series of their own.
const (
	minCode = 100
	maxCode = 599
)

// route is the series of one route. They are filled in as methods and codes occur, at most one per pair.
type route struct {
	m       *Metrics
	name    string
	methods [8]atomic.Pointer[methodSeries]
}

type methodSeries struct {
	codes   [maxCode - minCode + 1]atomic.Pointer[prometheus.Counter]
	other   atomic.Pointer[prometheus.Counter]
	classes [6]atomic.Pointer[prometheus.Observer]
}

// RequestStarted counts a request in and returns the function that counts it out, to be called once, with our
// name of the route, the method, the status and the whole time to the answer.
func (m *Metrics) RequestStarted() func(route, method string, status int, took time.Duration) {
	m.httpInFlight.Inc()
	return m.done
}

func (m *Metrics) requestDone(name, method string, status int, took time.Duration) {
	m.httpInFlight.Dec()
	r := m.routes.get([1]string{m.routeNames.guard(name)})
	i := methodIndex(method)
	s := r.series(i)
	r.counter(s, i, status).Inc()
	r.observer(s, i, status).Observe(took.Seconds())
}

// Overhead records the time that a request spent in the gateway itself.
func (m *Metrics) Overhead(name string, own time.Duration) {
	m.overhead.get([1]string{m.routeNames.guard(name)}).Observe(max(own, 0).Seconds())
}

// Forwarded records how long the order service took to answer a forwarded request.
func (m *Metrics) Forwarded(took time.Duration) { m.forwarded.Observe(took.Seconds()) }

// series returns those of a method. The first request of a method makes the counters of 200 and 500 as well,
// so that a rate sees zero before the first error.
func (r *route) series(method int) *methodSeries {
	if s := r.methods[method].Load(); s != nil {
		return s
	}
	s := &methodSeries{}
	if !r.methods[method].CompareAndSwap(nil, s) {
		return r.methods[method].Load()
	}
	r.counter(s, method, 200)
	r.counter(s, method, 500)
	return s
}

func (r *route) counter(s *methodSeries, method, status int) prometheus.Counter {
	slot, label := &s.other, Other
	known := status >= minCode && status <= maxCode
	if known {
		slot = &s.codes[status-minCode]
	}
	if c := slot.Load(); c != nil {
		return *c
	}
	if known {
		label = strconv.Itoa(status)
	}
	c := r.m.httpRequests.WithLabelValues(r.name, httpMethods()[method], label)
	slot.Store(&c)
	return c
}

func (r *route) observer(s *methodSeries, method, status int) prometheus.Observer {
	class := status / 100
	if class < 1 || class > 5 {
		class = 0
	}
	slot := &s.classes[class]
	if o := slot.Load(); o != nil {
		return *o
	}
	label := Other
	if class > 0 {
		label = strconv.Itoa(class) + "xx"
	}
	o := r.m.httpDurations.WithLabelValues(r.name, httpMethods()[method], label)
	slot.Store(&o)
	return o
}

// Panicked counts a panic that was recovered.
func (m *Metrics) Panicked() { m.panics.Inc() }

// formCodes are the problem codes that say that a request was malformed or forged.
func formCodes() []string {
	return []string{
		"INVALID_JSON", "DUPLICATE_KEY", "NOT_UTF8", "INVALID_FIELD", "MISSING_FIELD", "BODY_TOO_LARGE",
		"UNSUPPORTED_MEDIA_TYPE", "UNKNOWN_METHOD", "IDEMPOTENCY_KEY_INVALID", "IDEMPOTENCY_KEY_REUSED", "TWO_PRIMARIES", "SUM_MISMATCH", "RETURN_URL_NOT_ALLOWED",
		"AMOUNT_MISMATCH", "RETURN_FORGED", "RETURN_EXPIRED", "RETURN_REPLAYED", "AUTH_URL_REFUSED",
	}
}

// Problem counts a problem that was answered; one about a request's form counts as bad input too.
func (m *Metrics) Problem(code string) {
	m.problems.get([1]string{m.reasons.guard(code)}).Inc()
	if own := m.forms.guard(code); own != Other && own != None {
		m.badInput.get([1]string{own}).Inc()
	}
}

// ConnectionClosed counts a connection that a listener closed, or could not take.
func (m *Metrics) ConnectionClosed(listener, reason string) {
	m.connectionsClosed.WithLabelValues(listener, reason).Inc()
}
