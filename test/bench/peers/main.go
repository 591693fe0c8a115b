// Command peers is what the gateway is measured against: an upstream that does next to nothing, a plain reverse
// proxy of the standard library, a Fiber app and a bare fasthttp server that only hand on. It also writes the
// configuration that the gateway is measured with. scripts/bench-load.sh and test/bench/proxy run them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

func main() {
	role := flag.String("role", "", "upstream, plain, fiber, bare, config, or ask")
	upstream := flag.String("upstream", "",
		"where plain, fiber, bare and the gateway hand on to, as http://host:port; what ask asks")
	pgs := flag.String("pgs", "", "where the gateway is to serve stand-ins of the PGs, as host:port; it has none without")
	api := flag.String("api", "", "where the gateway is to serve PortOne V1's API alone, as host:port; nowhere without")
	dir := flag.String("dir", "", "where the role config writes config.yaml, and the gateway keeps its journal")
	flag.Parse()
	if err := run(*role, *upstream, *pgs, *api, *dir, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves one role on a free loopback port and prints its address first; config and ask only answer.
func run(role, upstream, pgs, api, dir string, out io.Writer) error {
	switch role {
	case "config":
		return writeConfig(out, dir, upstream, pgs, api)
	case "ask":
		return ask(upstream)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	target, err := url.Parse(upstream)
	if err != nil {
		return fmt.Errorf("reading -upstream: %w", err)
	}
	fmt.Fprintln(out, ln.Addr())
	switch role {
	case "upstream":
		return (&fasthttp.Server{Handler: (&shop{}).answer, NoDefaultServerHeader: true}).Serve(ln)
	case "plain":
		server := &http.Server{Handler: plainProxy(target), ReadHeaderTimeout: 10 * time.Second}
		return server.Serve(ln)
	case "fiber":
		return fiberProxy(upstream).Listener(ln)
	case "bare":
		return (&fasthttp.Server{Handler: bareProxy(target.Host), NoDefaultServerHeader: true}).Serve(ln)
	}
	return errors.New("-role must be upstream, plain, fiber, bare, config or ask")
}

// ask tells by its error whether a GET is answered with 200.
func ask(address string) error {
	status, _, err := fasthttp.GetTimeout(nil, address, time.Second)
	if err != nil {
		return fmt.Errorf("asking %s: %w", address, err)
	}
	if status != fasthttp.StatusOK {
		return fmt.Errorf("%s answers %d", address, status)
	}
	return nil
}

// shop is the order service: every order is there, costs 64,900 won and may be charged, and new ones are made by
// POST /api/orders.
// As PortOne V1 it hands out tokens. What else is asked gets a short yes.
type shop struct{ made atomic.Int64 }

func (s *shop) answer(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType("application/json")
	path := string(ctx.Path())
	if id, isOrder := strings.CutPrefix(path, "/orders/"); isOrder && ctx.IsGet() {
		fmt.Fprintf(ctx,
			`{"order_id":%q,"amount":64900,"tax_free":0,"currency":"KRW","order_name":"chair","status":"waiting"}`, id)
		return
	}
	if strings.HasPrefix(path, "/orders/") && strings.HasSuffix(path, "/confirm") {
		ctx.SetBodyString(`{"confirm":true}`)
		return
	}
	if path == "/api/orders" && ctx.IsPost() {
		fmt.Fprintf(ctx, `{"timestamp":"2026-12-01T03:00:00Z","code":"0000","message":"","error":false,`+
			`"isProcess":true,"payload":`+
			`{"ordNo":"BENCH-%09d","goodsNm":"chair","payAmt":64900,"pgAmt":64900,"taxFreeAmt":0,`+
			`"status":"waiting"},"errors":[]}`,
			s.made.Add(1))
		return
	}
	if strings.HasSuffix(path, "/users/getToken") {
		// As PortOne V1, the one answer of which the gateway reads more than its length.
		now := time.Now().Unix()
		fmt.Fprintf(ctx, `{"code":0,"message":null,"response":{"access_token":"bench","now":%d,"expired_at":%d}}`,
			now, now+1800)
		return
	}
	ctx.SetBodyString(`{"ok":true,"goods":[{"no":1,"name":"chair","price":64900},{"no":2,"name":"desk","price":189000}]}`)
}

// plainProxy is the reverse proxy that anybody would write first. Idle connections are kept as the gateway
// keeps them: with the default of two for each host it would mostly measure connecting.
func plainProxy(target *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true, IdleConnTimeout: 30 * time.Second},
	}
}

// fiberProxy is Fiber and fasthttp with the gateway's transport settings and nothing else: what the framework
// alone costs.
func fiberProxy(upstream string) *fiber.App {
	client := &fasthttp.Client{
		NoDefaultUserAgentHeader:  true,
		DisablePathNormalizing:    true,
		MaxIdemponentCallAttempts: 1,
		RetryIfErr:                func(*fasthttp.Request, int, error) (bool, bool) { return false, false },
		MaxConnsPerHost:           1024,
		MaxIdleConnDuration:       3 * time.Second,
		StreamResponseBody:        true,
	}
	app := fiber.New(fiber.Config{
		DisableStartupMessage: true, StreamRequestBody: true, Immutable: true, ReadBufferSize: 16 << 10,
	})
	app.Use(func(c *fiber.Ctx) error {
		req := fasthttp.AcquireRequest()
		defer fasthttp.ReleaseRequest(req)
		c.Request().Header.CopyTo(&req.Header)
		req.Header.Del(fiber.HeaderConnection)
		req.SetRequestURI(upstream + string(c.Request().RequestURI()))
		if stream := c.Context().RequestBodyStream(); stream != nil {
			req.SetBodyStream(struct{ io.Reader }{stream}, c.Request().Header.ContentLength())
		}
		if err := client.DoTimeout(req, c.Response(), time.Minute); err != nil {
			return fiber.ErrBadGateway
		}
		c.Response().Header.Del(fiber.HeaderConnection)
		return nil
	})
	return app
}

// bareProxy is the least that a proxy of fasthttp's server and client can be: it neither looks at a request nor
// copies it.
func bareProxy(host string) fasthttp.RequestHandler {
	client := &fasthttp.HostClient{
		Addr: host, NoDefaultUserAgentHeader: true, DisablePathNormalizing: true,
		MaxConns: 1024, MaxIdemponentCallAttempts: 1,
	}
	return func(ctx *fasthttp.RequestCtx) {
		ctx.Request.Header.Del(fasthttp.HeaderConnection)
		if err := client.Do(&ctx.Request, &ctx.Response); err != nil {
			ctx.Error("the upstream cannot be reached", fasthttp.StatusBadGateway)
			return
		}
		ctx.Response.Header.Del(fasthttp.HeaderConnection)
	}
}
