package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// pageShop is a shop whose own page opens the window: it keeps what it was asked with.
type pageShop struct {
	url string

	mu    sync.Mutex
	asked []*http.Request
	body  string
}

func newPageShop(t *testing.T) *pageShop {
	t.Helper()
	s := &pageShop{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/orders/O-1" {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"order_id":"O-1","amount":64900,"order_name":"운동화 & 양말","currency":"KRW"}`)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/orders/") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.asked, s.body = append(s.asked, r), string(body)
		s.mu.Unlock()
		w.Header().Set("Cache-Control", "max-age=600")
		w.Header().Set("CDN-Cache-Control", "max-age=600")
		w.Header().Set("ETag", `"v1"`)
		fmt.Fprint(w, "<p>pay</p>")
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// seen is how often the shop was asked for its page, and what with the last time.
func (s *pageShop) seen() (int, *http.Request, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) == 0 {
		return 0, nil, ""
	}
	return len(s.asked), s.asked[len(s.asked)-1], s.body
}

// pageRoute makes /pay a route whose requests get the window.
func pageRoute(method, place string) fixture.Edit {
	return func(c *fixture.Config) {
		route := fixture.Intercept{
			Name: "pay", Match: map[string]string{"method": method, "path": "/pay"}, Upstream: "order_service", PutRequest: place,
			ReadRequest: map[string]string{
				"order_id": "body:od.id", "pay_method": "body:od.method", "amount": "body:od.price", "return_url": "const:" + publicURL + "/result",
				"buyer_name": "const:홍길동", "buyer_tel": "const:01042424242", "buyer_email": "const:gildong@example.com",
			},
			Errors: map[string]any{"status": 200, "page": map[string]any{"type": "text/html", "text": "<p id=no>{code} {field}</p>"}},
		}
		if method == http.MethodGet {
			route.ReadRequest["order_id"], route.ReadRequest["pay_method"] = "query:od_id", "query:m"
			delete(route.ReadRequest, "amount")
		}
		c.Intercepts = append([]fixture.Intercept{route}, c.Intercepts...)
	}
}

// isWindow tells whether a text is what POST /checkout would have answered.
func isWindow(text string) error {
	var got struct {
		OrderID string `json:"order_id"`
		Amount  int64  `json:"amount"`
		Window  struct {
			Kind   string            `json:"kind"`
			Params map[string]string `json:"params"`
		} `json:"window"`
	}
	switch err := json.Unmarshal([]byte(text), &got); {
	case err != nil:
		return fmt.Errorf("%q: %w", text, err)
	case got.OrderID != "O-1" || got.Amount != 64900 || got.Window.Kind != "inicis_pc" || got.Window.Params["price"] != "64900":
		return fmt.Errorf("got %s", text)
	case got.Window.Params["buyername"] != "홍길동":
		return fmt.Errorf("the buyer is %q", got.Window.Params["buyername"])
	}
	return nil
}

const partsKind = "multipart/form-data; boundary=B"

// formPart is a part of a form as a browser sends it.
func formPart(name, value string) string {
	return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
}

