package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// edition is one good version of the rules. Each odd one differs from each even one in everything a checkout
// shows: who takes a card, which merchant, and how long the window lives.
type edition struct {
	text, version, pg, merchant string
	ttl                         time.Duration
}

func (p *gatewayProcess) edition(n int) edition {
	e := edition{pg: "inicis", merchant: "1001", ttl: 30 * time.Minute}
	var odd fixture.Edit
	if n%2 == 1 {
		e.pg, e.merchant, e.ttl = "portone", "2001", 47*time.Minute
		odd = func(c *fixture.Config) {
			c.Limits.AttemptTTL = "47m"
			c.Rule("default").Choose.Priority = []string{"portone", "inicis", "portone1"}
		}
	}
	e.text = p.text(odd) + fmt.Sprintf("\n# edition %d\n", n)
	sum := sha256.Sum256([]byte(e.text))
	e.version = hex.EncodeToString(sum[:])[:12]
	return e
}

// spoiled is a configuration that is broken in one of the ways that people do.
func (p *gatewayProcess) spoiled(n int) string {
	config := p.text()
	switch n % 7 {
	case 0:
		return config + "\nrouting: [\n"
	case 1:
		return p.text(func(c *fixture.Config) { c.Routing[0].Choose.Priority[0] = "nobody" })
	case 2:
		return p.text(func(c *fixture.Config) { c.Limits.AttemptTTL = "many" })
	case 3:
		return config[:len(config)/2]
	case 4:
		return config + "\nsurprise: 1\n"
	case 5:
		return config + "\n---\nmode: test\n"
	}
	return ""
}

func TestTwoHundredReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	const reloads, buyers = 200, 8
	p := start(t)
	var editions sync.Map // by version
	remember := func(e edition) edition {
		editions.Store(e.version, e)
		return e
	}
	good := remember(p.edition(0))
	p.write(good.text)
	p.mustReload(good)

	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	var crowd sync.WaitGroup
	var bought, won atomic.Int64
	var mu sync.Mutex
	met := map[string]bool{}
	for n := range buyers {
		b := p.buyer("card")
		crowd.Go(func() {
			for i := n; ctx.Err() == nil; i++ {
				// The buyer finishes what he began, whatever is reloaded meanwhile.
				v, err := b.buy(context.WithoutCancel(ctx), "pay")
				if err != nil || v.out.status != "approved" {
					t.Errorf("a request failed during reloads: %+v %v", v.out, err)
					return
				}
				if err := consistent(&editions, v.window); err != nil {
					t.Error(err)
				}
				bought.Add(1)
				won.Add(v.order.Amount)
				mu.Lock()
				met[v.window.RulesVersion] = true
				mu.Unlock()
			}
		})
	}

	for n := 1; n <= reloads && !t.Failed(); n++ {
		if n%2 == 1 {
			p.write(p.spoiled(n / 2))
			p.mustRefuse(good)
			continue
		}
		good = remember(p.edition(n / 2))
		p.write(good.text)
		switch rand.IntN(8) {
		case 0: // The file watcher alone, which waits until the file stands still.
		case 1, 2, 3:
			if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
		default:
			p.reload()
		}
		p.mustReload(good)
	}
	enough()
	crowd.Wait()
	t.Logf("%d reloads, %d checkouts by %d buyers, decided by %d versions of the rules", reloads, bought.Load(), buyers, len(met))
	if bought.Load() < buyers || len(met) < 3 {
		t.Errorf("only %d checkouts met %d versions: too few to see a mixture", bought.Load(), len(met))
	}
	if failures := p.metric(`pg_gateway_config_reloads_total{result="error"}`); failures < reloads/2 {
		t.Errorf("%v refused reloads were counted, want at least %d", failures, reloads/2)
	}
	if n := strings.Count(p.log.String(), "the new rules are not usable; the last good ones stay"); n < reloads/2 {
		t.Errorf("%d refused reloads were logged, want at least %d", n, reloads/2)
	}
	if n := p.metric("pg_gateway_panics_total"); n != 0 {
		t.Errorf("%v panics", n)
	}
	p.mustBalanceWithin(30*time.Second, won.Load())
}

// consistent checks that an answer was decided by one version of the rules and no mixture of two.
func consistent(editions *sync.Map, w window) error {
	found, ok := editions.Load(w.RulesVersion)
	if !ok {
		return fmt.Errorf("attempt %s was decided by version %s, which was never good", w.Attempt, w.RulesVersion)
	}
	e, ok := found.(edition)
	if !ok {
		return errors.New("not an edition")
	}
	expires, err := time.Parse(time.RFC3339, w.ExpiresAt)
	if err != nil {
		return err
	}
	ttl := time.Until(expires)
	if w.PG != e.pg || w.Merchant != e.merchant || ttl > e.ttl || ttl < e.ttl-10*time.Minute {
		return fmt.Errorf("version %s says PG %s, merchant %s, %s to pay; the answer has PG %s, merchant %s, %s",
			e.version, e.pg, e.merchant, e.ttl, w.PG, w.Merchant, ttl.Round(time.Second))
	}
	return nil
}

