package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func TestARoomHasItsBounds(t *testing.T) {
	t.Parallel()
	const most, perClient = 8, 3
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	times := func(n int, s seat) (list []seat) {
		for range n {
			list = append(list, s)
		}
		return list
	}
	nobody, uploads := seat{}, seat{upload: true}
	for _, tt := range []struct {
		name   string
		inside []seat
		comes  seat
		want   metrics.ShedReason
	}{
		{"nobody is there", nil, seat{who: one}, ""},
		{"one is left", times(7, nobody), seat{who: one}, ""},
		{"none is left", times(8, nobody), seat{who: one}, metrics.ShedFull},
		{"a client has its share", times(3, seat{who: one}), seat{who: one}, metrics.ShedClient},
		{"another client has its share", times(3, seat{who: one}), seat{who: other}, ""},
		{"a proxy that names nobody has no share", times(7, nobody), nobody, ""},
		{"uploads have theirs", times(4, uploads), seat{who: one, upload: true}, metrics.ShedUploads},
		{"uploads have theirs: a page", times(4, uploads), seat{who: one}, ""},
	} {
		r := newRoom(metrics.RoomForwarded, metrics.New(prometheus.NewRegistry()))
		var held []seat
		for _, s := range tt.inside {
			got, why := r.enter(s, most, perClient)
			if why != "" {
				t.Fatalf("%s: %s before", tt.name, why)
			}
			held = append(held, got)
		}
		got, why := r.enter(tt.comes, most, perClient)
		if why != tt.want || (got.room == nil) != (why != "") {
			t.Errorf("%s: %q, want %q", tt.name, why, tt.want)
		}
		for i := range held {
			held[i].leave()
			held[i].leave()
		}
		if got.leave(); r.busy != 0 || r.uploads != 0 || len(r.by) != 0 {
			t.Errorf("%s: when all have left %d are busy, %d upload, %v", tt.name, r.busy, r.uploads, r.by)
		}
	}
}

// uploadShop is the demo shop with a page that takes uploads.
func (h *house) uploadShop() string {
	h.t.Helper()
	demo, err := url.Parse(h.url + "/shop")
	if err != nil {
		h.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(demo) }}
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/upload" {
			_, _ = io.Copy(io.Discard, r.Body)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	h.t.Cleanup(shop.Close)
	return shop.URL
}

// clientAt sends from a loopback address of its own.
func clientAt(ip string) *http.Client {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	return &http.Client{Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}, Timeout: 20 * time.Second}
}

// TestSlowUploadsTakeTheirShare: 1,024 of them closed the shop for 50 seconds. What is more than their share is refused
// at once; pages, checkouts and other clients have room.
func TestSlowUploadsTakeTheirShare(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *fixture.Config) {
		c.Limits.InFlight = map[string]int{"forwarded": 24, "per_client": 8}
		c.Limits.Rates = rates{"client": "1000/s"}
	})
	h.moveShop(h.uploadShop())
	r := h.run()
	at := "http://" + r.Public.Addr().String()
	var uploads []net.Conn
	for n := range 60 {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+n/40))}}
		conn, err := d.Dial("tcp", r.Public.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		// The server hands a request over when it has the first 8 KiB of its body.
		_, _ = fmt.Fprintf(conn, "POST /upload HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000\r\n\r\n%16384s", "slow")
		uploads = append(uploads, conn)
	}
	// 12 of 24 are for uploads: 8 of one address and 4 of the other.
	eventually(t, "the uploads to have their share", func() bool {
		return h.counted(`pg_gateway_in_flight_requests{room="forwarded"} 12`) &&
			!h.counted(`pg_gateway_requests_shed_total{reason="client",room="forwarded"} 0`) &&
			!h.counted(`pg_gateway_requests_shed_total{reason="uploads",room="forwarded"} 0`)
	})
	get := func(from string) (int, http.Header, string) {
		res, err := clientAt(from).Get(at + "/")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, res.Header, string(b)
	}
	if status, _, body := get("127.0.0.9"); status != http.StatusOK {
		t.Errorf("a page for somebody else: %d %s", status, body)
	}
	refused := 0
	for _, from := range []string{"127.0.0.2", "127.0.0.3"} {
		status, header, body := get(from)
		if status == http.StatusServiceUnavailable {
			refused++
			if header.Get("Retry-After") == "" || !strings.Contains(body, `"code":"OVERLOADED"`) {
				t.Errorf("refused with %v %s", header, body)
			}
		}
		order, err := json.Marshal(h.checkout("card"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := clientAt(from).Post(at+pathCheckout, "application/json", bytes.NewReader(order))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("a checkout of %s: %d", from, res.StatusCode)
		}
	}
	if refused == 0 {
		t.Error("nobody was refused a page: the test proves nothing")
	}
	for _, conn := range uploads {
		conn.Close()
	}
	eventually(t, "the uploads to leave", func() bool { return h.counted(`pg_gateway_in_flight_requests{room="forwarded"} 0`) })
	if status, _, body := get("127.0.0.2"); status != http.StatusOK {
		t.Errorf("afterwards: %d %s", status, body)
	}
}

// eventually waits for something to be so.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// TestASlowPGLeavesCheckoutAnswering: 200 checkouts wait for a PG that is slow, or are refused there; those of another
// PG are answered as before.
func TestASlowPGLeavesCheckoutAnswering(t *testing.T) {
	t.Parallel()
	h := newHouse(t, kakaopayOnlyByPortOne, func(c *fixture.Config) {
		c.Limits.InFlight = map[string]int{"per_pg": 50}
		c.Limits.Rates = rates{"client": "100000/s"}
	})
	const slow, wait = 200, 3 * time.Second
	var bodies [][]byte
	for range slow {
		body, err := json.Marshal(h.checkout("kakaopay"))
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	var cards []map[string]any
	for range 40 {
		cards = append(cards, h.checkout("card"))
	}
	r := h.run()
	at := "http://" + r.Public.Addr().String() + pathCheckout
	send := func(body []byte) (int, time.Duration) {
		start := time.Now()
		res, err := http.Post(at, "application/json", bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0, 0
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode, time.Since(start)
	}
	card := func(list []map[string]any) time.Duration {
		var took []time.Duration
		for _, c := range list {
			body, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			status, d := send(body)
			if status != http.StatusOK {
				t.Errorf("a checkout of a PG that is well: %d", status)
			}
			took = append(took, d)
		}
		return slices.Max(took)
	}
	before := card(cards[:20])
	fault := sandbox.Fault{PG: "portone_v2", Operation: "prepare", Kind: sandbox.FaultDelay, Times: -1, DelayMS: int(wait / time.Millisecond)}
	if err := h.sandbox.Inject(fault); err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for _, body := range bodies {
		busy.Go(func() {
			status, _ := send(body)
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	eventually(t, "the PG to have as many as it may", func() bool {
		h.g.circuits.mu.Lock()
		defer h.g.circuits.mu.Unlock()
		c := h.g.circuits.by[circuitKey{"portone", classPrepare}]
		return c != nil && c.busy == 50
	})
	during := card(cards[20:])
	busy.Wait()
	ok, refused := statuses[http.StatusOK], statuses[http.StatusServiceUnavailable]
	if ok < 50 || refused == 0 || ok+refused != slow {
		t.Errorf("of 200 at the slow PG: %v", statuses)
	}
	t.Logf("the slowest checkout: %v before, %v beside a slow PG", before, during)
	if during > wait/2 {
		t.Errorf("a checkout took %v beside a PG that takes %v", during, wait)
	}
}
