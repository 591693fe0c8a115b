// Package gateway is the Fiber apps and what joins the rooms: it parses what browsers send, asks the rules and
// the order service, forwards to the shop, wakes the lifecycle, and answers.
//
// It must not decide: anything with a business word in an if belongs to rules, anything with a PG's word to
// that PG's driver.
package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"
	"golang.org/x/sync/singleflight"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/reload"
	"github.com/pg-gateway/pg-gateway/rules"
)

// Journal is what the gateway needs of the journal; *journal.Journal has it.
type Journal interface {
	lifecycle.Journal
	lifecycle.AttemptQueue
	lifecycle.UnmatchedQueue
	lifecycle.Outbox
	lifecycle.Pruner
	CancelStore
	RecoveryStore
	KeyStore
	CardStore
	lifecycle.ListingJournal
	Insert(ctx context.Context, a payment.Attempt, ev journal.Event, bound ...journal.Windows) error
	AttemptsOf(ctx context.Context, order payment.OrderID) ([]payment.Attempt, error)
	StatesOf(ctx context.Context, order payment.OrderID) ([]journal.AttemptState, error)
	Subscriptions(
		ctx context.Context, what journal.Subscriptions, f journal.ListFilter,
	) ([]payment.Attempt, error)
	Replan(ctx context.Context, p journal.Plan) error
	IntendChange(ctx context.Context, id payment.AttemptID, c journal.Change, now time.Time) error
	Remembers() bool
	Ping(ctx context.Context) error
	Stats(ctx context.Context) (journal.Stats, error)
}

// CancelStore keeps cancels of paid attempts, for all pods; *journal.Journal has it.
type CancelStore interface {
	lifecycle.CancelJournal
	lifecycle.CancelQueue
	CancelStats(ctx context.Context) ([]journal.CancelStats, error)
}

// Options are what a gateway is made of.
type Options struct {
	// Store holds the rules and reloads them. Its snapshots are made ready by Prepare.
	Store *reload.Store
	// Journal must be open; Run closes nothing that it did not open.
	Journal Journal
	Drivers map[payment.DriverName]adapters.Driver
	// OrderHTTP speaks to the order service.
	OrderHTTP *http.Client
	// LookUp looks orders up there; nil means connections that are kept for that.
	LookUp   orders.Get
	Metrics  *metrics.Metrics
	Registry *prometheus.Registry
	Log      *slog.Logger
	Now      func() time.Time
	// Identity tells which journal this is. Without it other processes with a journal of their own are not noticed.
	Identity func() journal.Identity
	// DialAPI opens the connections by which calls of PGs' own APIs are handed on; nil means TCP.
	DialAPI func(address string) (net.Conn, error)
	// Spread spreads what is to be done again; nil means payment.Spread.
	Spread func(id string, try int, d time.Duration) time.Duration
	// DataDir keeps the token key when none is configured.
	DataDir string
}

// Gateway serves one configuration. Make it with New, then Run it once.
type Gateway struct {
	store     *reload.Store
	journal   Journal
	drivers   map[payment.DriverName]adapters.Driver
	orderHTTP *http.Client
	// lookUpBy is nil unless Options say who looks orders up.
	lookUpBy  orders.Get
	metrics   *metrics.Metrics
	registry  *prometheus.Registry
	log       *slog.Logger
	now       func() time.Time
	sealer    *sealer
	machine   *lifecycle.Machine
	limits    *limits
	circuits  *circuits
	rooms     *rooms
	strangers *strangers
	rates     *rules.Outcomes
	shops     *shops
	apis      apiPlaces
	lists     *apiLists
	tunnels   tunnels
	// texts holds buffers for bodies that are looked into.
	texts       sync.Pool
	passedLines fewLines
	// openFiles is how many files the process may have open at once.
	openFiles    int
	pageTemplate *template.Template
	// leaving is set when the process is told to end, draining when its listeners close.
	leaving, draining atomic.Bool
	keys              KeyStore
	unmatched         lifecycle.UnmatchedJournal
	pulse             pulse
	others            *others
	cancels           CancelStore
	canceller         *lifecycle.Canceller
	recoverer         *lifecycle.Recoverer
	// worker does what goes on beside requests, listing what PGs list besides.
	worker  *lifecycle.Worker
	listing *lifecycle.Listing
	// expressionFailed hears of a rule's expression that failed while running; it is Gateway.ruleFailed.
	expressionFailed func(rule string, err error)
	// printKey makes fingerprints of bodies that hold personal data.
	printKey []byte
	// grantKey makes the check of what callers of PGs' APIs are granted.
	grantKey []byte
	// words are the callbacks and redirects that are being followed up.
	words singleflight.Group
	// following is what goes on beside the requests that began it: attempts in the lifecycle that PortOne woke and did not
	// wait for, and what is asked of a shared journal while the order service is asked.
	following sync.WaitGroup
	// ctx is what attempts are concluded under: they end by their own timeouts, not by a browser that went away.
	ctx context.Context
}

