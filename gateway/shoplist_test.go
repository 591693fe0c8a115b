package gateway

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/test/fixture"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// mortalShop is an order service at one address, which can end and come back there.
type mortalShop struct {
	t    *testing.T
	at   string
	dies atomic.Bool // once it has read a request
	sick atomic.Bool // answers 503

	mu      sync.Mutex
	l       net.Listener
	conns   map[net.Conn]bool
	seen    []string
	serving sync.WaitGroup
}

func newMortalShop(t *testing.T) *mortalShop {
	t.Helper()
	s := &mortalShop{t: t, at: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	s.begin()
	t.Cleanup(s.end)
	return s
}

func (s *mortalShop) url() string { return "http://" + s.at }

func (s *mortalShop) begin() {
	s.t.Helper()
	l, err := net.Listen("tcp", s.at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.at, s.l = l.Addr().String(), l
	s.serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[c] = true
			s.mu.Unlock()
			s.serving.Go(func() { s.serve(c) })
		}
	})
}

// end closes the listener and all connections, and waits until nothing more is heard.
func (s *mortalShop) end() {
	_ = s.l.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
}

func (s *mortalShop) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		s.mu.Lock()
		s.seen = append(s.seen, req.Method+" "+req.RequestURI+" "+req.Host)
		s.mu.Unlock()
		status := "200 OK"
		if s.sick.Load() {
			status = "503 Service Unavailable"
		}
		if s.dies.Load() {
			return
		}
		if _, err := fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}", status); err != nil {
			return
		}
	}
}

// requests are those for target that it has read.
func (s *mortalShop) requests(target string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, line := range s.seen {
		if strings.Contains(line, target) {
			n++
		}
	}
	return n
}

// shopsAtURLs is a configuration whose order service has several addresses.
func shopsAtURLs(first string, more ...string) fixture.Edit {
	return func(c *fixture.Config) { c.OrderService.URL, c.OrderService.URLs = first, more }
}

func newTestShops(t *testing.T) *shops {
	t.Helper()
	s := newShops(shopsOptions{conns: 8, lookUps: 8, metrics: metrics.New(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)})
	t.Cleanup(s.closeIdle)
	return s
}

// shopsAt are the addresses of a view that has them.
func shopsAt(t *testing.T, s *shops, urls ...string) *shopList {
	t.Helper()
	v := &view{}
	for _, text := range urls {
		a, err := readShopAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		v.shops = append(v.shops, a)
	}
	v.shop = v.shops[0]
	l, err := s.listOf(v)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// say sends requests of a method, one after the other, and counts the answers by status.
func say(t *testing.T, address, method string, times int) map[int]int {
	t.Helper()
	got := map[int]int{}
	for n := range times {
		status, _ := ask(t, address, method, fmt.Sprintf("/say/%s/%d", method, n))
		got[status]++
	}
	return got
}

// TestAReadGoesElsewhereWhenNothingWasSent, and a write never.
func TestAReadGoesElsewhereWhenNothingWasSent(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]struct{ good, bad, retries int }{
		http.MethodGet: {6, 0, 1}, http.MethodHead: {6, 0, 1}, http.MethodPost: {5, 1, 0}, http.MethodPut: {5, 1, 0}, http.MethodDelete: {5, 1, 0},
	} {
		dead, alive := newMortalShop(t), newMortalShop(t)
		dead.end()
		h := newHouse(t, shopsAtURLs(dead.url(), alive.url()))
		got := map[int]int{}
		address := listening(t, h.app)
		for n := range 6 {
			c := dialRaw(t, address)
			// What a GET may have as well: its body came, and was not read by anybody yet.
			c.send(fmt.Sprintf("%s /say/%d HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n", method, n))
			res, _ := c.answer(method)
			if res == nil {
				t.Fatalf("%s was not answered", method)
			}
			got[res.StatusCode]++
		}
		if got[http.StatusOK] != want.good || got[http.StatusBadGateway] != want.bad {
			t.Errorf("%s: answered %v, want %+v", method, got, want)
		}
		if n := alive.requests("/say/"); n != want.good {
			t.Errorf("%s: the shop saw %d requests, want %d", method, n, want.good)
		}
		if n := h.series(`pg_gateway_order_service_retries_total{reason="unreachable"}`); int(n) != want.retries {
			t.Errorf("%s: %v retries, want %d", method, n, want.retries)
		}
		if up := h.series(`pg_gateway_order_service_up{address="` + dead.at + `"}`); up != 0 || h.series(`pg_gateway_order_service_up{address="`+alive.at+`"}`) != 1 {
			t.Errorf("%s: who is up is wrong: %v", method, up)
		}
	}
}

