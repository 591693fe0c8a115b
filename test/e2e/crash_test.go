package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/pgtest"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

var (
	crashKills = flag.Int("crash.kills", 20, "how often TestCrash kills the gateway, on each database")
	crashSeed  = flag.Uint64("crash.seed", 0, "what the buyers and the killer choose by; 0 takes the clock")
)

// database is a kind of journal and how to configure it.
type database struct {
	name string
	// use makes a configuration use it; nil is for what it uses anyway.
	use fixture.Edit
	// open opens the journal of a gateway that was stopped.
	open func(p *gatewayProcess) journal.Config
	// raw names the driver and source of a connection that passes the journal by.
	raw func(p *gatewayProcess) (driver, source string)
}

func onSQLite() database {
	return database{
		name: "sqlite",
		open: func(p *gatewayProcess) journal.Config {
			return journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(p.dir, "data", "journal.db")}
		},
		raw: func(p *gatewayProcess) (string, string) {
			return "sqlite", "file:" + filepath.Join(p.dir, "data", "journal.db") + "?_pragma=busy_timeout(5000)"
		},
	}
}

func onPostgres(t *testing.T, s *pgtest.Server) database {
	t.Helper()
	dsn := s.Database(t)
	return database{
		name: "postgres",
		use:  journalAt(dsn),
		open: func(*gatewayProcess) journal.Config { return journal.Config{Driver: journal.DriverPostgres, DSN: dsn} },
		raw:  func(*gatewayProcess) (string, string) { return "pgx", dsn },
	}
}

// journalAt has the journal in a PostgreSQL.
func journalAt(dsn string) fixture.Edit {
	return func(c *fixture.Config) { c.Journal = fixture.Journal{Driver: journal.DriverPostgres, DSN: dsn} }
}

func startPostgres(t *testing.T) *pgtest.Server {
	t.Helper()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// The gateway is killed at random moments while buyers buy, and started again on the same journal. After the
// last time everything that was in flight must come to a certain end, to the won.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sqlite", "postgres", "pods"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, pods := onSQLite(), 1
			if name != "sqlite" {
				db = onPostgres(t, startPostgres(t))
			}
			if name == "pods" {
				pods = crashPods
			}
			seed := *crashSeed
			if seed == 0 {
				seed = uint64(time.Now().UnixNano())
			}
			t.Logf("go test ./test/e2e -run TestCrash/%s -crash.kills=%d -crash.seed=%d", name, *crashKills, seed)
			crash(t, db, startPods(t, pods, quick, withSubscriptions, db.use), seed)
		})
	}
}

// crash kills the pods under load and compares everybody's books when all has settled.
func crash(t *testing.T, db database, pods []*gatewayProcess, seed uint64) {
	t.Helper()
	p := pods[0]
	c := gather(t, p, seed)
	c.work(pods)
	aged := c.ageRecoveries(db)
	began := time.Now()
	killed := killAtRandom(pods, *crashKills, rand.New(rand.NewPCG(seed, 1<<32)))
	load := time.Since(began)
	c.leave()
	left := p.unsettled()
	aged.finish()
	took := p.concludeAll(8 * time.Minute)
	t.Logf("%d kills in %s of load by %d buyers; %s", killed, load.Round(time.Second), crowdSize, c)
	t.Logf("after the last kill %d attempts were unsettled; all were settled after %s", left, took.Round(time.Second))
	for n, pod := range pods {
		t.Logf("pod %d swept %d attempts", n, strings.Count(pod.log.String(), "the sweep looked at an attempt"))
		pod.stop()
	}
	c.mustAddUp(db)
	c.mustBeGranted()
	c.mustRecover(db)
}

