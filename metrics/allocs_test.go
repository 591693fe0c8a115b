package metrics_test

import (
	"testing"
	"time"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pg-gateway/pg-gateway/metrics"
)

// aliased returns a string that shares b's memory, as Fiber's do.
func aliased(b []byte) string { return unsafe.String(&b[0], len(b)) }

// Not parallel: AllocsPerRun counts what every goroutine allocates.
func TestCallsPerRequestDoNotAllocate(t *testing.T) {
	m := metrics.New(prometheus.NewRegistry())
	m.SetRules(names())
	r := m.Route("checkout", "POST")
	tests := []struct {
		name string
		call func()
	}{
		{"decision", func() { m.Decision(metrics.DecisionForwarded, metrics.ResultOK, "card-main") }},
		{"denial", func() { m.Decision(metrics.DecisionDenied, "METHOD_NOT_LINKED", "") }},
		{"rule", func() { m.RuleMatched("default") }},
		{"intercept", func() { m.Intercept("checkout", metrics.ResultOK) }},
		{"upstream", func() { m.Upstream("inicis", metrics.OperationApprove, metrics.OutcomeOK, 2*time.Second) }},
		{"payment", func() { m.Payment("inicis", "card", "approved", 100) }},
		{"return", func() { m.Return("inicis", metrics.ResultOK) }},
		{"cache", func() { m.Cache("portone_token", metrics.ResultHit) }},
		{"bad input", func() { m.BadInput("DUPLICATE_KEY") }},
		{"route", func() { r.Begin(); r.End("POST", 200, 3*time.Second, time.Second) }},
	}
	for _, tt := range tests {
		tt.call()
		if n := testing.AllocsPerRun(200, tt.call); n != 0 {
			t.Errorf("%s allocates %v times", tt.name, n)
		}
	}
}

func BenchmarkRoute(b *testing.B) {
	m := metrics.New(prometheus.NewRegistry())
	r := m.Route("checkout", "POST")
	b.ReportAllocs()
	for b.Loop() {
		r.Begin()
		r.End("POST", 200, 20*time.Millisecond, 19*time.Millisecond)
	}
}

func BenchmarkDecision(b *testing.B) {
	m := metrics.New(prometheus.NewRegistry())
	m.SetRules(names())
	b.ReportAllocs()
	for b.Loop() {
		m.Decision(metrics.DecisionForwarded, metrics.ResultOK, "card-main")
	}
}