// TestABodyThatMayHaveBeenReadGoesNowhereElse: a GET whose body comes as a stream has one shot.
func TestABodyThatMayHaveBeenReadGoesNowhereElse(t *testing.T) {
	t.Parallel()
	dead, alive := newMortalShop(t), newMortalShop(t)
	dead.end()
	h := newHouse(t, shopsAtURLs(dead.url(), alive.url()))
	address, got := listening(t, h.app), map[int]int{}
	for range 4 {
		status, _ := ask(t, address, http.MethodGet, "/say/body") // it has one
		got[status]++
	}
	if got[http.StatusBadGateway] != 1 || got[http.StatusOK] != 3 || alive.requests("/say/") != 3 {
		t.Errorf("answered %v, and the shop saw %d", got, alive.requests("/say/"))
	}
}

// TestWhatWasSentGoesNowhereElse: a shop that ends once it has read a request is asked by nobody else's mouth again.
func TestWhatWasSentGoesNowhereElse(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		dying, alive := newMortalShop(t), newMortalShop(t)
		dying.dies.Store(true)
		h := newHouse(t, shopsAtURLs(dying.url(), alive.url()))
		const sent = 10
		address, got := listening(t, h.app), map[int]int{}
		for n := range sent {
			c := dialRaw(t, address)
			c.send(fmt.Sprintf("%s /say/%d HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n", method, n))
			res, _ := c.answer(method)
			if res == nil {
				t.Fatalf("%s was not answered", method)
			}
			got[res.StatusCode]++
		}
		a, b := dying.requests("/say/"), alive.requests("/say/")
		if got[http.StatusOK] != b || got[http.StatusBadGateway] != a || a+b != sent || a != sent/2 {
			t.Errorf("%s: of %d the shops saw %d and %d, and %v were answered", method, sent, a, b, got)
		}
	}
}

// TestALookUpGoesElsewhere, as it is a GET; the question before an approval does not, and asks who is well.
func TestALookUpGoesElsewhere(t *testing.T) {
	t.Parallel()
	dead, alive := newMortalShop(t), newMortalShop(t)
	dead.end()
	h := newHouse(t, shopsAtURLs(dead.url(), alive.url()), func(c *fixture.Config) { c.OrderService.Confirm.Timeout = "2s" })
	confirm := func() { h.g.Confirm(t.Context(), payment.Attempt{OrderID: "O-1", ID: "A-1"}) }
	l, err := h.g.shops.listOf(h.g.view())
	if err != nil {
		t.Fatal(err)
	}
	// The one that is dead is next in turn.
	h.g.shops.turn.Store(1)
	confirm()
	if n := alive.requests("confirm"); n != 0 || !l.places[0].down.Load() {
		t.Errorf("the other one was asked to confirm %d times; down: %v", n, l.places[0].down.Load())
	}
	for range 4 {
		confirm()
		if _, err := l.get(t.Context(), "", "/orders/O-1", time.Now().Add(10*time.Second)); err != nil {
			t.Error(err)
		}
	}
	if n := alive.requests("POST /orders/O-1/confirm " + dead.at); n != 4 {
		t.Errorf("the one that is well was asked to confirm %d times by the service's name: %q", n, alive.seen)
	}
	if n := alive.requests("GET /orders/O-1 " + dead.at); n != 4 {
		t.Errorf("the one that is well was asked for the order %d times by the service's name: %q", n, alive.seen)
	}
}