// TestAWindowGoesIntoTheRequest, and every other byte of it reaches the shop as it came.
func TestAWindowGoesIntoTheRequest(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"))
	parts := formPart("od[id]", "O-1") + formPart("od[method]", "11")
	for _, tt := range []struct{ name, kind, body, before, after string }{
		{"JSON", "application/json", "{ \"od\" : {\"id\":\"O-1\",\"method\":\"11\"} ,\"x\":1.50}", "{ \"od\" : {\"id\":\"O-1\",\"method\":\"11\"} ,\"x\":1.50,\"pg_window\":", "}"},
		{"JSON with a window", "application/json", `{"pg_window":{"window":"mine"},"od":{"id":"O-1","method":"11","price":64900}}`, `{"pg_window":`, `,"od":{"id":"O-1","method":"11","price":64900}}`},
		{"a form", "application/x-www-form-urlencoded", "od[id]=O-1&od%5Bmethod%5D=11&x=%41+", "od[id]=O-1&od%5Bmethod%5D=11&x=%41+&pg_window=", ""},
		{"a form with a window", "application/x-www-form-urlencoded", "pg_window=mine&od[id]=O-1&od[method]=11", "od[id]=O-1&od[method]=11&pg_window=", ""},
		{"parts", partsKind, parts + "--B--\r\n", parts + "--B\r\nContent-Disposition: form-data; name=\"pg_window\"\r\n\r\n", "\r\n--B--\r\n"},
		{"parts with a window", partsKind, formPart("pg_window", "mine") + parts + "--B--\r\n", parts + "--B\r\nContent-Disposition: form-data; name=\"pg_window\"\r\n\r\n", "\r\n--B--\r\n"},
	} {
		req := httptest.NewRequest(http.MethodPost, "/pay?a=1;b", strings.NewReader(tt.body))
		for name, value := range map[string]string{
			"Content-Type": tt.kind, "If-None-Match": `"v1"`, "Content-MD5": "x", "Digest": "x", "Accept-Encoding": "br", "X-Kept": "1",
		} {
			req.Header.Set(name, value)
		}
		a := h.send(h.app, req)
		_, asked, got := shop.seen()
		if a.status != http.StatusOK || string(a.body) != "<p>pay</p>" || asked == nil {
			t.Fatalf("%s: got %d %s", tt.name, a.status, a.body)
		}
		mine, okBefore := strings.CutPrefix(got, tt.before)
		mine, okAfter := strings.CutSuffix(mine, tt.after)
		if strings.HasPrefix(tt.kind, "application/x-www") {
			var err error
			if mine, err = url.QueryUnescape(mine); err != nil {
				t.Error(err)
			}
		}
		if err := isWindow(mine); err != nil || !okBefore || !okAfter {
			t.Errorf("%s: the shop got %q: %v", tt.name, got, err)
		}
		if asked.RequestURI != "/pay?a=1;b" || asked.Header.Get("Content-Type") != tt.kind || asked.Header.Get("Accept-Encoding") != "br" ||
			asked.Header.Get("X-Kept") != "1" || asked.Header.Get("Content-MD5")+asked.Header.Get("Digest")+asked.Header.Get("If-None-Match") != "" {
			t.Errorf("%s: the shop was asked for %s with %v", tt.name, asked.RequestURI, asked.Header)
		}
		if got := a.header.Values("Cache-Control"); len(got) != 1 || got[0] != "no-store" || a.header.Get("CDN-Cache-Control") != "" {
			t.Errorf("%s: answered with %v", tt.name, a.header)
		}
	}
	if !h.counted(`pg_gateway_intercepts_total{name="pay",result="window"} 6`) {
		t.Error("the windows are not counted")
	}
}

func TestAWindowGoesIntoAHeader(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodGet, "header:X-PG-Window"))
	for _, target := range []string{"/pay?od_id=O-1&m=11", "/pay?x=1&m=11"} {
		req := httptest.NewRequest(http.MethodGet, target, nil)
		for _, name := range []string{"X-PG-Window", "x-pg-window", "X_PG_Window", "X-Pg_WINDOW", "X.PG.Window"} {
			req.Header[name] = []string{"mine"}
		}
		a := h.send(h.app, req)
		_, asked, _ := shop.seen()
		if a.status != http.StatusOK || asked == nil || asked.RequestURI != target || a.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("got %d %s %v", a.status, a.body, a.header)
		}
		var windows []string
		for name, values := range asked.Header {
			if sameToCGI([]byte(name), "X-PG-Window") {
				windows = append(windows, values...)
			}
		}
		if !strings.Contains(target, "od_id") {
			if windows != nil || !h.counted(`pg_gateway_intercepts_total{name="pay",result="no_order"} 1`) {
				t.Errorf("without an order the shop was asked with %q", windows)
			}
			continue
		}
		if len(windows) != 1 || strings.ContainsFunc(windows[0], func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("the shop was asked with %q", windows)
		}
		if err := isWindow(windows[0]); err != nil {
			t.Error(err)
		}
	}
}

