package gateway

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/proxy"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite/onewritetest"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// TestForwardWritesOnce is design promise 5 on the way to the shop. The client below is held to the whole table, with
// TLS, where it is.
func TestForwardWritesOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	app := h.g.newApp(true)
	app.Use(h.g.observe, func(c *fiber.Ctx) error {
		v := *h.g.view()
		var err error
		if v.shop, err = readShopAddress(c.Get("X-To")); err != nil {
			return err
		}
		v.shops = []shopAddress{v.shop}
		return h.g.forward(c, &v)
	})
	at := listening(t, app)
	do := func(_ *testing.T, method, to string, header http.Header, body []byte, _ *x509.CertPool) error {
		base, err := url.Parse(to)
		if err != nil {
			return err
		}
		req, err := http.NewRequest(method, "http://"+at+base.RequestURI(), strings.NewReader(string(body)))
		if err != nil {
			return err
		}
		req.Header = header.Clone()
		if req.Header == nil {
			req.Header = http.Header{}
		}
		req.Header.Set("X-To", "http://"+base.Host)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		return errors.Join(err, res.Body.Close())
	}
	for _, c := range onewritetest.Cases() {
		if c.TLS {
			continue
		}
		if got := onewritetest.Executions(t, c, do); got != 1 {
			t.Errorf("%s: the shop executed the request %d times, want 1", c, got)
		}
	}
}

// TestTheTableCatchesFibersStockProxy makes sure that the promise's test can fail: with the proxy that Fiber
// ships, some case of the table is executed more than once.
func TestTheTableCatchesFibersStockProxy(t *testing.T) {
	t.Parallel()
	caught := 0
	for _, c := range onewritetest.Cases() {
		if c.TLS {
			continue
		}
		app := fiber.New(fiber.Config{DisableStartupMessage: true})
		app.All("/*", func(ctx *fiber.Ctx) error { return proxy.Do(ctx, ctx.Get("X-To")) })
		do := func(_ *testing.T, method, url string, header http.Header, body []byte, _ *x509.CertPool) error {
			req := httptest.NewRequest(method, "/pay", strings.NewReader(string(body)))
			for k, v := range header {
				req.Header.Set(k, v[0])
			}
			req.Header.Set("X-To", url)
			res, err := app.Test(req, 10_000)
			if err != nil {
				return err
			}
			return res.Body.Close()
		}
		if onewritetest.Executions(t, c, do) > 1 {
			caught++
		}
	}
	if caught == 0 {
		t.Error("the table finds nothing wrong with Fiber's stock proxy, so it proves nothing about ours")
	}
}

func TestForwardFiltersHeaders(t *testing.T) {
	t.Parallel()
	var got *http.Request
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(t.Context())
		w.Header().Set("Connection", "close, X-Hop")
		w.Header().Set("X-Hop", "1")
		w.Header().Set("X-End", "1")
		w.WriteHeader(http.StatusTeapot)
	}))
	defer shop.Close()
	h := newHouse(t, shopAt(shop.URL))
	req := httptest.NewRequest(http.MethodPut, "/api/cart?x=1&y=%2F", strings.NewReader("body"))
	for k, v := range map[string]string{
		"Connection": "keep-alive, X-Secret-Hop", "X-Secret-Hop": "1", "Proxy-Authorization": "Basic x", "Te": "trailers",
		"Keep-Alive": "timeout=5", "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil.example", "Forwarded": "for=6.6.6.6",
		"X-Real-Ip": "6.6.6.6", "Cookie": "sid=1", "X-Custom": "kept",
	} {
		req.Header.Set(k, v)
	}
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Request-Id", "X-Real-Ip", "Forwarded"} {
		req.Header[name] = append(req.Header[name], "first-lie", "second-lie")
	}
	a := h.send(h.app, req)
	for name, values := range got.Header {
		if strings.HasPrefix(name, "X-Forwarded") || name == "X-Request-Id" || name == "Forwarded" {
			if len(values) != 1 || strings.Contains(values[0], "lie") {
				t.Errorf("%s reached the shop as %q", name, values)
			}
		}
	}
	if a.status != http.StatusTeapot || a.header.Get("X-End") != "1" || a.header.Get("X-Hop") != "" {
		t.Errorf("answer %d %v", a.status, a.header)
	}
	if got.URL.RequestURI() != "/api/cart?x=1&y=%2F" || got.Method != http.MethodPut {
		t.Errorf("the shop saw %s %s", got.Method, got.URL.RequestURI())
	}
	for _, gone := range []string{"X-Secret-Hop", "Proxy-Authorization", "Te", "Keep-Alive", "X-Real-Ip"} {
		if got.Header.Get(gone) != "" {
			t.Errorf("%s reached the shop", gone)
		}
	}
	if got.Header.Get("Cookie") != "sid=1" || got.Header.Get("X-Custom") != "kept" || got.Header.Get("X-Request-Id") == "" {
		t.Errorf("the shop saw %v", got.Header)
	}
	if strings.Contains(got.Header.Get("X-Forwarded-For"), "6.6.6.6") || got.Header.Get("X-Forwarded-Host") == "evil.example" {
		t.Error("a stranger's word about himself was believed")
	}
}

// shopAt points the configuration at another order service.
func shopAt(url string) fixture.Edit {
	return func(c *fixture.Config) { c.OrderService.URL = url }
}