// TestWhoGivesUpSoonFindsNothingOut: a look-up without time says nothing about any address, and is not begun anew.
func TestWhoGivesUpSoonFindsNothingOut(t *testing.T) {
	t.Parallel()
	a, b := newMortalShop(t), newMortalShop(t)
	l := shopsAt(t, newTestShops(t), a.url(), b.url())
	for range 2 {
		if _, err := l.get(t.Context(), "", "/orders/O-1", time.Now().Add(-time.Second)); !errors.Is(err, upstream.ErrNotSent) {
			t.Errorf("got %v", err)
		}
	}
	if !l.allUp() || a.requests("/")+b.requests("/") > 0 {
		t.Errorf("left out: %v %v", l.places[0].down.Load(), l.places[1].down.Load())
	}
}

// TestAddressesAreTakenInTurn, who has less to do first, and who is down not at all while another is well.
func TestAddressesAreTakenInTurn(t *testing.T) {
	t.Parallel()
	l := shopsAt(t, newTestShops(t), "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3")
	picked := func(reads bool, times int) string {
		var n [3]int
		for range times {
			n[l.pick(reads, 0)]++
		}
		return fmt.Sprint(n)
	}
	if got := picked(false, 30); got != "[10 10 10]" {
		t.Errorf("in turn: %s", got)
	}
	l.places[0].waiting.Store(2)
	if got := picked(false, 30); got != "[0 15 15]" && got != "[0 10 20]" && got != "[0 20 10]" {
		t.Errorf("one is busy: %s", got)
	}
	l.places[0].waiting.Store(0)
	l.heard(l.places[1], false, true)
	if got := picked(true, 30); !strings.Contains(got, " 0 ") {
		t.Errorf("one is down: %s", got)
	}
	l.places[1].trial.Store(0)
	if got := picked(false, 30); !strings.Contains(got, " 0 ") {
		t.Errorf("a write tries one that is down: %s", got)
	}
	if got := picked(true, 30); !strings.Contains(got, " 1 ") {
		t.Errorf("one read, and no more, tries one that is down: %s", got)
	}
	l.heard(l.places[1], true, false)
	if got := picked(true, 30); got != "[10 10 10]" {
		t.Errorf("it answers: %s", got)
	}
	for _, p := range l.places {
		l.heard(p, false, true)
	}
	if got := picked(false, 30); got != "[10 10 10]" {
		t.Errorf("none is well: %s", got)
	}
}

// TestHealthChecksLeaveOutAndTakeBack an address that answers, but not well.
func TestHealthChecksLeaveOutAndTakeBack(t *testing.T) {
	t.Parallel()
	a, b := newMortalShop(t), newMortalShop(t)
	h := newHouse(t, shopsAtURLs(a.url(), b.url()), func(c *fixture.Config) {
		c.OrderService.Health = map[string]string{"path": "/well", "interval": "100ms", "timeout": "2s"}
	})
	r := h.run()
	address := r.Public.Addr().String()
	until := func(what string, holds func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal(what)
			}
		}
	}
	up := func() bool { return h.series(`pg_gateway_order_service_up{address="`+a.at+`"}`) == 1 }
	ready := func() string {
		a := h.send(h.admin, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		checks, _ := a.json["checks"].(map[string]any)
		return fmt.Sprint(a.status, " ", a.json["status"], " ", checks["order_service"])
	}
	if got := ready(); !up() || got != "200 pass pass" {
		t.Errorf("at first it is up: %v, %s", up(), got)
	}
	a.sick.Store(true)
	until("it is never left out", func() bool { return !up() })
	before := a.requests("/say/")
	if got := say(t, address, http.MethodPost, 6); got[http.StatusOK] != 6 || a.requests("/say/") != before || b.requests("/say/") != 6 {
		t.Errorf("answered %v, of whom the sick one %d and the other %d", got, a.requests("/say/"), b.requests("/say/"))
	}
	if got := ready(); got != "200 warn warn" {
		t.Errorf("readyz says %s", got)
	}
	a.sick.Store(false)
	until("it never comes back", up)
	if say(t, address, http.MethodPost, 6); a.requests("/say/") != 3 {
		t.Errorf("the one that came back got %d of 6", a.requests("/say/"))
	}
	r.leave()
	r.ends(t)
	text := h.log.String()
	for _, want := range []string{"is left out", "is taken again", "it does not answer its checks"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("the log says %q %d times", want, strings.Count(text, want))
		}
	}
}

