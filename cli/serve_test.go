package cli

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/reload"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// TestARollbackIsLoggedAndMeasured, until a reload ends it.
func TestARollbackIsLoggedAndMeasured(t *testing.T) {
	t.Parallel()
	text := fixture.Text()
	path := filepath.Join(t.TempDir(), "config.yaml")
	save := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save(text)
	var lines bytes.Buffer
	log, registry := slog.New(slog.NewTextHandler(&lines, nil)), prometheus.NewRegistry()
	m := metrics.New(registry)
	var store *reload.Store
	store, err := newStore(path, func(r reload.Result) { reloaded(store, r, log, m) })
	if err != nil {
		t.Fatal(err)
	}
	first := store.Current().Version()
	save(text + "# another\n")
	store.Reload("test")
	if got := gauge(t, registry, "pg_gateway_config_rollback_in_force"); got != 0 {
		t.Errorf("before a rollback: %v", got)
	}
	store.Rollback(first, "rollback by kim")
	if got := gauge(t, registry, "pg_gateway_config_rollback_in_force"); got != 1 {
		t.Errorf("with a rollback in force: %v", got)
	}
	if !strings.Contains(lines.String(), "the file on disk still holds the rules that were set aside") || !strings.Contains(lines.String(), "rollback by kim") {
		t.Errorf("the log says\n%s", lines.String())
	}
	store.Reload("test")
	if got := gauge(t, registry, "pg_gateway_config_rollback_in_force"); got != 0 {
		t.Errorf("after a reload: %v", got)
	}
}

// TestAHangupIsAnsweredInTheLog, also when the file is as it was. What nobody asked for is not.
func TestAHangupIsAnsweredInTheLog(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	log, m := slog.New(slog.NewTextHandler(&lines, nil)), metrics.New(prometheus.NewRegistry())
	var store *reload.Store
	path := filepath.Join(t.TempDir(), "config.yaml")
	put(t, path, fixture.Text())
	store, err := newStore(path, func(r reload.Result) { reloaded(store, r, log, m) })
	if err != nil {
		t.Fatal(err)
	}
	if store.Reload("poll"); lines.Len() > 0 {
		t.Errorf("a look-up of an unchanged file says\n%s", lines.String())
	}
	store.Reload(triggerHangup)
	if got := lines.String(); !strings.Contains(got, "the rules are the same as before") || !strings.Contains(got, store.Current().Version()) {
		t.Errorf("the log says %q", got)
	}
}

// TestTheLogLevelFollowsTheRules, unless the flag says something.
func TestTheLogLevelFollowsTheRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ flag, file, want string }{
		{"", "debug", "DEBUG"}, {"", "warn", "WARN"}, {"", "error", "ERROR"}, {"", "info", "INFO"}, {"warn", "debug", "WARN"},
	} {
		text := fixture.Text(func(c *fixture.Config) { c.Telemetry.LogLevel = tt.file })
		l, err := newLoader()
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Parse("config.yaml", []byte(text), rules.Sources{})
		if err != nil {
			t.Fatal(err)
		}
		var o options
		o.flags(pflag.NewFlagSet("", pflag.ContinueOnError))
		o.logLevel = tt.flag
		if _, _, err := o.logger(); err != nil {
			t.Fatal(err)
		}
		if o.follow(s); o.level.Level().String() != tt.want {
			t.Errorf("flag %q, file %s: %s", tt.flag, tt.file, o.level.Level())
		}
	}
}

// gauge reads a series without labels.
func gauge(t *testing.T, g prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no series %s", name)
	return 0
}

// TestWaitingForTheDatabaseFillsNoLog: every second it is tried, and once a minute it is said.
func TestWaitingForTheDatabaseFillsNoLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	now := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	heard := waiting(slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	for range 150 {
		heard(journal.ErrUnavailable)
		now = now.Add(time.Second)
	}
	heard(nil)
	for what, n := range map[string]int{
		"level=ERROR": 3, " failures=1 ": 1, " failures=61 ": 1, " failures=121 ": 1, "was reached\" failures=150": 1,
	} {
		if got := strings.Count(log.String(), what); got != n {
			t.Errorf("%q stands there %d times, want %d:\n%s", what, got, n, log.String())
		}
	}
}