func TestTheShopsOwnEndpointsAreNotReachable(t *testing.T) {
	t.Parallel()
	var paths []string
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { paths = append(paths, r.URL.Path) }))
	defer shop.Close()
	h := newHouse(t, shopAt(shop.URL))
	for _, path := range []string{
		"/payment-events", "/payment-events/", "/Payment-Events", "/orders/O-1", "/orders/O-1/", "/orders/O-1/confirm", "/ORDERS/O-1/CONFIRM",
		"/x/../payment-events", "//payment-events", "/%70ayment-events", "/orders%2FO-1", "/./payment-events", "/orders/O-1%2fconfirm", "/a/%2e%2e/payment-events",
		"/payment-events;x", "/orders/O-1/confirm;x=1", "/orders;a=b/O-1", "/;/payment-events", "/payment-events/;/",
		"/payment-events%3bx", "/payment-events%20", "/payment-events%09",
	} {
		req := httptest.NewRequest(http.MethodPost, "/", nil)
		req.RequestURI = path
		if a := h.send(h.app, req); a.status != http.StatusNotFound && a.status != http.StatusBadRequest {
			t.Errorf("%s: got %d", path, a.status)
		}
	}
	if len(paths) > 0 {
		t.Errorf("the shop saw %v", paths)
	}
	if a := h.get("/orders/O-1/pictures"); a.status != http.StatusOK {
		t.Errorf("an ordinary page got %d", a.status)
	}
}

func TestADeadShopIsAProblemWithoutInnerText(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shopAt("http://127.0.0.1:1"))
	a := h.get("/")
	if a.status != http.StatusBadGateway || a.code() != "UPSTREAM_UNAVAILABLE" || strings.Contains(string(a.body), "127.0.0.1") {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// TestAFormReachesTheShopAsItWasSent sends a form that reading and writing it anew would change.
func TestAFormReachesTheShopAsItWasSent(t *testing.T) {
	t.Parallel()
	var got []byte
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var err error
		if got, err = io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
	}))
	defer shop.Close()
	h := newHouse(t, shopAt(shop.URL))
	form := "a preamble\r\n--b\r\nContent-Disposition:   form-data; name=x\r\nX-Own: 1\r\n\r\nvalue\r\n--b--\r\nan epilogue"
	req := httptest.NewRequest(http.MethodPost, "/api/reviews", strings.NewReader(form))
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	if a := h.send(h.app, req); a.status != http.StatusOK || string(got) != form {
		t.Errorf("answer %d, the shop got %q", a.status, got)
	}
}

func TestLargeBodiesStreamThrough(t *testing.T) {
	t.Parallel()
	var n int64
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(make([]byte, 6<<20))
	}))
	defer shop.Close()
	h := newHouse(t, shopAt(shop.URL))
	a := h.post("/upload", "application/octet-stream", strings.Repeat("x", 8<<20))
	if a.status != http.StatusOK || n != 8<<20 || len(a.body) != 6<<20 {
		t.Errorf("got %d, the shop read %d bytes, we %d", a.status, n, len(a.body))
	}
}

// TestBodiesStayApart sends many different bodies through at once: each must come back whole, and to whom it
// belongs. Contexts, buffers and streams are pooled underneath.
func TestBodiesStayApart(t *testing.T) {
	t.Parallel()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(b)
	}))
	defer shop.Close()
	h := newHouse(t, shopAt(shop.URL))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		if err := h.app.Listener(l); err != nil {
			t.Error(err)
		}
	})
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			for i := range 40 {
				want := strings.Repeat(fmt.Sprintf("%d-%d ", n, i), 1+i*40)
				res, err := http.Post("http://"+l.Addr().String()+"/echo", "text/plain", strings.NewReader(want))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(res.Body)
				if err := errors.Join(err, res.Body.Close()); err != nil || string(got) != want {
					t.Errorf("body %d-%d came back as %d bytes, want %d: %v", n, i, len(got), len(want), err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := h.app.Shutdown(); err != nil {
		t.Error(err)
	}
	served.Wait()
}

// TestTheSenderOfTooMuchReadsTheAnswer over a real connection: an answer that is reset away tells nobody what
// to mend.
func TestTheSenderOfTooMuchReadsTheAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		if err := h.app.Listener(l); err != nil {
			t.Error(err)
		}
	})
	for range 20 {
		res, err := http.Post("http://"+l.Addr().String()+pathCheckout, "application/json", strings.NewReader(strings.Repeat("x", 4<<20)))
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("got %d", res.StatusCode)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := h.app.Shutdown(); err != nil {
		t.Error(err)
	}
	served.Wait()
}

// TestARequestIDIsTakenOnlyInASafeForm: it stands in every line of the log.
func TestARequestIDIsTakenOnlyInASafeForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for id, kept := range map[string]bool{
		"01a222ba-41a4-7dfa-89d6-b5946edb1a51": true, "0123456789abcdef0123456789ABCDEF": true, "01ARZ3NDEKTSV4RRFFQ69G5FAV": true,
		"": false, "010-4242-4242": false, "4242424242424242": false, "hong-gildong-0123": false, "sk_live_0123456789abcdef01234567": false,
		"01a222ba-41a4-7dfa-89d6-b5946edb1a5g": false, "0123456789abcdef0123456789abcdeg": false, "01ARZ3NDEKTSV4RRFFQ69G5FAU!": false,
		"91ARZ3NDEKTSV4RRFFQ69G5FAV": false, "{01a222ba-41a4-7dfa-89d6-b5946edb1a5": false, "a b": false, "x\"y\"": false,
	} {
		req := httptest.NewRequest(http.MethodGet, "/nothing", nil)
		req.Header.Set(headerRequestID, id)
		if got := h.send(h.app, req).header.Get(headerRequestID); got == "" || (got == id) != kept {
			t.Errorf("%q became %q", id, got)
		}
	}
}