// TestAddressesAreSwappedUnderLoad: nothing is lost, nothing is said twice, and who is gone is forgotten.
func TestAddressesAreSwappedUnderLoad(t *testing.T) {
	t.Parallel()
	shops := []*mortalShop{newMortalShop(t), newMortalShop(t), newMortalShop(t)}
	h := newHouse(t, shopsAtURLs(shops[0].url(), shops[1].url()))
	address := listening(t, h.app)
	var sent, lost atomic.Int64
	over := make(chan struct{})
	var load sync.WaitGroup
	for client := range 4 {
		method := []string{"GET", "POST"}[client%2]
		load.Go(func() {
			c := dialRaw(t, address)
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				default:
				}
				c.send(fmt.Sprintf("%s /say/%d/%d HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", method, client, n))
				sent.Add(1)
				if res, _ := c.answer(method); res == nil || res.StatusCode != http.StatusOK {
					lost.Add(1)
					return
				}
			}
		})
	}
	for n := range 12 {
		time.Sleep(20 * time.Millisecond)
		first, second := shops[n%3], shops[(n+1)%3]
		h.change(shopsAtURLs(first.url(), second.url()))
		if res := h.g.store.Reload("test"); res.Err != nil {
			t.Fatal(res.Err)
		}
	}
	close(over)
	load.Wait()
	seen := 0
	for _, s := range shops {
		n := s.requests("/say/")
		if seen += n; n == 0 {
			t.Error("an address got nothing")
		}
	}
	if lost.Load() > 0 || int64(seen) != sent.Load() {
		t.Errorf("of %d requests %d were lost, and the shops saw %d", sent.Load(), lost.Load(), seen)
	}
	if _, err := h.g.shops.listOf(h.g.view()); err != nil {
		t.Fatal(err)
	}
	a := h.send(h.admin, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if n := strings.Count(string(a.body), "pg_gateway_order_service_up{"); n != 2 {
		t.Errorf("%d addresses are told of, want 2", n)
	}
}

// TestAnOldRequestBringsNoAddressBack: a request that began under rules long gone is sent where they say, and the metrics
// go on telling of the addresses in force.
func TestAnOldRequestBringsNoAddressBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shopsAtURLs("http://127.0.0.1:1001"))
	old := h.g.view()
	for _, at := range []string{"http://127.0.0.1:1002", "http://127.0.0.1:1003", "http://127.0.0.1:1004"} {
		h.change(shopsAtURLs(at))
		if res := h.g.store.Reload("test"); res.Err != nil {
			t.Fatal(res.Err)
		}
		if _, err := h.g.shops.listOf(h.g.view()); err != nil {
			t.Fatal(err)
		}
	}
	l, err := h.g.shops.listOf(old)
	if err != nil || l.places[0].key.address != "127.0.0.1:1001" {
		t.Fatalf("the old request is sent to %v, %v", l, err)
	}
	l.of.set(l.places[0], false, "it is a test")
	text := string(h.send(h.admin, httptest.NewRequest(http.MethodGet, "/metrics", nil)).body)
	if strings.Count(text, "pg_gateway_order_service_up{") != 1 || !strings.Contains(text, `{address="127.0.0.1:1004"} 1`) {
		t.Error("the metrics tell of addresses that are not in force")
	}
}

// TestAddressesOfOneService are told by what they have in common.
func TestAddressesOfOneService(t *testing.T) {
	t.Parallel()
	s, err := loader().Parse("config.yaml", []byte(fixture.Text(shopsAtURLs(
		"http://a.example/shop", "http://a.example:80/shop", "http://b.example/shop",
	))), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := newView(s)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range v.shops {
		got = append(got, a.address+a.path)
	}
	if fmt.Sprint(got) != "[a.example:80/shop b.example:80/shop]" {
		t.Errorf("got %v", got)
	}
}
