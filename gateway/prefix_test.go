package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func prefixed(prefix string) fixture.Edit {
	return func(c *fixture.Config) { c.Server.Public.Prefix = prefix }
}

// postKeyed posts a checkout under an Idempotency-Key.
func (h *house) postKeyed(path, body string) answer {
	h.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(headerIdempotencyKey, `"one"`)
	return h.send(h.app, req)
}

// TestACheckoutBelowThePrefixIsTheSame: the window is the same one for an Idempotency-Key, and counted alike.
func TestACheckoutBelowThePrefixIsTheSame(t *testing.T) {
	t.Parallel()
	h := newHouse(t, prefixed("/shop/pay/"))
	body := h.textOf(h.checkout("card"))
	first, again := h.postKeyed("/shop/pay/checkout", body), h.postKeyed(pathCheckout, body)
	if first.status != http.StatusOK || again.header.Get(headerReplayed) != "true" || string(again.body) != string(first.body) {
		t.Errorf("answered %d %s, and at the other address %d %s", first.status, first.body, again.status, again.body)
	}
	for _, path := range []string{"checkout", "checkout/complete"} {
		req := httptest.NewRequest(http.MethodPost, "/shop/pay/"+path, strings.NewReader("{}"))
		req.Header.Set("Content-Type", "application/json")
		want := map[string]string{"checkout": routeCheckout, "checkout/complete": routeComplete}[path]
		if got := h.routeOf(h.app, req); got != want {
			t.Errorf("%s is counted as %s, want %s", path, got, want)
		}
		if a := h.send(h.app, preflightRequest("/shop/pay/"+path)); a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Origin") != publicURL {
			t.Errorf("a preflight of %s is answered %d %v", path, a.status, a.header)
		}
	}
}

// TestThePrefixIsTheConfiguredOne, and the paths of the default one are the shop's then.
func TestThePrefixIsTheConfiguredOne(t *testing.T) {
	t.Parallel()
	shop := greetingShop(t)
	h := newHouse(t, shopAt(shop.url), prefixed("/PG_1/"))
	address := listening(t, h.app)
	for target, want := range map[string]payment.Code{
		"/pg_1/x": payment.CodeNotFound, "/PG_1/": payment.CodeNotFound, "/x/../pg_1": payment.CodePathNotForwarded,
		"/pg%5f1/x": payment.CodePathNotForwarded,
	} {
		if _, reason := ask(t, address, http.MethodPost, target); reason != string(want) {
			t.Errorf("%s: %q, want %s", target, reason, want)
		}
	}
	if seen := shop.requests(); len(seen) > 0 {
		t.Errorf("the shop saw %q", seen)
	}
	if status, _ := ask(t, address, http.MethodPost, "/pg-gateway/checkout"); status != http.StatusOK || len(shop.requests()) != 1 {
		t.Errorf("the path of another prefix is answered %d, and the shop saw %q", status, shop.requests())
	}
}

// TestNoPrefixTakesAPublishedPath: the rules know all folders that we have endpoints in.
func TestNoPrefixTakesAPublishedPath(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	folders := map[string]bool{}
	for _, r := range h.app.GetRoutes(true) {
		folder, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
		folders[folder] = true
	}
	delete(folders, "pg-gateway")
	if len(folders) < 3 {
		t.Fatalf("only %v", folders)
	}
	for folder := range folders {
		for _, prefix := range []string{"/" + folder + "/", "/" + strings.ToUpper(folder) + "/x/"} {
			_, err := loader().Parse("config.yaml", []byte(fixture.Text(prefixed(prefix))), rules.Sources{})
			if err == nil || !strings.Contains(err.Error(), "server.public.prefix: endpoints of ours stand below") {
				t.Errorf("%s: %v", prefix, err)
			}
		}
	}
}
