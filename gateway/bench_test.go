package gateway

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/reload"
	"github.com/pg-gateway/pg-gateway/strictjson"
	"github.com/pg-gateway/pg-gateway/test/fixture"
	"github.com/pg-gateway/pg-gateway/upstream"
)

const benchBody = `{"order_id":"BENCH-20261201-0001","amount":64900,"order_name":"노르웨이 회전 의자",` +
	`"payments":[{"method":"card","amount":60000},{"method":"mileage","amount":4900}],` +
	`"buyer":{"name":"홍길동","email":"gildong@example.com","tel":"010-4242-4242"},` +
	`"site":"main","device":"pc","return_url":"http://localhost:8080/result"}`

// ordersInMemory is an order service without a network: every order is there and costs the same.
type ordersInMemory struct{}

func (ordersInMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	id := req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]
	body := `{"order_id":"` + id + `","amount":64900,"tax_free":0,"currency":"KRW","order_name":"노르웨이 회전 의자",` +
		`"status":"waiting","pg_amount":60000}`
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

// benchGateway is a gateway on the configuration of the tests whose order service answers from memory. It logs as
// in production, into nothing.
func benchGateway(b *testing.B, shopURL string) *Gateway {
	b.Helper()
	return benchGatewayWith(b, shopURL, orders.ByHTTP(&http.Client{Transport: ordersInMemory{}}))
}

// benchGatewayWith is benchGateway with another way of looking orders up.
func benchGatewayWith(b testing.TB, shopURL string, lookUp orders.Get) *Gateway {
	b.Helper()
	dir := b.TempDir()
	config := filepath.Join(dir, "config.yaml")
	text := fixture.Text(shopAt(shopURL), func(c *fixture.Config) {
		c.Limits.Rates = map[string]string{"client": "1000000/s", "order": "1000000/s"}
		c.Sandbox.Listen = strings.TrimPrefix(shopURL, "http://") // where the PGs are
	})
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	store, err := reload.New(reload.Options{Path: config, Load: loader().LoadFile, Prepare: Prepare})
	if err != nil {
		b.Fatal(err)
	}
	j, err := journal.Open(b.Context(), journal.Config{
		Driver: journal.DriverSQLite, Path: filepath.Join(dir, "journal.db"), Alone: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = j.Close() })
	registry := metrics.NewRegistry()
	m := metrics.New(registry)
	PublishRules(store.Current(), m)
	g, err := New(Options{
		Store: store, Journal: j, Drivers: drivers.New(drivers.Options{Client: onewrite.New(onewrite.Options{})}),
		OrderHTTP: onewrite.New(onewrite.Options{}), LookUp: lookUp, Metrics: m, Registry: registry,
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), //nolint:sloglint // the lines are made as in production
		Now: time.Now, DataDir: dir,
	})
	if err != nil {
		b.Fatal(err)
	}
	return g
}

