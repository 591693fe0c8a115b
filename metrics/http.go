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
	m.httpInFlight = f.gauge("http_requests_in_flight", "Requests being worked on.", "route")
	m.overhead = f.histogram("overhead_duration_seconds",
		"Time a request spent in the gateway itself: total less upstreams.", overheadBuckets(), "route")
	m.panics = f.counter("panics_total", "Panics recovered; each is a bug.").WithLabelValues()
	m.badInput = setOf1(f.counter("bad_input_total", "Requests refused for their form, by problem code.", "code"))
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

// Route is the series of one route, resolved beforehand. Make it once, when the route is added.
type Route struct {
	m        *Metrics
	name     string
	inFlight prometheus.Gauge
	overhead prometheus.Observer
	methods  [8]methodSeries
}

// methodSeries are filled in as codes occur: at most one series per method and code.
type methodSeries struct {
	codes   [maxCode - minCode + 1]atomic.Pointer[prometheus.Counter]
	other   atomic.Pointer[prometheus.Counter]
	classes [6]atomic.Pointer[prometheus.Observer]
}

// Route returns the series of the route called name, with those of the methods that it is for made at once,
// so that a rate sees zero before the first error.
func (m *Metrics) Route(name string, methods ...string) *Route {
	r := &Route{m: m, name: name, inFlight: m.httpInFlight.WithLabelValues(name), overhead: m.overhead.WithLabelValues(name)}
	for _, method := range methods {
		i := methodIndex(method)
		r.counter(i, 200)
		r.counter(i, 500)
		r.observer(i, 200)
	}
	return r
}

// Begin counts a request in.
func (r *Route) Begin() { r.inFlight.Inc() }

// End counts it out. total is the whole time to the answer, upstream the part of it spent waiting for others.
func (r *Route) End(method string, code int, total, upstream time.Duration) {
	r.inFlight.Dec()
	i := methodIndex(method)
	r.counter(i, code).Inc()
	r.observer(i, code).Observe(total.Seconds())
	r.overhead.Observe(max(total-upstream, 0).Seconds())
}

func (r *Route) counter(method, code int) prometheus.Counter {
	slot, label := &r.methods[method].other, Other
	if code >= minCode && code <= maxCode {
		slot = &r.methods[method].codes[code-minCode]
	}
	if c := slot.Load(); c != nil {
		return *c
	}
	if code >= minCode && code <= maxCode {
		label = strconv.Itoa(code)
	}
	c := r.m.httpRequests.WithLabelValues(r.name, httpMethods()[method], label)
	slot.Store(&c)
	return c
}

func (r *Route) observer(method, code int) prometheus.Observer {
	class := code / 100
	if class < 1 || class > 5 {
		class = 0
	}
	slot := &r.methods[method].classes[class]
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

// Panic counts a panic that was recovered.
func (m *Metrics) Panic() { m.panics.Inc() }

// BadInput counts a request that was refused for its form, by problem code.
func (m *Metrics) BadInput(code string) { m.badInput.get([1]string{m.badCodes.guard(code)}).Inc() }