// killAtRandom kills and restarts one of the pods or, now and then, all of them at once, sometimes before it is
// up again, with PGs and a shop that misbehave now and then.
func killAtRandom(pods []*gatewayProcess, times int, rng *rand.Rand) (killed int) {
	p := pods[0]
	p.t.Helper()
	faults := [][3]string{
		{"inicis", "approve", "drop_after_commit"},
		{"inicis", "approve", "drop_before_commit"},
		{"inicis", "approve", "delay"},
		{"inicis", "net_cancel", "drop_after_commit"},
		{"portone_v2", "confirm", "drop_after_commit"},
		{"portone_v2", "confirm", "delay"},
		{"portone_v1", "lookup", "delay"},
		{"portone_v1", "cancel", "drop_after_commit"},
		{"portone_v2", "cancel", "drop_after_commit"},
		{"portone_v2", "cancel", "delay"},
		{"portone_v1", "schedule", "drop_after_commit"},
		{"portone_v1", "schedule", "delay"},
		{"portone_v2", "schedule", "drop_after_commit"},
		{"portone_v1", "charge", "drop_after_commit"},
		{"portone_v2", "charge", "drop_after_commit"},
		{"portone_v1", "charge", "delay"},
		{"portone_v2", "charge", "delay"},
		{"shop", "confirm", "delay"},
		{"shop", "events", "drop_after_commit"},
	}
	for killed < times && !p.t.Failed() {
		if rng.IntN(2) == 0 {
			f := faults[rng.IntN(len(faults))]
			p.fault(f[0], f[1], f[2], map[string]any{"delay_ms": 300})
		}
		time.Sleep(time.Duration(rng.IntN(1000)) * time.Millisecond)
		one := rng.IntN(len(pods))
		victims := pods[one : one+1]
		if rng.IntN(8) == 0 {
			victims = pods
		}
		for _, v := range victims {
			v.kill()
			killed++
		}
		for killed < times && rng.IntN(4) == 0 {
			victims[0].spawn()
			time.Sleep(time.Duration(rng.IntN(250)) * time.Millisecond)
			victims[0].kill()
			killed++
		}
		time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
		for _, v := range victims {
			v.spawn()
		}
		for _, v := range victims {
			v.awaitReady()
		}
	}
	return killed
}

// unsettled counts the attempts that have begun to move money and have not ended, as the metrics have it.
func (p *gatewayProcess) unsettled() (n int) {
	p.t.Helper()
	for _, state := range []string{"claimed", "approving", "captured", "unknown", "cancelling"} {
		n += int(p.metric(`pg_gateway_journal_attempts{state="` + state + `"}`))
	}
	return n
}

// concludeAll waits until nothing is in flight any more: no attempt, no message, and books that agree. The
// gauges are ten seconds old at most, so it looks again after that.
func (p *gatewayProcess) concludeAll(patience time.Duration) time.Duration {
	p.t.Helper()
	began := time.Now()
	var settled time.Time
	for n := 1; ; n++ {
		if n%20 == 0 {
			p.resolveCases()
		}
		a, open := p.audit(), p.unsettled()
		pending := p.metric(`pg_gateway_outbox_messages{state="pending"}`) + p.metric(`pg_gateway_outbox_messages{state="parked"}`)
		switch done := a.OK && open == 0 && pending == 0; {
		case !done:
			settled = time.Time{}
		case settled.IsZero():
			settled = time.Now()
		case time.Since(settled) > 11*time.Second:
			return settled.Sub(began)
		}
		if time.Since(began) > patience {
			p.t.Fatalf("after %s %d attempts are unsettled, %v messages are undelivered, and the books say: captured %d, "+
				"cancelled %d, confirmed %d; differences: %.2000s\n%s", patience, open, pending, a.Captured, a.Cancelled, a.Confirmed,
				a.Differences, p.command("cases", "list"))
		}
		time.Sleep(250 * time.Millisecond)
	}
}

// resolveCases does what people do with what the gateway will not decide within a test's time: a V2
// payment whose confirmation was intended and never sent waits at PortOne, and only after half an hour does
// the gateway believe that nothing comes of it, as of a charge that was never sent. Two hands find in the PG's books that
// nothing was charged.
func (p *gatewayProcess) resolveCases() {
	p.t.Helper()
	var rows []struct {
		ID     string `json:"id"`
		PG     string `json:"pg"`
		State  string `json:"state"`
		Checks int    `json:"checks"`
	}
	if err := json.Unmarshal([]byte(p.command("cases", "list", "--json")), &rows); err != nil {
		p.t.Fatalf("reading the list of cases: %v", err)
	}
	var books struct {
		Entries []struct {
			Ref string `json:"order_ref"`
		} `json:"entries"`
	}
	for _, r := range rows {
		if r.PG != "portone" && r.PG != "portone1" || r.State != "unknown" || r.Checks == 0 {
			continue
		}
		p.getJSON("http://"+p.sandbox+"/_sandbox/ledger", &books)
		charged := false
		for _, e := range books.Entries {
			charged = charged || e.Ref == r.ID
		}
		if charged {
			continue
		}
		for _, hand := range []string{"first", "second"} {
			p.command("cases", "resolve", r.ID, "--as", "not-charged", "--by", hand, "--reason", "not in the PG's books")
		}
		p.t.Logf("a person found attempt %s not charged", r.ID)
	}
}

