package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const namespace = "pg_gateway"

// The sets of children, by number of labels.
type (
	counters1  = set[[1]string, prometheus.Counter]
	counters2  = set[[2]string, prometheus.Counter]
	counters3  = set[[3]string, prometheus.Counter]
	observers1 = set[[1]string, prometheus.Observer]
	observers2 = set[[2]string, prometheus.Observer]
)

// Metrics is every series of the gateway. Its methods are safe for concurrent use.
type Metrics struct {
	// Sets of label values that the configuration closes.
	merchants, rules, pgs, methods, forms allowed
	// Sets of label values that are constants of the program, capped.
	decisions, reasons, operations, outcomes, results, routeNames, intercepts, apiNames capped

	requests     *set[request, requestSeries]
	done         func(route, method string, status int, took time.Duration)
	httpInFlight prometheus.Gauge
	overhead     *observers1
	forwarded    prometheus.Observer
	panics       prometheus.Counter
	unfinished   struct{ client, shop prometheus.Counter }
	// connectionsClosed and connectionsRefused have no sets: their labels are constants.
	connectionsClosed  *prometheus.CounterVec
	connectionsRefused *prometheus.CounterVec
	inFlight           map[Room]prometheus.Gauge
	shed               *prometheus.CounterVec
	originsRefused     *prometheus.CounterVec

	orderServiceUp      *prometheus.GaugeVec
	orderServiceRetries *prometheus.CounterVec

	problems *counters1
	badInput *counters1

	decisionCount    *counters3
	ruleMatches      *counters1
	expressionErrors *counters1
	interceptCount   *counters2
	upstreamCount    *counters3
	upstreamDuration *observers2
	confirmations    *counters1
	payments         *counters3
	paymentWon       *counters2
	returns          *counters2
	webhooks         *counters2
	listedPayments   *counters2
	listedUntil      *prometheus.GaugeVec
	rateLimited      *counters1
	pgWell           *prometheus.GaugeVec
	circuits         *prometheus.GaugeVec
	keptBack         *counters3
	apiCalls         *counters3

	journalAttempts  *prometheus.GaugeVec
	journalWon       *prometheus.GaugeVec
	journalOldest    prometheus.Gauge
	severalJournals  prometheus.Gauge
	foreignWindows   prometheus.Counter
	journalUp        prometheus.Gauge
	unknownWon       prometheus.Gauge
	unknownCount     prometheus.Gauge
	outboxMessages   *prometheus.GaugeVec
	outboxOldest     prometheus.Gauge
	unmatchedEntries *prometheus.GaugeVec
	unmatchedWon     *prometheus.GaugeVec
	unmatchedOldest  *prometheus.GaugeVec
	deliveries       *counters1

	cancels      *counters2
	cancelledWon *counters1
	openCancels  *prometheus.GaugeVec
	// Recoveries of declined charges.
	openRecoveries *prometheus.GaugeVec
	recoverySteps  *prometheus.CounterVec
	openCancelWon  *prometheus.GaugeVec
	oldestCancel   prometheus.Gauge

	reloadOK   prometheus.Gauge
	reloadAt   prometheus.Gauge
	reloads    *counters1
	rolledBack prometheus.Gauge
	configInfo *prometheus.GaugeVec
	buildInfo  *prometheus.GaugeVec
}

// New makes every series and registers it.
func New(reg prometheus.Registerer) *Metrics {
	m := &Metrics{}
	f := factory{reg}
	m.addHTTP(f)
	m.addPayments(f)
	m.addOrderService(f)
	m.addAPI(f)
	m.addJournal(f)
	m.addCancels(f)
	m.addRecoveries(f)
	m.addListing(f)
	m.addConfig(f)
	m.preCreate()
	return m
}

// NewRegistry returns a registry with the series of the Go runtime and the process.
func NewRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// Handler serves what g gathers.
func Handler(g prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(g, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// factory makes and registers vectors.
type factory struct{ reg prometheus.Registerer }

func (f factory) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.reg.MustRegister(v)
	return v
}

func (f factory) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.reg.MustRegister(v)
	return v
}

// histogram makes a classic histogram that is a native one too, for scrapers that ask for that.
func (f factory) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}, labels)
	f.reg.MustRegister(v)
	return v
}

// requestBuckets reach to 30 s: approvals of Korean PGs may take that long.
func requestBuckets() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}
}

// overheadBuckets show that the gateway itself is cheap.
func overheadBuckets() []float64 {
	return []float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1}
}

func setOf1(v *prometheus.CounterVec) *counters1 {
	return &counters1{
		resolve: func(k [1]string) prometheus.Counter { return v.WithLabelValues(k[0]) },
		remove:  func(k [1]string) { v.DeleteLabelValues(k[0]) },
	}
}

func setOf2(v *prometheus.CounterVec) *counters2 {
	return &counters2{
		resolve: func(k [2]string) prometheus.Counter { return v.WithLabelValues(k[0], k[1]) },
		remove:  func(k [2]string) { v.DeleteLabelValues(k[0], k[1]) },
	}
}

func setOf3(v *prometheus.CounterVec) *counters3 {
	return &counters3{
		resolve: func(k [3]string) prometheus.Counter { return v.WithLabelValues(k[0], k[1], k[2]) },
		remove:  func(k [3]string) { v.DeleteLabelValues(k[0], k[1], k[2]) },
	}
}

func durationsOf1(v *prometheus.HistogramVec) *observers1 {
	return &observers1{
		resolve: func(k [1]string) prometheus.Observer { return v.WithLabelValues(k[0]) },
		remove:  func(k [1]string) { v.DeleteLabelValues(k[0]) },
	}
}

func durationsOf2(v *prometheus.HistogramVec) *observers2 {
	return &observers2{
		resolve: func(k [2]string) prometheus.Observer { return v.WithLabelValues(k[0], k[1]) },
		remove:  func(k [2]string) { v.DeleteLabelValues(k[0], k[1]) },
	}
}
