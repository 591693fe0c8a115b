package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func TestAdmin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	get := func(path string) answer { return h.send(h.admin, httptest.NewRequest(http.MethodGet, path, nil)) }
	if a := get("/livez"); a.status != http.StatusOK {
		t.Errorf("livez: %d", a.status)
	}
	for _, path := range []string{"/readyz", "/healthz"} {
		if a := get(path); a.status != http.StatusOK || a.json["status"] != "pass" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	h.postCheckout(h.checkout("card"))
	if a := get("/metrics"); !strings.Contains(string(a.body), `pg_gateway_decisions_total{decision="forwarded",merchant="1001",reason="routed"} 1`) {
		t.Errorf("metrics: %d %s", a.status, a.body)
	}
	h.g.leaving.Store(true)
	h.g.draining.Store(true)
	if a := get("/readyz"); a.status != http.StatusServiceUnavailable {
		t.Errorf("readyz while draining: %d", a.status)
	}
	if a := h.postCheckout(h.checkout("card")); a.status != http.StatusServiceUnavailable || a.code() != "SHUTTING_DOWN" {
		t.Errorf("checkout while draining: %d %s", a.status, a.body)
	}
}

// Whoever reaches the door may look; to change what is sold he needs one of the tokens.
func TestAdminWritesNeedAToken(t *testing.T) {
	t.Parallel()
	const first, second = "first-token-of-16-bytes", "second-token-of-16-bytes"
	h := newHouse(t, func(c *fixture.Config) {
		c.Server.Admin = fixture.Admin{Listen: ":9090", Token: []string{first, second}}
	})
	version, _ := h.history()
	send := func(method, path, authorization string) answer {
		req := httptest.NewRequest(method, path, strings.NewReader(`{"version":"`+version+`"}`))
		req.Header.Set("Content-Type", "application/json")
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		return h.send(h.admin, req)
	}
	list := "/-/listing?" + url.Values{
		"pg": {"portone"}, "from": {time.Now().Add(-time.Hour).Format(time.RFC3339)}, "until": {time.Now().Format(time.RFC3339)},
	}.Encode()
	for _, path := range []string{"/-/reload", "/-/config/rollback", list} {
		for _, wrong := range []string{"", "Bearer", "Bearer ", "Bearer " + first[1:], "Bearer " + first + second, "bearer " + first, first} {
			if a := send(http.MethodPost, path, wrong); a.status != http.StatusUnauthorized || a.code() != "UNAUTHORIZED" || a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s with %q: %d %s", path, wrong, a.status, a.body)
			}
		}
		for _, right := range []string{first, second} {
			if a := send(http.MethodPost, path, "Bearer "+right); a.status != http.StatusOK {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	}
	for _, path := range []string{"/metrics", "/livez", "/readyz", "/healthz", "/-/config/history"} {
		if a := send(http.MethodGet, path, ""); a.status != http.StatusOK {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestAdminIsNotOnThePublicListener(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, path := range []string{"/metrics", "/readyz", "/livez"} {
		if a := h.get(path); a.status == http.StatusOK {
			t.Errorf("%s answers on the public listener", path)
		}
	}
	if a := h.post("/-/reload", "", ""); a.status == http.StatusOK {
		t.Error("/-/reload answers on the public listener")
	}
}

// TestReload: a good file is live at once, a bad one changes nothing and is told with file and line.
func TestReload(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	reload := func() answer { return h.send(h.admin, httptest.NewRequest(http.MethodPost, "/-/reload", nil)) }
	body := h.checkout("card")

	h.change(fixture.LinksOff("card"))
	if a := reload(); a.status != http.StatusOK || a.json["changed"] != true {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	a := h.postCheckout(body)
	if a.code() != "METHOD_NOT_LINKED" || a.json["detail_ko"] == a.json["detail_en"] {
		t.Errorf("got %d %s", a.status, a.body)
	}
	h.change(func(c *fixture.Config) { c.Mode = "tset" })
	if a := reload(); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.json["error"].(string), "config.yaml:") {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if a := h.postCheckout(body); a.code() != "METHOD_NOT_LINKED" {
		t.Errorf("the last good rules are gone: %d %s", a.status, a.body)
	}
	h.change()
	if a := reload(); a.status != http.StatusOK {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if a := h.postCheckout(body); a.status != http.StatusOK {
		t.Errorf("got %d %s", a.status, a.body)
	}
}
