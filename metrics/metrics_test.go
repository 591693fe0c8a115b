package metrics_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/pg-gateway/pg-gateway/metrics"
)

var update = flag.Bool("update", false, "rewrite testdata/metrics.golden")

func names() metrics.Names {
	return metrics.Names{
		PGs: []string{"inicis", "portone"}, Merchants: []string{"card-main", "card-second"},
		Methods: []string{"card", "trans"}, Rules: []string{"default", "big-orders"},
	}
}

func useEverything(m *metrics.Metrics) {
	m.SetRules("000000000000", names())
	m.SetRules("0123456789ab", names())
	m.RequestStarted()("checkout", "POST", 200, 20*time.Millisecond)
	m.RequestStarted()("checkout", "PROPFIND", 999, time.Millisecond)
	m.Overhead("checkout", 2*time.Millisecond)
	m.Forwarded(3 * time.Millisecond)
	m.ConnectionClosed("public", "per_address")
	m.ConnectionRefused("public", "full", true)
	m.InFlight(metrics.RoomForwarded, 3)
	m.Shed(metrics.RoomForwarded, metrics.ShedUploads)
	m.OrderServiceUp("10.0.0.2:8080", true)
	m.OrderServiceUp("10.0.0.3:8080", true)
	m.OrderServiceUp("10.0.0.3:8080", false)
	m.OrderServiceUp("10.0.0.4:8080", true)
	m.OrderServiceGone("10.0.0.4:8080")
	m.OrderServiceRetried(metrics.RetryUnreachable)
	m.OriginRefused(metrics.EndpointCheckout, metrics.OriginSameSite)
	m.Decision(metrics.DecisionForwarded, metrics.ReasonRouted, "card-main", "default")
	m.Decision(metrics.DecisionForwarded, metrics.ReasonInternal, "", "")
	m.Decision(metrics.DecisionDenied, "METHOD_NOT_LINKED", "", "")
	m.Intercepted("checkout", "window")
	m.APICall("inicis", "payments_cancel", metrics.APIAnswered)
	m.Upstream("inicis", "approve", "ok", 300*time.Millisecond)
	m.Circuit("inicis", "approve", "half_open")
	m.KeptBack("inicis", "approve", "half_open")
	m.Confirmed(metrics.AnswerYes)
	m.Payment("inicis", "card", "approved", 15_000)
	m.Payment("portone", "trans", "declined", 9_000)
	m.Returned("inicis", "approved")
	m.Webhook("portone", metrics.WebhookAccepted)
	m.Webhook("nobody", metrics.WebhookForged)
	m.Listed("portone", "agrees", 3)
	m.ListedUntil("portone", time.Unix(1_700_000_003, 0))
	m.ListedUntil("inicis", time.Time{})
	m.JournalState("opened", 3, 30_000)
	m.JournalState("unknown", 1, 15_000)
	m.JournalUp(false)
	m.JournalUp(true)
	m.Unknown(2, 25_000)
	m.SeveralJournals(true)
	m.SeveralJournals(false)
	m.OldestOpen(90 * time.Second)
	m.Outbox(2, 1)
	m.OutboxOldest(20 * time.Second)
	m.UnmatchedPayments("unknown", 1, 15_000, 5*time.Minute)
	m.UnmatchedPayments("flagged", 0, 0, 0)
	m.Delivered(metrics.ResultDelivered)
	m.Reloaded(true, time.Unix(1_700_000_001, 0))
	m.Reloaded(false, time.Unix(1_700_000_002, 0))
	m.SetBuild("v0.1.0")
	m.Panicked()
	m.Problem("DUPLICATE_KEY")
	m.Problem("JOURNAL_UNAVAILABLE")
}

