package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/gateway"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/reload"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// serve runs the gateway until ctx ends. It is one straight line: load, open, join, serve, and the same
// backwards.
func serve(ctx context.Context, o options, out io.Writer) error {
	log, last, err := o.logger()
	if err != nil {
		return err
	}
	defer func() { _ = last.Flush() }()
	registry := metrics.NewRegistry()
	m := metrics.New(registry)
	m.SetBuild(o.version)

	var store *reload.Store
	store, err = newStore(o.configFile, func(r reload.Result) {
		o.follow(store.Current())
		reloaded(store, r, log, m)
	})
	if err != nil {
		return fmt.Errorf("%s is not usable:\n%w", o.configFile, err)
	}
	s := store.Current()
	gateway.PublishRules(s, m)
	o.follow(s)
	warnOf(s, log)
	m.Reloaded(true, time.Now())

	place := journalOf(o.configFile, s.Journal())
	if err := notLeftBehind(s.Journal(), place.Path); err != nil {
		return err
	}
	place.Alone, place.Waiting = true, waiting(log, time.Now)
	j, err := journal.Open(ctx, place)
	if err != nil {
		return fmt.Errorf("opening the journal: %w", err)
	}
	defer func() {
		if err := j.Close(); err != nil {
			log.Error("closing the journal", slog.Any("err", err))
		}
	}()
	client := onewrite.New(onewrite.Options{})
	all := drivers.New(drivers.Options{Now: time.Now, Client: client})
	g, err := gateway.New(gateway.Options{
		Store: store, Journal: j, Drivers: all, OrderHTTP: client,
		Metrics: m, Registry: registry, Log: log, Now: time.Now, Identity: j.Identity, DataDir: dataDir(place),
	})
	if err != nil {
		return err
	}
	listeners, err := gateway.Listen(s)
	if err != nil {
		return err
	}

	var wg sync.WaitGroup
	defer wg.Wait()
	// The sandbox plays the PGs to the end: payments in flight need their answers while the gateway shuts down.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if s.Sandbox().Enabled {
		ln, err := net.Listen("tcp", s.Sandbox().Listen)
		if err != nil {
			return fmt.Errorf("opening the sandbox's listener: %w", err)
		}
		cfg := sandbox.Defaults()
		cfg.InicisNoticeURL, cfg.InicisRetryUnit = depositURL(s, all), sandboxMinute
		cfg.Logger = log
		cfg.HookClient = &http.Client{Timeout: time.Minute}
		cfg.Gateway = sidecarOf(s, listeners)
		wg.Go(func() { runLogged(log, "sandbox", func() error { return sandbox.New(cfg).Run(work, ln) }) })
	}
	wg.Go(func() { runLogged(log, "watching the configuration", func() error { return store.Watch(work) }) })
	wg.Go(func() { reloadOnHangup(work, store) })

	welcome(out, o.version, s, listeners)
	err = g.Run(ctx, listeners)
	log.Info("stopped")
	return err
}

// waiting tells of a journal whose database is away at the start: the shop's pages are served, checkouts are refused.
// Of its tries, which are many, the first that fails is logged, and one a minute after that.
func waiting(log *slog.Logger, now func() time.Time) func(error) {
	var said time.Time
	failures := 0
	return func(err error) {
		// It is tried every second.
		switch failures++; {
		case err == nil:
			log.Info("the journal's database was reached", slog.Int("failures", failures-1))
		case failures == 1 || now().Sub(said) >= time.Minute:
			said = now()
			log.Error("waiting for the journal's database; checkouts are refused until it can be used",
				slog.Int("failures", failures), slog.Any("err", err))
		}
	}
}

func runLogged(log *slog.Logger, what string, run func() error) {
	if err := run(); err != nil && !errors.Is(err, context.Canceled) {
		log.Error(what+" ended", slog.Any("err", err))
	}
}

// triggerHangup is what asks for a reload and can be answered in the log alone.
const triggerHangup = "sighup"

// reloadOnHangup reads the rules again at every SIGHUP.
func reloadOnHangup(ctx context.Context, store *reload.Store) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-hup:
			store.Reload(triggerHangup)
		case <-ctx.Done():
			return
		}
	}
}

