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
			{"Sec-Fetch-Site", "same-origin", false},
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
