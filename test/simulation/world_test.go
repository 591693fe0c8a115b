package simulation

import (
	"context"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/gateway"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/reload"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// simParts are what all schedules share: the rules and the metrics, neither of which remembers a schedule.
type simParts struct {
	store    *reload.Store
	metrics  *metrics.Metrics
	registry *prometheus.Registry
}

// newSimParts loads the tests' shop with more PGs, so that every kind of capture occurs.
func newSimParts(t *testing.T) *simParts {
	t.Helper()
	text := fixture.Text(withEveryCapture)
	key := base64.StdEncoding.EncodeToString([]byte("the simulation's own token key.."))
	load := func(string) (*rules.Snapshot, error) {
		return loader().Parse("config.yaml", []byte(text), rules.Sources{Env: func(string) (string, bool) { return key, true }})
	}
	store, err := reload.New(reload.Options{Path: "config.yaml", Load: load, Prepare: gateway.Prepare})
	if err != nil {
		t.Fatal(err)
	}
	registry := metrics.NewRegistry()
	return &simParts{store: store, metrics: metrics.New(registry), registry: registry}
}

// simWorld is one schedule: pods, PGs, a shop, buyers, and the weather between them. All of it follows from the
// seed; what is drawn for an event hangs on the event's own name and not on who came first.
type simWorld struct {
	parts   *simParts
	seed    uint64
	verbose bool
	// listsOnly keeps what PortOne says by itself from arriving, and pods from sweeping.
	listsOnly bool
	// noCharges leaves out what goes two ways, billing keys and listing in the storm, before cancels by the PGs' own APIs.
	noCharges bool
	before    bool
	start     time.Time
	// lasted is how long the schedule took on its own clock.
	lasted  time.Duration
	box     *sandbox.Sandbox
	handler http.Handler
	// open opens the journal for a pod; nil means one in memory.
	open    func(p *simPod) simBooks
	weather simWeather
	stop    chan struct{}
	healed  atomic.Bool
	// frozen is how many pods' work stands still.
	frozen atomic.Int32
	// decided is when PortOne last decided cancels that it had put off.
	decided time.Time
	loops   sync.WaitGroup
	// mail is what PGs are sending by themselves.
	mail sync.WaitGroup

	mu      sync.Mutex
	drawn   map[string]int
	names   []simName
	letters []*simLetter
	left    []simLeft
	aliases []string
	slots   []*simPod
	booting int
	counts  map[string]int
	writes  []simWrite
	told    []simTold
	asked   []simAsked
	// askedByAPI is asked at PortOne's API, wished how many cancels the shop asked for, however often it did.
	askedByAPI []simAPIAsked
	wished     map[payment.AttemptID]int
	charged    []simCharged
	plans      []simPlan
	keys       []*simOwnKey
	recovered  []*simRecovered
	// sent counts how often the shop asked for a move of a schedule, or for the issue or delete of a key, by its name.
	sent map[string]int
	// closings are the attempts whose account the shop was told to be closed, owed the ones that are paid into too late.
	closings []payment.AttemptID
	owed     []*simAttempt
	// banked are the attempts that a buyer had an account issued for though another method was decided.
	// silent the ones that PortOne tells nobody of.
	banked   []payment.AttemptID
	silent   []payment.AttemptID
	orders   []payment.OrderID
	problems []string
	lines    []string
	trace    uint64
	// moment has the lines of the instant that is traced now.
	moment  []string
	instant time.Duration
	closers []func() error
}

// simWrite is one request that may move money, as it was handed to the network.
type simWrite struct {
	at   time.Duration
	kind string
	// ref names the attempt as far as the request tells: its id, a token or a transaction.
	ref string
	pod string
}

// simTold is what a buyer's browser was told of an attempt.
type simTold struct {
	id payment.AttemptID
	// word is what the page was told, status the state that stands behind it, as far as it can be told.
	word   string
	status payment.State
}

func newSimWorld(parts *simParts, seed uint64) *simWorld {
	return &simWorld{
		parts: parts, seed: seed, drawn: map[string]int{}, counts: map[string]int{}, wished: map[payment.AttemptID]int{},
		sent: map[string]int{},
	}
}

// draw is the source of chance for the next event of this name.
func (w *simWorld) draw(name string) *rand.Rand {
	w.mu.Lock()
	n := w.drawn[name]
	w.drawn[name]++
	w.mu.Unlock()
	h := fnv.New64a()
	fmt.Fprintf(h, "%s#%d", name, n)
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}

// simName is what an id that was made by chance stands for, so that traces of the same seed are the same.
type simName struct{ id, name string }

// call gives an id a name.
func (w *simWorld) call(id, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id != "" && !slices.ContainsFunc(w.names, func(n simName) bool { return n.id == id }) {
		w.names = append(w.names, simName{id, name})
	}
}

// nameIn names what text is about: the newest id in it that has a name, or "".
func (w *simWorld) nameIn(text string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range slices.Backward(w.names) {
		if strings.Contains(text, n.id) {
			return n.name
		}
	}
	return ""
}

// tally counts that something happened.
func (w *simWorld) tally(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what]++
}