// drive sends the same request through a handler again and again, without sockets on the caller's side.
func drive(b *testing.B, handler fasthttp.RequestHandler, req *fasthttp.Request) {
	b.Helper()
	peer := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000}
	var ctx fasthttp.RequestCtx
	b.ReportAllocs()
	for b.Loop() {
		ctx.ResetUserValues()
		ctx.Response.Reset()
		ctx.Init(req, peer, nil)
		handler(&ctx)
		if s := ctx.Response.StatusCode(); s != fasthttp.StatusOK {
			b.Fatalf("answered %d %s", s, ctx.Response.Body())
		}
		// A streamed answer keeps its upstream connection until it is read.
		if err := ctx.Response.BodyWriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func checkoutRequest() *fasthttp.Request {
	req := &fasthttp.Request{}
	req.SetRequestURI("http://localhost:8080" + pathCheckout)
	req.Header.SetMethod(fasthttp.MethodPost)
	req.Header.SetContentType("application/json")
	req.Header.Set("Origin", "http://localhost:8080")
	req.SetBodyString(benchBody)
	return req
}

// BenchmarkCheckout is a whole POST /checkout: parse, look the order up, look for earlier attempts in the
// journal, decide, seal, sign, answer, log and count.
func BenchmarkCheckout(b *testing.B) {
	g := benchGateway(b, "http://orders.internal:8080")
	drive(b, g.publicApp().Handler(), checkoutRequest())
}

// BenchmarkCheckoutRefused is a checkout that ends with a problem before anybody is asked.
func BenchmarkCheckoutRefused(b *testing.B) {
	g := benchGateway(b, "http://orders.internal:8080")
	handler := g.publicApp().Handler()
	req := checkoutRequest()
	req.SetBodyString(strings.Replace(benchBody, `"amount":64900`, `"amount":64900,"amount":100`, 1))
	drive(b, func(ctx *fasthttp.RequestCtx) {
		handler(ctx)
		if ctx.Response.StatusCode() != fasthttp.StatusBadRequest {
			b.Fatalf("a body with two amounts was answered %d", ctx.Response.StatusCode())
		}
		ctx.SetStatusCode(fasthttp.StatusOK)
	}, req)
}

// BenchmarkForward hands a GET on to a server on loopback. Subtract BenchmarkForwardBase, the same client
// without the gateway, to get what the gateway adds.
func BenchmarkForward(b *testing.B) {
	g := benchGateway(b, benchUpstream(b))
	req := &fasthttp.Request{}
	req.SetRequestURI("http://localhost:8080/goods/1?color=red")
	req.Header.SetUserAgent("bench")
	req.Header.Set("Cookie", "session=0123456789abcdef; cart=1")
	drive(b, g.publicApp().Handler(), req)
}

func BenchmarkForwardBase(b *testing.B) {
	base, err := url.Parse(benchUpstream(b))
	if err != nil {
		b.Fatal(err)
	}
	client, err := upstream.New(upstream.Options{Address: base.Host})
	if err != nil {
		b.Fatal(err)
	}
	defer client.CloseIdle()
	in := &fasthttp.Request{}
	in.SetRequestURI("http://localhost:8080/goods/1?color=red")
	var x upstream.Exchange
	r := &upstream.Request{Method: []byte("GET"), Target: []byte("/goods/1?color=red"), Host: []byte(base.Host)}
	drive(b, func(ctx *fasthttp.RequestCtx) {
		if err := client.Do(&x, r); err != nil {
			b.Fatal(err)
		}
		body, ok := x.Whole()
		if !ok {
			b.Fatal("the answer is not whole")
		}
		ctx.Response.SetBody(body)
		_ = x.Close()
	}, in)
}

func benchUpstream(b *testing.B) string {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString(`{"ok":true}`) }}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	b.Cleanup(func() {
		_ = server.Shutdown()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return "http://" + ln.Addr().String()
}

func benchSealer(b *testing.B) (*sealer, payment.Attempt) {
	b.Helper()
	s, err := newSealer(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	at := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	return s, payment.Attempt{
		ID: "019aa0c4b1c27e54b4e8d6f2a9c01c77", OrderID: "BENCH-20261201-0001", PG: "inicis", Driver: inicis.Name,
		Merchant: "1001", MID: "INIpayTest", Method: "card", Amount: 60000, OrderAmount: 64900,
		Currency: payment.CurrencyKRW, Test: true, Device: payment.DevicePC, Site: "main", Purpose: payment.PurposeOneTime,
		OrderName: "노르웨이 회전 의자", ReturnURL: publicURL + "/result", RulesVersion: "0123456789ab",
		CreatedAt: at, ExpiresAt: at.Add(30 * time.Minute),
	}
}

func BenchmarkTokenSeal(b *testing.B) {
	s, a := benchSealer(b)
	b.ReportAllocs()
	for b.Loop() {
		if s.sealAttempt(a, opener{}) == "" {
			b.Fatal("no token")
		}
	}
}

func BenchmarkTokenOpen(b *testing.B) {
	s, a := benchSealer(b)
	text := s.sealAttempt(a, opener{})
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := s.openAttempt(text, a.CreatedAt); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCheckout(b *testing.B) {
	body := []byte(benchBody)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseCheckout(body); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStrictCheck reads the same body for its form alone; BenchmarkLooseCheck is what the standard
// library, which lets duplicate keys pass, takes for it.
func BenchmarkStrictCheck(b *testing.B) {
	body := []byte(benchBody)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := strictjson.Check(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLooseCheck(b *testing.B) {
	body := []byte(benchBody)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if !json.Valid(body) {
			b.Fatal("not valid")
		}
	}
}