type reloadAnswer struct {
	OK      bool   `json:"ok"`
	Version string `json:"version"`
	Error   string `json:"error"`
}

func (p *gatewayProcess) reload() (int, reloadAnswer) {
	p.t.Helper()
	res, err := http.Post("http://"+p.admin+"/-/reload", "", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var a reloadAnswer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, a
}

// mustReload waits until the gateway decides by e.
func (p *gatewayProcess) mustReload(e edition) {
	p.t.Helper()
	p.waitFor("the rules "+e.version, 5*time.Second, func() bool { return p.version() == e.version })
}

// mustRefuse checks that what the file holds now is refused and that good stays.
func (p *gatewayProcess) mustRefuse(good edition) {
	p.t.Helper()
	status, a := p.reload()
	if status != http.StatusUnprocessableEntity || a.OK || a.Error == "" || a.Version != good.version {
		p.t.Errorf("a bad file was answered with %d %+v, want 422 and version %s", status, a, good.version)
	}
	if v := p.version(); v != good.version {
		p.t.Errorf("after a bad file version %s decides, want %s", v, good.version)
	}
	if p.metric("pg_gateway_config_last_reload_successful") != 0 {
		p.t.Error("the metric says that the bad file was taken")
	}
}

func (p *gatewayProcess) version() string {
	p.t.Helper()
	var r struct {
		Version string `json:"rules_version"`
	}
	p.getJSON("http://"+p.admin+"/readyz", &r)
	return r.Version
}

// metric reads one series, 0 when it is not there.
func (p *gatewayProcess) metric(series string) float64 {
	p.t.Helper()
	res, err := http.Get("http://" + p.admin + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			var v float64
			if _, err := fmt.Sscan(rest, &v); err != nil {
				p.t.Fatalf("reading %q: %v", line, err)
			}
			return v
		}
	}
	return 0
}

// What the first page of the README promises: a link turned from Y to N refuses the next checkout, in Korean
// and English, without a restart.
func TestALinkTurnedOffRefusesTheNextCheckout(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := p.buyer("card")
	o, err := b.order(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	within := func(what string, ok func(window, error) bool) {
		t.Helper()
		var w window
		var err error
		for began := time.Now(); ; time.Sleep(100 * time.Millisecond) { // an order has a bound on its windows
			if w, err = b.checkout(t.Context(), o); ok(w, err) {
				t.Logf("%s: after %s", what, time.Since(began).Round(time.Millisecond))
				return
			}
			if time.Since(began) > 5*time.Second {
				t.Fatalf("5 s after the file was saved: want %s, have PG %q and %v", what, w.PG, err)
			}
		}
	}
	byPG := func(pg string) func(window, error) bool {
		return func(w window, err error) bool { return err == nil && w.PG == pg }
	}
	within("card by Inicis", byPG("inicis"))
	p.write(p.text(func(c *fixture.Config) { c.Method("card").Links["inicis"] = false }))
	within("card by PortOne", byPG("portone"))
	p.write(p.text(fixture.LinksOff("card")))
	within("card refused", func(_ window, err error) bool {
		refusal, ok := problemOf(err)
		return ok && refusal.Code == "METHOD_NOT_LINKED" && refusal.Status == http.StatusConflict &&
			strings.ContainsFunc(refusal.Title, korean) && strings.ContainsFunc(refusal.DetailKo, korean) &&
			refusal.DetailEn != "" && !strings.ContainsFunc(refusal.DetailEn, korean)
	})
	p.mustRefuseIntercepted(b)
	p.write(p.text())
	within("card by Inicis again", byPG("inicis"))
}

// mustRefuseIntercepted checks that the shop's own checkout is refused in its own envelope, and that no order
// is made.
func (p *gatewayProcess) mustRefuseIntercepted(b *buyer) {
	p.t.Helper()
	created := func() int {
		var books struct {
			Created int `json:"created"`
		}
		p.getJSON("http://"+p.sandbox+"/_sandbox/orders", &books)
		return books.Created
	}
	before := created()
	_, raw, err := b.call(p.t.Context(), http.MethodPost, b.base+"/api/orders", "application/json",
		`{"goods":[{"goodsNo":"G001","qty":1}],"payMeans":[{"payWayCd":"11"}]}`)
	if err != nil {
		p.t.Fatal(err)
	}
	var ans struct {
		Code    string  `json:"code"`
		Message string  `json:"message"`
		Error   bool    `json:"error"`
		Payload problem `json:"payload"`
	}
	if err := json.Unmarshal(raw, &ans); err != nil {
		p.t.Fatalf("the shop's checkout was answered %q: %v", raw, err)
	}
	if !ans.Error || ans.Code != "2001" || ans.Payload.Code != "METHOD_NOT_LINKED" || !strings.ContainsFunc(ans.Message, korean) {
		p.t.Errorf("the shop's checkout was answered %s", raw)
	}
	if after := created(); after != before {
		p.t.Errorf("the refused checkout made %d orders", after-before)
	}
}

func korean(r rune) bool { return r >= 0xac00 && r <= 0xd7a3 }