// New puts a gateway together. It opens no listener.
func New(o Options) (*Gateway, error) {
	if _, ok := o.Store.Prepared().(*view); !ok {
		return nil, errors.New("the store does not make its rules ready with Prepare")
	}
	if err := adapters.CheckDrivers(o.Drivers); err != nil {
		return nil, err
	}
	server := o.Store.Current().Server()
	key, err := loadTokenKey(server.Public.TokenKey, filepath.Join(o.DataDir, "token.key"))
	if err != nil {
		return nil, err
	}
	seal, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	o.Log = joinLog(o.Log)
	g := &Gateway{
		store: o.Store, journal: o.Journal, drivers: o.Drivers, orderHTTP: o.OrderHTTP, metrics: o.Metrics,
		registry: o.Registry, log: o.Log, now: o.Now, sealer: seal, strangers: newStrangers(), limits: newLimits(),
		rates: rules.NewOutcomes(), openFiles: openFiles(), pageTemplate: pageTemplate(), keys: o.Journal,
		unmatched: o.Journal, cancels: o.Journal, ctx: context.Background(),
		texts: sync.Pool{New: func() any { return &texts{} }},
	}
	g.circuits = newCircuits(
		func() time.Time { return g.now() }, func() int { return g.view().rules.Limits().InFlight.PerPG }, g.keptBack,
	)
	g.rooms, g.lists, g.apis.dial = newRooms(o.Metrics), newAPILists(), o.DialAPI
	g.shops, g.lookUpBy = newShops(shopsOptions{
		conns:   min(maxShopConns, shareOf(g.openFiles, shopShare)),
		lookUps: min(maxShopConns, shareOf(g.openFiles, lookUpShare)),
		inForce: func(v *view) bool { return v == g.view() }, metrics: o.Metrics, log: o.Log,
	}), o.LookUp
	if _, err := g.shops.listOf(g.view()); err != nil {
		return nil, err
	}
	g.others = &others{
		own: o.Identity, env: func() environment { return g.view().environment }, seal: seal, log: o.Log,
		metrics: o.Metrics,
	}
	if o.Identity == nil {
		g.others.own = func() journal.Identity { return journal.Identity{} }
	}
	g.machine = lifecycle.New(lifecycle.Options{
		Journal: o.Journal, Drivers: o.Drivers, Sealer: seal, Observer: g, Log: o.Log, Now: o.Now,
		Account: func(a payment.Attempt) (adapters.Account, error) { return g.view().account(a) },
		Shop:    g, Wake: func() { g.worker.Wake() }, Spread: o.Spread, Exit: g.circuits.exit,
		Recoveries:    o.Journal,
		ParkUnmatched: func() bool { return g.view().rules.Limits().UnmatchedPayments == rules.UnmatchedPark },
	})
	print := sha256.Sum256(append([]byte("fingerprint:"), key...))
	grantKey := sha256.Sum256(append([]byte("api grant:"), key...))
	g.grantKey = grantKey[:]
	g.canceller, g.printKey = lifecycle.NewCanceller(g.machine, o.Journal, g.cancelEnded), print[:]
	g.recoverer = g.newRecoverer(o)
	g.worker, g.expressionFailed = g.newWorker(o), g.ruleFailed
	g.listing = g.newListing(o)
	return g, nil
}

// newWorker makes what goes on beside requests.
func (g *Gateway) newWorker(o Options) *lifecycle.Worker {
	return lifecycle.NewWorker(lifecycle.WorkerOptions{
		Machine:   g.machine,
		Canceller: g.canceller,
		Attempts:  o.Journal,
		Unmatched: o.Journal,
		Cancels:   o.Journal,
		Recoverer: g.recoverer, Recoveries: o.Journal,
		Outbox:  o.Journal,
		Deliver: g.deliver,
		// Like all of the section journal, the retention is what the process started with.
		Sealer:    g.sealer,
		Ended:     o.Journal,
		Retention: o.Store.Current().Journal().Retention,
		Keys:      o.Journal,
		KeysKept:  keyKept,
		Observer:  g,
		Log:       g.log,
		Now:       func() time.Time { return g.now() },
		Spread:    o.Spread,
	})
}

// Listeners are the open sockets of a gateway.
type Listeners struct {
	Public net.Listener
	Admin  net.Listener
	// Sidecar is nil when the configuration names none, and so is Socket, which is served as Sidecar is.
	Sidecar net.Listener
	Socket  net.Listener
	// APIs are those that are one PG's own API.
	APIs map[payment.PGID]net.Listener
}

// all are the listeners that are open.
func (l Listeners) all() []net.Listener {
	list := append([]net.Listener{l.Public, l.Admin, l.Sidecar, l.Socket}, slices.Collect(maps.Values(l.APIs))...)
	return slices.DeleteFunc(list, func(l net.Listener) bool { return l == nil })
}

