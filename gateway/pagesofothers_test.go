package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// TestDoorsWithoutATokenTakeNothingFromOtherPages: the browser of whoever forwards a port to his machine can be made to
// send to it by any page that he visits.
func TestDoorsWithoutATokenTakeNothingFromOtherPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, door := range []struct {
		app  *fiber.App
		path string
	}{
		{h.admin, "/-/reload"},
		{h.admin, "/-/config/rollback"},
		{h.sidecar, "/attempts/A1/cancels"},
	} {
		for _, tt := range []struct {
			name, value string
			refused     bool
		}{
			{"Origin", "http://evil.example:9090", true},
			{"Origin", "http://127.0.0.1.evil.example", true},
			{"Origin", "http://localhost@evil.example", true},
			{"Origin", "null", true},
			{"Origin", "%zz", true},
			{"Sec-Fetch-Site", "cross-site", true},
			{"Origin", "http://127.0.0.1:9090", false},
			{"Origin", "http://[::1]:9090", false},
			{"Origin", "http://localhost:9090", false},
			{"Sec-Fetch-Site", "same-site", true}, // the test's own Host is example.com
			{"Sec-Fetch-Site", "same-origin", true},
			{"Sec-Fetch-Site", "none", true},
			{"Origin", "", false},
		} {
			req := httptest.NewRequest(http.MethodPost, door.path, strings.NewReader("{}"))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set(tt.name, tt.value)
			if a := h.send(door.app, req); (a.status == http.StatusUnauthorized) != tt.refused {
				t.Errorf("%s with %s %q: %d %s", door.path, tt.name, tt.value, a.status, a.body)
			}
		}
	}
}

// TestAPageUnderANameOfItsOwnReadsNothing: its name resolves to this machine, so that the browser takes the answers for
// the page's own. Who calls this machine by one of its own names does read them, and programs do by any.
func TestAPageUnderANameOfItsOwnReadsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, tt := range []struct {
		host, site string
		refused    bool
	}{
		{"evil.example:9090", "same-origin", true},
		{"localhost.evil.example", "none", true},
		{"127.0.0.1.evil.example:9090", "same-origin", true},
		{"localhost:9090", "same-origin", false},
		{"127.0.0.1:9090", "none", false},
		{"[::1]:9090", "same-origin", false},
		{"pg-gateway.internal:9090", "", false},
	} {
		req := httptest.NewRequest(http.MethodGet, "/orders/O1/attempts", nil)
		if req.Host = tt.host; tt.site != "" {
			req.Header.Set("Sec-Fetch-Site", tt.site)
		}
		if a := h.send(h.sidecar, req); (a.status == http.StatusUnauthorized) != tt.refused {
			t.Errorf("%s, %s: %d %s", tt.host, tt.site, a.status, a.body)
		}
	}
}
