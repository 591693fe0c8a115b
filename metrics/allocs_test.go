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
	m.SetRules("v", names())
	tests := []struct {
		name string
		call func()
	}{
		{"decision", func() { m.Decision(metrics.DecisionForwarded, metrics.ReasonRouted, "card-main", "default") }},
		{"denial", func() { m.Decision(metrics.DecisionDenied, "METHOD_NOT_LINKED", "", "") }},
		{"intercept", func() { m.Intercepted("checkout", "window") }},
		{"upstream", func() { m.Upstream("inicis", "approve", "ok", 2*time.Second) }},
		{"confirm", func() { m.Confirmed(metrics.AnswerYes) }},
		{"payment", func() { m.Payment("inicis", "card", "approved", 100) }},
		{"return", func() { m.Returned("inicis", "approved") }},
		{"problem", func() { m.Problem("DUPLICATE_KEY") }},
		{"overhead", func() { m.Overhead("checkout", time.Millisecond) }},
		{"request", func() { m.RequestStarted()("checkout", "POST", 200, 3*time.Second) }},
	}
	for _, tt := range tests {
		tt.call()
		if n := testing.AllocsPerRun(200, tt.call); n != 0 {
			t.Errorf("%s allocates %v times", tt.name, n)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	m := metrics.New(prometheus.NewRegistry())
	b.ReportAllocs()
	for b.Loop() {
		m.RequestStarted()("checkout", "POST", 200, 20*time.Millisecond)
	}
}

func BenchmarkDecision(b *testing.B) {
	m := metrics.New(prometheus.NewRegistry())
	m.SetRules("v", names())
	b.ReportAllocs()
	for b.Loop() {
		m.Decision(metrics.DecisionForwarded, metrics.ReasonRouted, "card-main", "default")
	}
}