// command runs another command of the binary on the gateway's configuration and returns what it prints.
func (p *gatewayProcess) command(args ...string) string {
	p.t.Helper()
	cmd := exec.Command(binary, append(args, "--config.file", p.configFile())...)
	cmd.Dir = p.dir
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("pg-gateway %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// shopOrder is an order as the shop's books have it.
type shopOrder struct {
	ID     string           `json:"order_id"`
	Status string           `json:"status"`
	Paid   map[string]int64 `json:"paid"`
	// Amount is what it costs, Mileage what of it the shop settles itself, in won.
	Amount  int64 `json:"amount"`
	Mileage int64 `json:"mileage"`
}

// mustAddUp compares everybody's books after the end: the journal's, the shop's, the PGs' and what the buyers
// were told.
func (c *crowd) mustAddUp(db database) {
	c.t.Helper()
	var view struct {
		Orders []shopOrder `json:"orders"`
	}
	c.p.getJSON("http://"+c.p.sandbox+"/_sandbox/orders", &view)
	j, err := journal.Open(c.t.Context(), db.open(c.p))
	if err != nil {
		c.t.Fatal(err)
	}
	defer j.Close()
	if faults, err := j.Check(c.t.Context()); err != nil || len(faults) > 0 {
		c.t.Errorf("the journal is not sound: %v %v", faults, err)
	}
	stats, err := j.Stats(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	for _, s := range stats.Open {
		if s.Count > 0 && s.State != payment.StateOpened {
			c.t.Errorf("%d attempts of %d won are still %s", s.Count, s.Won, s.State)
		}
	}
	if stats.Pending+stats.Parked > 0 {
		c.t.Errorf("%d messages to the shop are pending and %d are parked", stats.Pending, stats.Parked)
	}
	ends := map[string]int{}
	var paid, won int64
	for _, o := range view.Orders {
		attempts, err := j.AttemptsOf(c.t.Context(), payment.OrderID(o.ID))
		if err != nil {
			c.t.Fatal(err)
		}
		winners := 0
		for _, a := range attempts {
			ends[strings.TrimSuffix(string(a.State)+" "+string(a.Reason), " "+string(a.State))]++
			told, amount := c.told[string(a.ID)], o.Paid[string(a.ID)]
			var kept int64
			if a.State == payment.StateApproved {
				winners++
				paid++
				kept = int64(a.Amount) - cancelledOf(c.t, j, a.ID)
				won += kept
			}
			if amount != kept {
				c.t.Errorf("attempt %s is %s in the journal with %d won kept, and the shop has %d won of it", a.ID, a.State, kept, amount)
			}
			if (told == "approved") != (a.State == payment.StateApproved) && told != "" {
				c.t.Errorf("attempt %s was told to be %s and is %s", a.ID, told, a.State)
			}
		}
		if winners > 1 || len(o.Paid) > 1 {
			c.t.Errorf("order %s was paid by %d attempts", o.ID, max(winners, len(o.Paid)))
		}
	}
	c.mustAskOnce()
	c.mustBePaid(view.Orders)
	a := c.p.audit()
	if a.Net != won || a.Confirmed != won || !a.OK {
		c.t.Errorf("the journal has %d won, the PGs %d, the shop %d: %s", won, a.Net, a.Confirmed, a.Differences)
	}
	if paid == 0 {
		c.t.Error("nobody bought anything")
	}
	var lines []string
	for _, k := range slices.Sorted(maps.Keys(ends)) {
		lines = append(lines, fmt.Sprintf("%s %d", k, ends[k]))
	}
	c.t.Logf("%d orders, %d paid; captured %d won, given back %d, confirmed %d; attempts: %s",
		len(view.Orders), paid, a.Captured, a.Cancelled, a.Confirmed, strings.Join(lines, ", "))
}

// cancelledOf is how much of an attempt went back, as the journal has it.
func cancelledOf(t *testing.T, j *journal.Journal, id payment.AttemptID) (won int64) {
	t.Helper()
	rows, err := j.CancelsOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rows {
		if c.State == payment.CancelDone {
			won += int64(c.Amount)
		}
	}
	return won
}

// mustAskOnce checks design promise 5 over all crashes: no attempt's approval was executed by its PG twice.
func (c *crowd) mustAskOnce() {
	c.t.Helper()
	for _, q := range []string{"pg=inicis&operation=approve", "pg=portone_v2&operation=confirm"} {
		var list struct {
			Executions []struct {
				Ref  string `json:"ref"`
				Done bool   `json:"done"`
			} `json:"executions"`
		}
		c.p.getJSON("http://"+c.p.sandbox+"/_sandbox/executions?"+q, &list)
		asked := map[string]int{}
		for _, e := range list.Executions {
			if e.Ref != "" && e.Done {
				asked[e.Ref]++
			}
		}
		for ref, n := range asked {
			if n > 1 {
				c.t.Errorf("attempt %s was approved %d times (%s)", ref, n, q)
			}
		}
		if len(asked) == 0 {
			c.t.Errorf("nothing was approved: %s", q)
		}
	}
}

// PostgreSQL goes away and comes back while buyers buy: meanwhile nothing is approved and everybody is told
// why; afterwards it goes on without a restart.
func TestPostgresStopsAndStartsUnderLoad(t *testing.T) {
	t.Parallel()
	server := startPostgres(t)
	db := onPostgres(t, server)
	p := startApart(t, quick, db.use)
	c := gather(t, p, uint64(time.Now().UnixNano()))
	for range 3 {
		time.Sleep(time.Second)
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
		p.mustBeWithoutJournal()
		if err := server.Run(); err != nil {
			t.Fatal(err)
		}
		p.mustRecover(15 * time.Second)
	}
	c.leave()
	if n := c.counted("orders"); n == 0 {
		t.Error("nobody ordered anything")
	}
	took := p.concludeAll(8 * time.Minute)
	t.Logf("all were settled after %s; %s", took.Round(time.Second), c)
	p.stop()
	c.mustAddUp(db)
}

// mustBeWithoutJournal checks what users and operators see while the journal cannot be written: a clear 503 for
// new windows and for returns, nothing approved, and a process that stays in the service for the shop's pages and says
// what is wrong.
func (p *gatewayProcess) mustBeWithoutJournal() {
	p.t.Helper()
	b := p.buyer("kakaopay")
	// The gateway lets no order be made that could not be paid; the shop itself does.
	atShop := p.buyer("kakaopay")
	atShop.base = "http://" + p.sandbox + "/shop"
	o, err := atShop.order(p.t.Context())
	if err != nil {
		p.t.Fatalf("ordering without a journal: %v", err)
	}
	p.waitFor("a checkout to be refused for the journal", 15*time.Second, func() bool {
		_, err := b.checkout(p.t.Context(), o)
		refusal, ok := problemOf(err)
		return ok && refusal.Code == "JOURNAL_UNAVAILABLE" && refusal.Status == http.StatusServiceUnavailable &&
			strings.ContainsFunc(refusal.DetailKo, korean)
	})
	p.waitFor("readyz to warn", 30*time.Second, func() bool { return p.readiness() == "200 warn" })
	res, err := http.Get("http://" + p.public + "/")
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		p.t.Errorf("the shop's page answers %d", res.StatusCode)
	}
}

// readiness is what readyz answers: its status and its word.
func (p *gatewayProcess) readiness() string {
	res, err := http.Get("http://" + p.admin + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	var r struct {
		Status string `json:"status"`
	}
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		return err.Error()
	}
	return fmt.Sprint(res.StatusCode, " ", r.Status)
}

// mustRecover waits until a purchase works again and readyz says so.
func (p *gatewayProcess) mustRecover(patience time.Duration) {
	p.t.Helper()
	b := p.buyer("card")
	p.waitFor("a purchase to work again", patience, func() bool {
		v, err := b.buy(p.t.Context(), "pay")
		return err == nil && v.out.status == "approved"
	})
	// A request that failed is remembered for a while.
	p.waitFor("readyz to say yes again", 45*time.Second, func() bool { return p.readiness() == "200 pass" })
}