// reloaded reports one attempt to load the rules.
func reloaded(store *reload.Store, r reload.Result, log *slog.Logger, m *metrics.Metrics) {
	if back := store.RolledBack(); back == nil {
		m.RolledBack(false)
	} else {
		m.RolledBack(true)
		log.Warn("a rollback is in force: the file on disk still holds the rules that were set aside, "+
			"and a restart takes them",
			slog.String("trigger", back.Trigger), slog.String("version", back.Version), slog.String("set_aside", back.SetAside))
	}
	if r.Err != nil {
		m.Reloaded(false, r.At)
		log.Error("the new rules are not usable; the last good ones stay",
			slog.Any("trigger", r.Trigger), slog.Any("err", r.Err))
		return
	}
	m.Reloaded(true, r.At)
	if !r.Changed {
		if r.Trigger == triggerHangup {
			log.Info("the rules are the same as before", slog.Any("trigger", r.Trigger), slog.Any("version", r.Version))
		}
		return
	}
	gateway.PublishRules(store.Current(), m)
	warnOf(store.Current(), log)
	log.Info("rules loaded", slog.Any("trigger", r.Trigger), slog.Any("version", r.Version))
	if len(r.RestartNeeded) > 0 {
		log.Warn("these sections changed and need a restart", slog.String("sections", strings.Join(r.RestartNeeded, ", ")))
	}
}

// warnOf logs what the rules in force do without.
func warnOf(s *rules.Snapshot, log *slog.Logger) {
	for _, a := range s.PassedOver() {
		log.Warn("a value of the configuration is passed over",
			slog.String("path", a.Path), slog.String("why", a.Msg), slog.String("fix", a.Fix))
	}
}

// dataDir is where the gateway keeps what it makes itself: beside the journal.
func dataDir(place journal.Config) string { return filepath.Dir(place.Path) }

// sandboxMinute is how long a minute is for the sandbox's Inicis when it repeats a notice.
const sandboxMinute = time.Second

// depositURL is where the sandbox's Inicis tells of deposits: at the first PG that has an address for them.
func depositURL(s *rules.Snapshot, all map[payment.DriverName]adapters.Driver) string {
	for _, p := range s.PGs() {
		if path := all[p.Driver].Spec().Routes.Deposits; path != "" && p.Environment == payment.EnvSandbox {
			return s.Server().Public.BaseURL + payment.RouteOf(path, p.ID)
		}
	}
	return ""
}

// sidecarOf is where the sandbox's shop asks this gateway for cancels.
func sidecarOf(s *rules.Snapshot, l gateway.Listeners) (g sandbox.Gateway) {
	if l.Sidecar == nil {
		return g
	}
	at, ok := l.Sidecar.Addr().(*net.TCPAddr)
	if !ok {
		return g
	}
	host := at.IP.String()
	if at.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	g.URL = "http://" + net.JoinHostPort(host, strconv.Itoa(at.Port))
	if tokens := s.Server().Sidecar.Tokens; len(tokens) > 0 {
		g.Token = tokens[0].Reveal()
	}
	return g
}

// welcome tells a person at a terminal where to look.
func welcome(out io.Writer, version string, s *rules.Snapshot, l gateway.Listeners) {
	fmt.Fprintf(out, "pg-gateway %s, rules %s\n", version, s.Version())
	fmt.Fprintf(out, "  checkout  %s/checkout\n", s.Server().Public.BaseURL)
	fmt.Fprintf(out, "  admin     http://%s/metrics  /readyz  /-/reload\n", l.Admin.Addr())
	if l.Sidecar != nil {
		fmt.Fprintf(
			out, "  sidecar   http://%s/portone/...  /iniapi/...  /attempts/...  (for the order service)\n", l.Sidecar.Addr(),
		)
	}
	for _, api := range s.Server().Sidecar.APIs {
		if one := l.APIs[api.PG]; one != nil {
			fmt.Fprintf(out, "  %-9s http://%s/  (its own API, for the order service)\n", api.PG, one.Addr())
		}
	}
	if s.Sandbox().Enabled {
		fmt.Fprintf(out, "  demo shop %s/  (sandbox: http://%s)\n", s.Server().Public.BaseURL, s.Sandbox().Listen)
	}
}
