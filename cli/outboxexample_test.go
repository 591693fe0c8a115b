package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// A shop gets an example signed like a real event, and what it answers is shown, without what a terminal would obey.
func TestSendExample(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		answer string
		want   string
		fails  string
	}{
		"acknowledged":     {http.StatusOK, "thanks", "the shop answered 200 OK after; thanks; acknowledged", ""},
		"without a word":   {http.StatusNoContent, "", "the shop answered 204 No Content; acknowledged", ""},
		"an escape":        {http.StatusOK, "\x1b[2Jred\x07\r\nline \xff\xed", "[2Jred\nline\nacknowledged", ""},
		"a long answer":    {http.StatusOK, strings.Repeat("가", 3000), " ... (9000 bytes)", ""},
		"another secret":   {http.StatusUnauthorized, "no", "401 Unauthorized", "the shop did not acknowledge it: does it verify with the secret of order_service.events.secret"},
		"another path":     {http.StatusNotFound, "", "404 Not Found", "is order_service.events.path right?"},
		"a fault of its":   {http.StatusInternalServerError, "oops", "500 Internal Server Error; oops", "answer 2xx to an example"},
		"a redirect is no": {http.StatusFound, "", "302 Found", "did not acknowledge"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var head http.Header
			var body []byte
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				head = r.Header.Clone()
				body, _ = io.ReadAll(r.Body)
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.answer)
			}))
			defer srv.Close()
			config := filepath.Join(t.TempDir(), "config.yaml")
			put(t, config, fixture.Text(func(c *fixture.Config) { c.OrderService.URL = srv.URL }))
			out, failed := runOn(t.Context(), config, "outbox", "send-example", payment.MessageConfirmed)
			for want := range strings.SplitSeq("POST "+srv.URL+"/payment-events; webhook-id: msg_example_; "+tt.want, "; ") {
				if !strings.Contains(out, want) {
					t.Errorf("printed %q, want %q", out, want)
				}
			}
			if !strings.Contains(failed, tt.fails) || tt.fails == "" && failed != "" {
				t.Errorf("failed with %q, want %q", failed, tt.fails)
			}
			var told struct {
				Example bool `json:"example"`
			}
			if err := json.Unmarshal(body, &told); err != nil || !told.Example {
				t.Errorf("sent %s, %v", body, err)
			}
			if !strings.HasPrefix(head.Get("Webhook-Signature"), "v1,") || head.Get("Webhook-Timestamp") == "" {
				t.Errorf("sent with %v", head)
			}
		})
	}
}
