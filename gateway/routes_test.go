package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// The published addresses: contracts at PGs name them, so they stay.
const (
	pathInicisReturn  = "/return/inicis"
	pathInicisKey     = "/return/inicis/key"
	pathPortOneReturn = "/return/portone"
	pathHooks         = "/hooks/portone"
	pathHooksV1       = pathHooks + "/v1/"
	pathHooksV2       = pathHooks + "/v2/"
	hookConfirm       = "/confirm"
	pathHooksInicis   = "/hooks/inicis/"
	hookDeposit       = "/deposit"

	routeInicis    = "return_inicis"
	routeInicisKey = "return_inicis_key"
)

// routeOf sends a request and returns the route that it was counted as.
func (h *house) routeOf(app *fiber.App, req *http.Request) string {
	h.t.Helper()
	before := h.routeCounts()
	h.send(app, req)
	for route, n := range h.routeCounts() {
		if n > before[route] {
			return route
		}
	}
	return "(not counted)"
}

func (h *house) routeCounts() map[string]float64 {
	h.t.Helper()
	families, err := h.g.registry.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	counts := map[string]float64{}
	for _, f := range families {
		if f.GetName() != "pg_gateway_http_requests_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "route" {
					counts[l.GetValue()] += m.GetCounter().GetValue()
				}
			}
		}
	}
	return counts
}

// TestEveryRouteIsNamed where it is registered: one without a name would be counted as nothing that anybody watches.
func TestEveryRouteIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, noShopPages)
	for door, app := range map[string]*fiber.App{"public": h.app, "sidecar": h.sidecar} {
		seen := 0
		for _, r := range app.GetRoutes(true) {
			path := strings.NewReplacer(":pg", "nobody", ":attempt", "A1", ":order", "O1").Replace(r.Path)
			if strings.Contains(path, ":") {
				t.Fatalf("%s has a parameter that this test does not know", r.Path)
			}
			seen++
			if got := h.routeOf(app, httptest.NewRequest(r.Method, path, nil)); got == routeNone || got == routeShop || got == "(not counted)" {
				t.Errorf("%s: %s %s is counted as %s", door, r.Method, r.Path, got)
			}
		}
		if seen < 3 {
			t.Errorf("%s: only %d routes were tried", door, seen)
		}
	}
}

// TestRoutesAreCountedByWhatTheyAreFor, so that our error budget holds what is ours and nothing else.
func TestRoutesAreCountedByWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	defer shop.Close()
	h, broken := newHouse(t, nil), newHouse(t, shopAt(shop.URL))
	order := func(h *house) *http.Request {
		req := httptest.NewRequest(http.MethodPost, "/api/orders", strings.NewReader(h.orderBody(`{"payWayCd":"11"}`)))
		req.Header.Set("Content-Type", "application/json")
		return req
	}
	good := order(h)
	for _, c := range []struct {
		house *house
		app   *fiber.App
		req   *http.Request
		want  string
	}{
		{h, h.app, httptest.NewRequest(http.MethodPost, pathHooksInicis+"inicis"+hookDeposit, nil), routeDeposit},
		{h, h.app, httptest.NewRequest(http.MethodPost, "/return/inicis/key", nil), routeInicisKey},
		{h, h.app, httptest.NewRequest(http.MethodGet, "/return/inicis", nil), routeInicis},
		{h, h.app, httptest.NewRequest(http.MethodPost, "/hooks/portone/v2/portone", nil), routeNotice},
		{h, h.app, httptest.NewRequest(http.MethodPost, "/hooks/portone/nobody", nil), routeHooks},
		{h, h.app, preflightRequest("/checkout"), routePreflight},
		{h, h.app, httptest.NewRequest(http.MethodDelete, "/checkout", nil), routeShop},
		{h, h.app, good, routeIntercept},
		{h, h.app, httptest.NewRequest(http.MethodGet, "/", nil), routeShop},
		{h, h.sidecar, httptest.NewRequest(http.MethodPost, "/elsewhere", nil), routeNone},
		{broken, broken.app, order(h), routeShop},
	} {
		if got := c.house.routeOf(c.app, c.req); got != c.want {
			t.Errorf("%s %s is counted as %s, want %s", c.req.Method, c.req.URL.Path, got, c.want)
		}
	}
}