// TestNoRequestBringsAWindowsHeader: what the page of a GET believes it may believe of a POST, too.
func TestNoRequestBringsAWindowsHeader(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodGet, "header:X-PG-Window"), pageRoute(http.MethodPut, "body:pg_window"),
		func(c *fixture.Config) { c.Intercepts[0].Name = "put" })
	asked := 0
	for _, tt := range []struct{ method, target, body string }{
		{http.MethodPost, "/pay?od_id=O-1&m=11", "x=1"},
		{http.MethodHead, "/pay?od_id=O-1&m=11", ""},
		{http.MethodDelete, "/pay", ""},
		{http.MethodGet, "/goods/1", ""},
		{http.MethodPut, "/pay", `{"x":1}`},
		{http.MethodPost, "/api/orders", plainOrder},
	} {
		req := httptest.NewRequest(tt.method, tt.target, strings.NewReader(tt.body))
		for _, name := range []string{"X-PG-Window", "x-pg-window", "X_PG_Window", "X-Pg_WINDOW", "X.PG.Window"} {
			req.Header[name] = []string{"mine"}
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-PG-Windows", "kept")
		a := h.send(h.app, req)
		n, got, _ := shop.seen()
		if asked++; a.status != http.StatusOK || n != asked || got.Method != tt.method || got.Header.Get("X-PG-Windows") != "kept" {
			t.Fatalf("%s %s: got %d %s", tt.method, tt.target, a.status, a.body)
		}
		for name, values := range got.Header {
			if sameToCGI([]byte(name), "X-PG-Window") {
				t.Errorf("%s %s: the shop was told %s: %q", tt.method, tt.target, name, values)
			}
		}
	}
}

// TestAWindowThatNeverLeftIsAbandoned when nothing of its request was sent, or there was no place for it: it would count
// as one that the buyer may pay in. Of what was sent nobody knows what became.
func TestAWindowThatNeverLeftIsAbandoned(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]payment.State{
		"the shop is gone": payment.StateExpired, "the shop hangs up": payment.StateOpened, "no place": payment.StateExpired,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var shop *httptest.Server
			shop = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/orders/O-1" {
					panic(http.ErrAbortHandler)
				}
				w.Header().Set("Content-Type", "application/json")
				if name == "the shop is gone" {
					w.Header().Set("Connection", "close")
					if err := shop.Listener.Close(); err != nil {
						t.Error(err)
					}
				}
				fmt.Fprint(w, `{"order_id":"O-1","amount":64900,"order_name":"운동화","currency":"KRW"}`)
			}))
			t.Cleanup(shop.Close)
			h := newHouse(t, shopAt(shop.URL), pageRoute(http.MethodPost, "body:pg_window"), func(c *fixture.Config) {
				c.Intercepts[0].ReadRequest["order_id"], c.Intercepts[0].ReadRequest["pay_method"] = "const:O-1", "const:15"
			})
			body := `{"x":1}`
			if name == "no place" {
				body = "[1]"
			}
			a := h.post("/pay", "application/json", body)
			if !strings.HasPrefix(string(a.body), "<p id=no>") {
				t.Fatalf("got %d %s", a.status, a.body)
			}
			states, err := h.journal.StatesOf(t.Context(), "O-1")
			if err != nil || len(states) != 1 || states[0].State != want {
				t.Errorf("the attempts are %v, %v; want one that is %s", states, err, want)
			}
		})
	}
}

