package gateway

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// orderPages is an order service that counts the connections it gets.
func orderPages(t *testing.T) (base string, connections *atomic.Int32) {
	t.Helper()
	connections = new(atomic.Int32)
	part := strings.Repeat("x", 100_000)
	shop := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Accept") != "application/json" || r.Header.Get("User-Agent") != "pg-gateway" {
			t.Errorf("asked %s with %v", r.Method, r.Header)
		}
		parts := map[string]int{"/shop/orders/streamed": 2, "/shop/orders/huge": 2 * maxOrder / len(part)}[r.URL.Path]
		switch {
		case parts > 0:
			for range parts {
				_, _ = io.WriteString(w, part)
				_ = http.NewResponseController(w).Flush()
			}
		case r.URL.Path == "/shop/orders/slow":
			<-r.Context().Done()
		default:
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, r.URL.RequestURI())
		}
	}))
	shop.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	shop.Start()
	t.Cleanup(shop.Close)
	return shop.URL + "/shop", connections
}

func TestOrdersAreLookedUpOnKeptConnections(t *testing.T) {
	t.Parallel()
	base, connections := orderPages(t)
	s := newTestShops(t)
	get := func(base, path string, patience time.Duration) (wire.Answer, error) {
		return shopsAt(t, s, base).get(t.Context(), base, path, time.Now().Add(patience))
	}
	for range 3 {
		a, err := get(base, "/orders/O%2F1?full=1", time.Minute)
		if err != nil || a.Status != http.StatusTeapot || string(a.Body) != "/shop/orders/O%2F1?full=1" || !a.IsJSON() {
			t.Errorf("answered %d %q %q, %v", a.Status, a.ContentType, a.Body, err)
		}
	}
	if a, err := get(base, "/orders/streamed", time.Minute); err != nil || len(a.Body) != 200_000 {
		t.Errorf("a streamed answer has %d bytes, %v", len(a.Body), err)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("four look-ups took %d connections", n)
	}
	if _, err := get(base, "/orders/huge", time.Minute); !errors.Is(err, onewrite.ErrTooLarge) {
		t.Errorf("an answer without end: %v", err)
	}
	if _, err := get(base, "/orders/slow", 50*time.Millisecond); !errors.Is(err, upstream.ErrTimeout) {
		t.Errorf("a slow answer: %v", err)
	}
	// What the rules say next is asked next.
	other, _ := orderPages(t)
	if a, err := get(other, "/orders/1", time.Minute); err != nil || a.Status != http.StatusTeapot {
		t.Errorf("another order service answers %d, %v", a.Status, err)
	}
	if _, err := get("http://127.0.0.1:1", "/orders/1", time.Minute); !errors.Is(err, upstream.ErrNotSent) {
		t.Errorf("an order service that is not there: %v", err)
	}
}
