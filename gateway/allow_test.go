package gateway

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// TestEveryDoorSaysWhichMethodsItTakes: METHOD_NOT_ALLOWED tells its reader to look into Allow.
func TestEveryDoorSaysWhichMethodsItTakes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, noShopPages)
	tests := []struct {
		app   *fiber.App
		path  string
		allow string
	}{
		{h.app, pathCheckout, "POST, OPTIONS"},
		{h.app, pathComplete, "POST, OPTIONS"},
		{h.app, "/pg-gateway/checkout", "POST, OPTIONS"},
		{h.app, "/pg-gateway/checkout/complete", "POST, OPTIONS"},
		{h.app, pathInicisReturn, "GET, HEAD, POST"},
		{h.app, pathInicisKey, "GET, HEAD, POST"},
		{h.app, pathPortOneReturn, "GET, HEAD"},
		{h.app, pathHooksV1 + "portone1", "POST"},
		{h.app, pathHooksV2 + "portone", "POST"},
		{h.app, pathHooksV1 + "portone1" + hookConfirm, "POST"},
		{h.app, pathHooksV2 + "portone" + hookConfirm, "POST"},
		{h.app, pathHooksInicis + "inicis" + hookDeposit, "POST"},
		{h.app, storeBase + "payMeanLink", "POST, OPTIONS"},
		{h.app, storeBase + "accountCertMid", "GET, OPTIONS"},
		{h.sidecar, "/attempts/A-1", "GET, HEAD"},
		{h.sidecar, "/attempts/A-1/cancels", "POST"},
		{h.sidecar, "/orders/O-1/attempts", "GET, HEAD"},
		{h.admin, "/metrics", "GET, HEAD"},
		{h.admin, "/livez", "GET, HEAD"},
		{h.admin, "/readyz", "GET, HEAD"},
		{h.admin, "/-/reload", "POST"},
		{h.admin, "/-/config/history", "GET, HEAD"},
		{h.admin, "/-/config/rollback", "POST"},
		{h.admin, "/-/listing", "POST"},
	}
	for _, tt := range tests {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
			req := httptest.NewRequest(method, tt.path, strings.NewReader(""))
			res, err := tt.app.Test(req, 30_000)
			if err != nil {
				t.Fatalf("%s %s: %v", method, tt.path, err)
			}
			_ = res.Body.Close()
			got := strings.FieldsFunc(res.Header.Get("Allow"), func(c rune) bool { return c == ',' || c == ' ' })
			want := strings.Split(tt.allow, ", ")
			switch {
			case slices.Contains(want, method):
				if res.StatusCode == http.StatusMethodNotAllowed {
					t.Errorf("%s %s is refused, though it is allowed", method, tt.path)
				}
			case res.StatusCode != http.StatusMethodNotAllowed || !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))):
				t.Errorf("%s %s: %d, Allow: %v, want %v", method, tt.path, res.StatusCode, got, want)
			}
		}
	}
}