// TestNobodyElsePutsAWindowIntoARequest: where there is no order there is no window, and none of the client's own.
func TestNobodyElsePutsAWindowIntoARequest(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"))
	const form, js = "application/x-www-form-urlencoded", "application/json"
	for _, tt := range []struct{ target, kind, body, want string }{
		{"/pay", js, `{"x":1}`, `{"x":1}`},
		{"/pay", js, `{"x":1,"pg_window":{"window":"mine"}}`, `{"x":1,"pg_window":null}`},
		{"/pay", js, `[{"pg_window":1}]`, `[{"pg_window":1}]`},
		{"/pay", form, "x=%41&", "x=%41&"},
		{"/pay", form, "x=1&pg_window[window]=mine&pg.window2=1", "x=1&pg.window2=1"},
		{"/pay", partsKind, formPart("PG_WINDOW", "mine") + formPart("x", "1") + "--B--", formPart("x", "1") + "--B--"},
		{"/pay", "", "", ""},
	} {
		before, _, _ := shop.seen()
		a := h.post(tt.target, tt.kind, tt.body)
		if n, _, got := shop.seen(); a.status != http.StatusOK || n != before+1 || got != tt.want {
			t.Errorf("%s: got %d %s, and the shop %q, want %q", tt.body, a.status, a.body, got, tt.want)
		}
	}
	before, _, _ := shop.seen()
	for _, tt := range []struct{ target, kind, body, want string }{
		{"/pay", js, `{"x":1,"PG_Window":{"window":"mine"}}`, "DUPLICATE_KEY"},
		{"/pay", js, `{"od":{"id":"O-1","method":"11"},"PG_Window":{"window":"mine"}}`, "DUPLICATE_KEY"},
		{"/pay", js, `{"pg_window":1,"pg_window":2}`, "DUPLICATE_KEY"},
		{"/pay", form, "x=1;pg_window=mine", "DUPLICATE_KEY"},
		{"/pay?pg_window=mine", js, `{"x":1}`, "INVALID_FIELD pg_window"},
		{"/pay?a&PG%2Ewindow[]=mine", form, `x=1`, "INVALID_FIELD pg_window"},
		{"/pay", partsKind, "x\r\n" + formPart("x", "1") + "--B--", "INVALID_JSON"},
	} {
		if a := h.post(tt.target, tt.kind, tt.body); !strings.HasPrefix(string(a.body), "<p id=no>"+tt.want) {
			t.Errorf("%s %s: got %d %s, want %s", tt.target, tt.body, a.status, a.body, tt.want)
		}
	}
	if n, _, _ := shop.seen(); n != before {
		t.Error("the shop was asked all the same")
	}
}

// TestAWindowThatCannotOpenIsRefusedBeforeTheShop, in the route's own words.
func TestAWindowThatCannotOpenIsRefusedBeforeTheShop(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	const form = "application/x-www-form-urlencoded"
	returnTo := func(url string) fixture.Edit {
		return func(c *fixture.Config) { c.Intercepts[0].ReadRequest["return_url"] = "const:" + url }
	}
	for _, tt := range []struct {
		name, kind, body, want string
		edit                   fixture.Edit
	}{
		{"an order that is not there", form, "od[id]=O-2&od[method]=11", "ORDER_NOT_FOUND order_id", nil},
		{"another amount", form, "od[id]=O-1&od[method]=11&od[price]=100", "AMOUNT_MISMATCH amount", nil},
		{"a link that is off", form, "od[id]=O-1&od[method]=11", "METHOD_NOT_LINKED", fixture.LinksOff("card")},
		{"no method", form, "od[id]=O-1", "MISSING_FIELD payments", nil},
		{"an empty order", form, "od[id]=&od[method]=11", "INVALID_FIELD", nil},
		{"another shop's page", form, "od[id]=O-1&od[method]=11", "RETURN_URL_NOT_ALLOWED return_url", returnTo("https://evil.example/")},
		{"no object", "application/json", `[{"od":{"id":"O-1"}}]`, "INVALID_FIELD pg_window", func(c *fixture.Config) {
			c.Intercepts[0].ReadRequest["order_id"], c.Intercepts[0].ReadRequest["pay_method"] = "const:O-1", "const:11"
		}},
		{"an order named twice", form, "x", "DUPLICATE_KEY od_id", func(c *fixture.Config) { c.Intercepts[0].ReadRequest["order_id"] = "query:od_id" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"), func(c *fixture.Config) {
				if tt.edit != nil {
					tt.edit(c)
				}
			})
			a := h.post("/pay?od_id=O-1&od.id=O-2", tt.kind, tt.body)
			if a.status != http.StatusOK || !strings.HasPrefix(string(a.body), "<p id=no>"+tt.want) {
				t.Errorf("got %d %s, want %s", a.status, a.body, tt.want)
			}
		})
	}
	t.Cleanup(func() {
		if n, _, _ := shop.seen(); n != 0 {
			t.Errorf("the shop was asked %d times", n)
		}
	})
}
