package gateway

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// TestOurAnswersHaveTheirSecurityHeaders: what is ours is taken for what its Content-Type says, and what is somebody's
// is kept by nobody.
func TestOurAnswersHaveTheirSecurityHeaders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	request := func(method, path, contentType, body string, headers ...string) *http.Request {
		req := httptest.NewRequest(method, path, strings.NewReader(body))
		if contentType != "" {
			req.Header.Set("Content-Type", contentType)
		}
		for n := 0; n < len(headers); n += 2 {
			req.Header.Set(headers[n], headers[n+1])
		}
		return req
	}
	const form, js = "application/x-www-form-urlencoded", "application/json"
	good := h.textOf(h.checkout("card"))
	for _, tt := range []struct {
		what   string
		app    *fiber.App
		req    *http.Request
		status int
		// kept tells that anybody may keep it: it says nothing about anybody.
		kept bool
	}{
		{"a checkout", h.app, request("POST", pathCheckout, js, good), 200, false},
		{"a checkout below the prefix", h.app, request("POST", "/pg-gateway/checkout", js, good), 200, false},
		{"a problem", h.app, request("POST", pathCheckout, js, "{}"), 400, false},
		{"a page of another site", h.app, request("POST", pathCheckout, js, good, "Origin", "https://evil.example"), 403, false},
		{"a completion", h.app, request("POST", pathComplete, js, `{"attempt_id":"A-1"}`), 404, false},
		{"a preflight", h.app, preflightRequest(pathCheckout), 204, true},
		{"the status page", h.app, request("GET", pathInicisReturn, "", ""), 200, false},
		{"a forged return", h.app, request("POST", pathInicisReturn, form, "resultCode=0000"), 400, false},
		{"a return", h.app, request("POST", pathInicisReturn, form, h.inicisReturn("pay").Encode()), 303, false},
		{"the page of an app", h.app, request("GET", "/pg-gateway/app?to="+h.g.sealer.sealPage("myshop://x"), "", ""), 200, false},
		{"a forged page of an app", h.app, request("GET", "/pg-gateway/app?to=x", "", ""), 400, false},
		{"a redirect without an attempt", h.app, request("GET", pathPortOneReturn, "", ""), 404, false},
		{"a forged webhook", h.app, request("POST", pathHooksV2+"portone", js, "{}"), 401, false},
		{"a notice of a deposit", h.app, request("POST", pathHooksInicis+"inicis"+hookDeposit, form, "a=b"), 403, true},
		{"a hook that is not there", h.app, request("GET", pathHooks+"/x", "", ""), 404, false},
		{"an X2BEE function", h.app, request("GET", storeBase+"accountCertMid", "", ""), 200, false},
		{"an X2BEE refusal", h.app, request("POST", storeBase+"payMeanLink", js, "[]"), 400, false},
		{"a refused intercept", h.app, request("POST", "/api/orders", js, h.orderBody(`{"payWayCd":"13"}`)), 422, false},
		{"a path below the prefix", h.app, request("GET", "/pg-gateway/x", "", ""), 404, false},
		{"a path that is not handed on", h.app, request("GET", "/orders/O-1", "", ""), 404, false},
		{"a method that is not taken", h.app, request("PUT", "/pg-gateway/checkout", "", ""), 405, false},
		{"attempts that are not there", h.sidecar, request("GET", "/attempts/A-1", "", ""), 404, false},
		{"what the sidecar does not have", h.sidecar, request("GET", "/", "", ""), 404, false},
		{"metrics", h.admin, request("GET", "/metrics", "", ""), 200, true},
		{"readyz", h.admin, request("GET", "/readyz", "", ""), 200, true},
		{"livez", h.admin, request("GET", "/livez", "", ""), 200, true},
		{"a reload", h.admin, request("POST", "/-/reload", "", ""), 200, true},
		{"a page of another machine at admin", h.admin, request("POST", "/-/reload", "", "", "Origin", "https://evil.example"), 401, false},
	} {
		a := h.send(tt.app, tt.req)
		if a.status != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.what, a.status, a.body, tt.status)
		}
		if got := a.header.Values("X-Content-Type-Options"); len(got) != 1 || got[0] != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options is %q", tt.what, got)
		}
		if kept := a.header.Get("Cache-Control") != "no-store"; kept != tt.kept {
			t.Errorf("%s: Cache-Control is %q", tt.what, a.header.Get("Cache-Control"))
		}
		isPage := strings.HasPrefix(a.header.Get("Content-Type"), "text/html")
		if isPage && (a.header.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'")) {
			t.Errorf("%s is a page with %v", tt.what, a.header)
		}
		for _, name := range []string{"Server", "X-Powered-By"} {
			if got := a.header.Get(name); got != "" {
				t.Errorf("%s says %s: %s", tt.what, name, got)
			}
		}
	}
}

func TestARefusedConnectionHasItsSecurityHeaders(t *testing.T) {
	t.Parallel()
	text, err := fullAnswer()
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("answered %v", res.Header)
	}
}

// TestWhatCannotBeParsedHasItsSecurityHeaders, though no route was ever found for it.
func TestWhatCannotBeParsedHasItsSecurityHeaders(t *testing.T) {
	t.Parallel()
	address := listening(t, newHouse(t).app)
	for want, text := range map[int]string{
		http.StatusBadRequest:                  "GET / HTTP/1.1\r\n\r\n",
		http.StatusRequestHeaderFieldsTooLarge: "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 20<<10) + "\r\n\r\n",
	} {
		c := dialRaw(t, address)
		c.send(text)
		res, _ := c.answer(http.MethodGet)
		if res == nil || res.StatusCode != want || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("answered %+v, want %d", res, want)
		}
	}
}

// TestTheShopsSecurityHeadersAreItsOwn: we add none to what it says, in its pages nor around a window.
func TestTheShopsSecurityHeadersAreItsOwn(t *testing.T) {
	t.Parallel()
	const own = "X-Content-Type-Options: sniff\r\nX-Content-Type-Options: nosniff\r\n"
	shop := newRawShop(t, func(target string, c net.Conn) {
		lines, text := "Content-Type: application/json\r\n", `{"code":"0000","payload":{}}`
		if strings.HasSuffix(target, "?own") {
			lines += own
		}
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n" + lines + "Content-Length: 28\r\n\r\n" + text))
	})
	h := newHouse(t, shopAt(shop.url))
	address := listening(t, h.app)
	for _, target := range []string{"GET /", "POST /api/orders"} {
		for query, want := range map[string]string{"": "", "?own": "sniff,nosniff"} {
			c := dialRaw(t, address)
			method, path, _ := strings.Cut(target, " ")
			body := h.orderBody(`{"payWayCd":"11"}`)
			c.send(method + " " + path + query + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " +
				strconv.Itoa(len(body)) + "\r\n\r\n" + body)
			res, _ := c.answer(method)
			if res == nil {
				t.Fatalf("%s was not answered", target)
			}
			if got := strings.Join(res.Header.Values("X-Content-Type-Options"), ","); res.StatusCode != http.StatusOK || got != want {
				t.Errorf("%s%s: %d, X-Content-Type-Options is %q, want %q", target, query, res.StatusCode, got, want)
			}
			for _, name := range []string{"Content-Security-Policy", "Referrer-Policy", "X-Frame-Options"} {
				if got := res.Header.Get(name); got != "" {
					t.Errorf("%s says %s: %s", target, name, got)
				}
			}
		}
	}
}