// tracef writes a line of the schedule's trace. What happens in one instant has no order: which goroutine comes first
// then, no seed decides.
func (w *simWorld) tracef(format string, args ...any) {
	at := time.Since(w.start)
	line := fmt.Sprintf("%12s ", at.Round(time.Microsecond)) + fmt.Sprintf(format, args...)
	w.mu.Lock()
	defer w.mu.Unlock()
	if at != w.instant {
		w.endMoment()
		w.instant = at
	}
	w.moment = append(w.moment, line)
}

// endMoment puts the lines of an instant into the trace, in an order of their own.
func (w *simWorld) endMoment() {
	slices.Sort(w.moment)
	for _, line := range w.moment {
		h := fnv.New64a()
		fmt.Fprintf(h, "%x%s", w.trace, line)
		w.trace = h.Sum64()
		if w.verbose {
			w.lines = append(w.lines, line)
		}
	}
	w.moment = w.moment[:0]
}

// wrong notes a broken promise.
func (w *simWorld) wrong(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// simPod is one process: a gateway without listeners. When it dies, its goroutines end at their next step
// towards the network or the journal, and what they had in memory is gone.
type simPod struct {
	w    *simWorld
	name string
	slot int
	skew time.Duration
	dead chan struct{}
	g    *gateway.Gateway
	// crashAt is the step at which the pod dies; 0 for never.
	crashAt int
	books   simBooks
	// handler serves HTTP, once somebody comes that way.
	app     sync.Once
	handler fasthttp.RequestHandler
	side    sync.Once
	sidecar fasthttp.RequestHandler
	apis    sync.Map // payment.PGID → func() fasthttp.RequestHandler

	mu    sync.Mutex
	steps int
	gone  bool
}

// spread is drawn from the seed: ids are made by chance, and those of messages with them.
func (p *simPod) spread(id string, _ int, d time.Duration) time.Duration {
	if strings.HasPrefix(id, "msg_") {
		return d*4/5 + time.Duration(p.w.draw("spread of a message of "+p.w.nameIn(id)).Int64N(int64(d*2/5)))
	}
	return d*4/5 + time.Duration(p.w.draw(p.name+" spread "+p.w.nameIn(id)).Int64N(int64(d*2/5)))
}

func (p *simPod) now() time.Time { return time.Now().Add(p.skew) }

// boot starts a process in a slot.
func (w *simWorld) boot(slot, generation int) error {
	r := w.draw(fmt.Sprintf("boot %d", slot))
	p := &simPod{
		w: w, slot: slot, name: fmt.Sprintf("pod%d.%d", slot, generation), dead: make(chan struct{}),
		skew: time.Duration(r.Int64N(int64(4*time.Second))) - 2*time.Second,
	}
	if !w.healed.Load() && r.Float64() < w.weather.crash {
		p.crashAt = 1 + r.IntN(40)
	}
	p.books = w.open(p)
	client := &http.Client{
		Transport:     simTransport{p},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	books := &simJournal{simBooks: p.books, p: p, inner: p.books}
	g, err := gateway.New(gateway.Options{
		Store: w.parts.store, Journal: books, Drivers: drivers.New(drivers.Options{Now: p.now, Client: client}),
		OrderHTTP: client, LookUp: orders.ByHTTP(client), Metrics: w.parts.metrics, Registry: w.parts.registry, Log: slog.New(simLog{Handler: slog.DiscardHandler, w: w}), Now: p.now, Spread: p.spread, DialAPI: p.dial,
	})
	if err != nil {
		return fmt.Errorf("booting %s: %w", p.name, err)
	}
	p.g = g
	w.mu.Lock()
	w.slots[slot] = p
	w.mu.Unlock()
	w.tracef("%s is up, skew %s, crash at step %d", p.name, p.skew.Round(time.Millisecond), p.crashAt)
	if !w.listsOnly {
		w.loops.Go(func() { p.background(generation) })
	}
	return nil
}

// alive returns the pods that are up.
func (w *simWorld) alive() []*simPod {
	w.mu.Lock()
	defer w.mu.Unlock()
	var up []*simPod
	for _, p := range w.slots {
		if p != nil {
			up = append(up, p)
		}
	}
	return up
}

// kill ends a process at once. Another one takes its slot after a while.
func (p *simPod) kill(why string) {
	w := p.w
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		return
	}
	p.gone = true
	// Before anybody can see it.
	w.tracef("%s dies: %s", p.name, why)
	close(p.dead)
	p.mu.Unlock()
	w.tally("crash")
	w.mu.Lock()
	w.slots[p.slot] = nil
	w.booting++
	w.mu.Unlock()
	var generation int
	_, _ = fmt.Sscanf(p.name[strings.IndexByte(p.name, '.')+1:], "%d", &generation)
	down := time.Second + time.Duration(w.draw("down "+p.name).Int64N(int64(90*time.Second)))
	go func() {
		time.Sleep(down)
		w.tally("restart")
		if err := w.boot(p.slot, generation+1); err != nil {
			w.wrong("%v", err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.booting--
	}()
}

// background is what Run keeps going beside the listeners: sweeps and deliveries. It skips the ticks at which
// there is nothing to do.
func (p *simPod) background(int) {
	// At a moment of its own: pods that are started at once would do their first steps in no certain order.
	time.Sleep(time.Millisecond + time.Duration(p.w.draw("first tick "+p.name).Int64N(int64(500*time.Millisecond))))
	var listed time.Time
	for {
		select {
		case <-p.w.stop:
			return
		default:
		}
		p.g.Worker().SweepAttempts(context.Background())
		if len(p.w.unmatchedOpen(p)) > 0 {
			p.g.Worker().SweepUnmatched(context.Background())
		}
		if len(p.w.cancelsOpen(p)) > 0 {
			p.g.Worker().SweepCancels(context.Background())
		}
		if len(p.w.recoveriesOpen(p)) > 0 {
			p.g.Worker().SweepRecoveries(context.Background())
		}
		p.g.Worker().DeliverDue(context.Background())
		if p.w.weather.lists && time.Since(listed) >= simListed {
			listed = time.Now()
			p.g.Listing().Once(context.Background())
		}
		wait := time.NewTimer(p.w.idle(p))
		select {
		case <-wait.C:
		case <-p.g.Worker().Woken():
			wait.Stop()
		case <-p.dead:
			wait.Stop()
			return
		case <-p.w.stop:
			wait.Stop()
			return
		}
	}
}

// unmatchedOpen are the unmatched payments that wait for something.
func (w *simWorld) unmatchedOpen(p *simPod) []journal.Unmatched {
	open, err := p.books.UnmatchedOpen(context.Background(), 1000)
	if err != nil {
		w.wrong("listing unmatched payments: %v", err)
	}
	return open
}

// cancelsOpen are the cancels that have not come to their end.
func (w *simWorld) cancelsOpen(p *simPod) []payment.Cancel {
	open, err := p.books.CancelsOpen(context.Background(), 1000)
	if err != nil {
		w.wrong("listing open cancels: %v", err)
	}
	return open
}

// recoveriesOpen are the recoveries of declined charges that go on.
func (w *simWorld) recoveriesOpen(p *simPod) []payment.Recovery {
	if w.noCharges {
		return nil
	}
	list, err := p.books.Recoveries(context.Background(), journal.ListFilter{Limit: 1000})
	if err != nil {
		w.wrong("listing recoveries: %v", err)
	}
	return slices.DeleteFunc(list, func(r payment.Recovery) bool { return !r.State.Open() })
}

// simListed is the pause between two rounds of the listing.
const simListed = 20 * time.Second

// simTick is how often a worker looks for what is due.
const simTick = 2 * time.Second

// idle is how long nothing will be due: at least a tick, and now and then a while for nothing.
func (w *simWorld) idle(p *simPod) time.Duration {
	d := 30 * time.Second
	if w.weather.lists {
		d = simListed
	}
	open, err := simOpen(context.Background(), p.books)
	if err != nil {
		return simTick
	}
	for _, a := range open {
		d = min(d, a.NextCheck.Sub(p.now()))
	}
	for _, l := range w.unmatchedOpen(p) {
		d = min(d, l.NextCheck.Sub(p.now()))
	}
	for _, c := range p.w.cancelsOpen(p) {
		d = min(d, c.NextCheck.Sub(p.now()))
	}
	for _, r := range w.recoveriesOpen(p) {
		d = min(d, r.NextCheck.Sub(p.now()))
	}
	return max(d, simTick) + time.Duration(w.draw("tick "+p.name).Int64N(int64(200*time.Millisecond)))
}