func exposition(t *testing.T, g prometheus.Gatherer) string {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range families {
		withoutBuild(f)
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// withoutBuild drops what differs from build to build.
func withoutBuild(f *dto.MetricFamily) {
	if f.GetName() != "pg_gateway_build_info" {
		return
	}
	for _, l := range f.GetMetric()[0].GetLabel() {
		if l.GetName() != "version" {
			l.Value = new("x")
		}
	}
}

func TestExpositionIsGolden(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	useEverything(metrics.New(reg))
	got := exposition(t, reg)
	golden := filepath.Join("testdata", "metrics.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("exposition (-want +got), run with -update when meant\n%s", d)
	}
}

func TestNamesAndHelpAreLintFree(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	useEverything(metrics.New(reg))
	problems, err := testutil.GatherAndLint(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestHistogramsAreNativeToo(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	useEverything(metrics.New(reg))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if h := m.GetHistogram(); h != nil && (h.Schema == nil || len(h.GetBucket()) == 0) {
				t.Errorf("%s is not classic and native", f.GetName())
			}
		}
	}
}

func TestUnconfiguredValuesMakeNoSeries(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	m.SetRules("v", names())
	flood := func(from, to int) {
		for i := from; i < to; i++ {
			odd := fmt.Sprintf("guess-%d", i)
			m.Decision(odd, odd, odd, odd)
			m.Intercepted(odd, odd)
			m.Upstream(odd, odd, odd, time.Second)
			m.Confirmed(odd)
			m.Payment(odd, odd, odd, 1)
			m.Returned(odd, odd)
			m.Delivered(odd)
			m.Problem(odd)
			m.Overhead(odd, time.Second)
			m.RequestStarted()(odd, odd, i, time.Second)
		}
	}
	flood(0, 2_000)
	before, err := testutil.GatherAndCount(reg)
	if err != nil {
		t.Fatal(err)
	}
	flood(2_000, 6_000)
	after, err := testutil.GatherAndCount(reg)
	if err != nil {
		t.Fatal(err)
	}
	if after != before {
		t.Errorf("%d series grew to %d", before, after)
	}
	text := exposition(t, reg)
	for _, label := range []string{`merchant="guess`, `rule="guess`, `method="guess`, `upstream_requests_total{pg="guess`, `bad_input_total{code="guess`} {
		if strings.Contains(text, label) {
			t.Errorf("an unconfigured value became a label: %s", label)
		}
	}
	if !strings.Contains(text, `merchant="_other"`) {
		t.Error("an unconfigured merchant is not counted as _other")
	}
}

func TestDataIsNoLabelValue(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	for _, odd := range []string{"buyer@example.com", "홍길동", "a b", strings.Repeat("a", 41), "x\"y"} {
		m.Problem(odd)
	}
	want := "# HELP pg_gateway_problems_total Problems answered, by problem code.\n" +
		"# TYPE pg_gateway_problems_total counter\npg_gateway_problems_total{code=\"_other\"} 5\n"
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "pg_gateway_problems_total"); err != nil {
		t.Error(err)
	}
}

func TestReloadDropsRemovedNamesAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	useEverything(m)
	n := names()
	n.PGs, n.Merchants, n.Rules = []string{"inicis"}, []string{"card-main", "card-third"}, []string{"default"}
	m.SetRules("v", n)
	text := exposition(t, reg)
	for _, gone := range []string{`pg="portone"`, `merchant="card-second"`, `rule="big-orders"`} {
		if strings.Contains(text, gone) {
			t.Errorf("%s is still there", gone)
		}
	}
	for _, kept := range []string{
		`pg_gateway_decisions_total{decision="forwarded",merchant="card-main",reason="routed"} 1`,
		`pg_gateway_decisions_total{decision="forwarded",merchant="card-third",reason="routed"} 0`,
		`pg_gateway_payments_total{method="card",outcome="approved",pg="inicis"} 1`,
	} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is missing", kept)
		}
	}
	m.Payment("portone", "card", "approved", 10)
	if !strings.Contains(exposition(t, reg), `pg_gateway_payments_total{method="card",outcome="approved",pg="_other"} 1`) {
		t.Error("a payment of a removed PG is lost")
	}
}

func TestLabelsDoNotAliasTheCallersBuffer(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	buf := []byte("SOME_CODE")
	m.Problem(aliased(buf))
	copy(buf, "XXXXXXXXX")
	m.Problem("SOME_CODE")
	if text := exposition(t, reg); !strings.Contains(text, `pg_gateway_problems_total{code="SOME_CODE"} 2`) {
		t.Errorf("the label changed with the buffer:\n%s", text)
	}
}

func TestCountersAddUpUnderConcurrency(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	m.SetRules("v", names())
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 500 {
				m.RequestStarted()("checkout", "POST", 200+i%7, time.Millisecond)
				m.Payment("inicis", "card", "approved", 2)
				if g == 0 && i%100 == 0 {
					m.SetRules("v", names())
				}
			}
		})
	}
	wg.Wait()
	text := exposition(t, reg)
	for _, want := range []string{
		`pg_gateway_payments_total{method="card",outcome="approved",pg="inicis"} 4000`,
		`pg_gateway_payment_amount_won_total{method="card",pg="inicis"} 8000`,
		`pg_gateway_http_requests_in_flight 0`,
		`pg_gateway_http_request_duration_seconds_count{code_class="2xx",method="POST",route="checkout"} 4000`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestHandlerServesTheRuntimeToo(t *testing.T) {
	t.Parallel()
	reg := metrics.NewRegistry()
	metrics.New(reg)
	rec := httptest.NewRecorder()
	metrics.Handler(reg).ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{"go_goroutines", "pg_gateway_panics_total"} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s is missing", want)
		}
	}
}