// Listen opens the listeners that the configuration names.
func Listen(s *rules.Snapshot) (Listeners, error) {
	l := Listeners{APIs: map[payment.PGID]net.Listener{}}
	server := s.Server()
	err := errors.Join(
		open(&l.Public, "tcp", server.Public.Listen, "public"), open(&l.Admin, "tcp", server.Admin.Listen, "admin"),
		open(&l.Sidecar, "tcp", server.Sidecar.Listen, "sidecar"), openSocket(&l.Socket, server.Sidecar.Socket),
	)
	for _, api := range server.Sidecar.APIs {
		var one net.Listener
		err = errors.Join(err, open(&one, "tcp", api.Listen, string(api.PG)+" API"))
		if one != nil {
			l.APIs[api.PG] = one
		}
	}
	if err != nil {
		for _, one := range l.all() {
			err = errors.Join(err, one.Close())
		}
		return Listeners{}, err
	}
	return l, nil
}

func open(to *net.Listener, network, at, name string) error {
	if at == "" {
		return nil
	}
	l, err := net.Listen(network, at)
	if err != nil {
		return fmt.Errorf("opening the %s listener: %w", name, err)
	}
	*to = l
	return nil
}

// openSocket opens the Unix socket. One that a process left behind which is gone is replaced; one that answers is not.
func openSocket(to *net.Listener, path string) error {
	if path == "" {
		return nil
	}
	if c, err := net.Dial("unix", path); err == nil { //guard:live-socket-is-not-taken
		return errors.Join(fmt.Errorf("opening the sidecar's socket: another process listens at %s", path), c.Close())
	}
	if i, err := os.Lstat(path); err == nil && i.Mode().Type() == os.ModeSocket {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("removing the sidecar's old socket: %w", err)
		}
	}
	if err := open(to, "unix", path, "sidecar socket"); err != nil {
		return err
	}
	// Whoever may open it may give money back: the owner and his group.
	if err := os.Chmod(path, 0o660); err != nil { //nolint:gosec // the group is who it is for
		return fmt.Errorf("opening the sidecar's socket: %w", err)
	}
	return nil
}

// Public serves the public listener's requests, for who brings connections of his own.
func (g *Gateway) Public() fasthttp.RequestHandler { return g.publicApp().Handler() }

// Sidecar is Public for the sidecar listener.
func (g *Gateway) Sidecar() fasthttp.RequestHandler { return g.sidecarApp().Handler() }

// API is Public for the listener that is one PG's API alone.
func (g *Gateway) API(id payment.PGID) fasthttp.RequestHandler { return g.apiApp(id).Handler() }

// Worker is what goes on beside requests, for who goes step by step instead of calling Run.
func (g *Gateway) Worker() *lifecycle.Worker { return g.worker }

// Listing lists what PGs have, for who goes step by step instead of calling Run.
func (g *Gateway) Listing() *lifecycle.Listing { return g.listing }

// Run serves until ctx ends, then leaves: readyz says no while all listeners serve on for server.drain_delay, then they
// close, the sidecar's last, requests in flight are answered within server.shutdown_timeout, background work ends, and
// only then does Run return.
func (g *Gateway) Run(ctx context.Context, l Listeners) error {
	public, admin := g.publicApp(), g.adminApp() //nolint:contextcheck // requests outlive ctx: they are drained
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var background sync.WaitGroup
	for _, loop := range []func(context.Context){g.worker.Run, g.listing.Run, g.stats, g.feelPulse, g.checkShops} {
		background.Go(func() { loop(work) })
	}
	front := g.newDoor(l.Public, "public", g.publicRoom)
	failed := make(chan error, len(l.all()))
	go func() { failed <- serve(public, front, "public") }()
	go func() { failed <- serve(admin, g.newDoor(l.Admin, "admin", g.ownRoom(adminShare)), "admin") }()
	closeSidecar := g.serveSidecar(l, failed) //nolint:contextcheck // requests outlive ctx: they are drained

	var err error
	select {
	case <-ctx.Done():
		err = g.leave(failed)
	case err = <-failed:
	}
	g.leaving.Store(true)
	g.draining.Store(true)
	began := time.Now()
	timeout := g.view().rules.Server().ShutdownTimeout
	g.log.Info("shutting down", slog.String("timeout", timeout.String()))
	err = errors.Join(err, drain(public, front, timeout, "public"))
	// The order service may need its way out to answer what it was handed on.
	err = errors.Join(err, closeSidecar(max(timeout-time.Since(began), time.Second)))
	g.tunnels.end(max(timeout-time.Since(began), time.Second))
	g.shops.closeIdle()
	g.apis.closeIdle()
	stopWork()
	g.following.Wait()
	background.Wait()
	return errors.Join(err, shutdown(admin, time.Second, "admin"))
}

func serve(app *fiber.App, l net.Listener, name string) error {
	if err := app.Listener(l); err != nil {
		return fmt.Errorf("serving the %s listener: %w", name, err)
	}
	return nil
}

func shutdown(app *fiber.App, timeout time.Duration, name string) error {
	if err := app.ShutdownWithTimeout(timeout); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("shutting the %s listener down: %w", name, err)
	}
	return nil
}
