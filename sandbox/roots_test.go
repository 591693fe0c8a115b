package sandbox_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

func TestEachStandInStandsAtTheRootOfItsOwnPort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct {
		name    string
		handler http.Handler
		method  string
		path    string
		header  map[string]string
		status  int
		body    string
	}{
		{"V1's API", w.box.PortOneV1(), http.MethodGet, "/payments/status/all", w.v1Token(), 200, `"total":0`},
		{"V1, with an escaped slash in an id", w.box.PortOneV1(), http.MethodGet, "/payments/prepare/a%2Fb", w.v1Token(), 404, "사전등록"},
		{"V1 without a token", w.box.PortOneV1(), http.MethodGet, "/payments/status/all", nil, 401, `"code":-1`},
		{"what V1 does not have", w.box.PortOneV1(), http.MethodGet, "/", nil, 404, `"code":-1`},
		{"V1's script, by its whole path", w.box.PortOneV1(), http.MethodGet, "/portone/sdk/v1/iamport.js", nil, 200, "IMP"},
		{"no other stand-in at V1's", w.box.PortOneV1(), http.MethodGet, "/portone/v2/payments/x", v2Header(""), 404, `"code":-1`},
		{"nor the controls", w.box.PortOneV1(), http.MethodGet, "/_sandbox/ledger", nil, 404, `"code":-1`},
		{"V2's API", w.box.PortOneV2(), http.MethodGet, "/payments/x", v2Header(""), 404, "PAYMENT_NOT_FOUND"},
		{"Inicis' script", w.box.Inicis(), http.MethodGet, "/stdjs/INIStdPay.js", nil, 200, "INIStdPay"},
		{"Inicis' window", w.box.Inicis(), http.MethodPost, "/window", nil, 400, "V023"},
		{"Inicis' window, by its whole path", w.box.Inicis(), http.MethodPost, "/inicis/window", nil, 400, "V023"},
		{"INIAPI v1", w.box.Inicis(), http.MethodPost, "/api/v1/refund", nil, 200, "resultCode"},
		{"INIAPI v2", w.box.Inicis(), http.MethodPost, "/v2/pg/refund", nil, 200, "resultCode"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, strings.NewReader(""))
			for name, v := range tt.header {
				req.Header.Set(name, v)
			}
			rec := httptest.NewRecorder()
			tt.handler.ServeHTTP(rec, req)
			if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.body) {
				t.Errorf("%s %s: %d %s", tt.method, tt.path, rec.Code, rec.Body)
			}
		})
	}
}

// TestAPortOfItsOwnHasTheSameBooks charges through V1's own port and reads the ledger on the common one.
func TestAPortOfItsOwnHasTheSameBooks(t *testing.T) {
	t.Parallel()
	box := sandbox.New(sandbox.Defaults())
	lns := []net.Listener{listen(t), listen(t)}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- box.Run(ctx, lns[0], sandbox.Port{Listener: lns[1], Handler: box.PortOneV1()})
	}()
	w := &world{t: t, box: box, url: "http://" + lns[0].Addr().String(), http: http.DefaultClient}
	w.v1Pay(v1KeyParams("K-1", "cust-1"), "pay")
	auth := w.v1Token()
	own := &world{t: t, box: box, url: "http://" + lns[1].Addr().String(), http: http.DefaultClient}
	status, got := own.json(http.MethodPost, "/subscribe/payments/again", again("SUB-1", 1000), auth)
	if status != http.StatusOK || got["code"] != json.Number("0") {
		t.Errorf("charging: %d %v", status, got)
	}
	if _, books := w.json(http.MethodGet, "/_sandbox/ledger", nil, nil); books["net"] != json.Number("1000") {
		t.Errorf("ledger: %v", books)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("stopping: %v", err)
	}
	for _, ln := range lns {
		if conn, err := net.Dial("tcp", ln.Addr().String()); err == nil {
			_ = conn.Close()
			t.Errorf("%s still takes connections", ln.Addr())
		}
	}
}

// TestOnePortThatFailsEndsAll: a sandbox that is half there would make every test on it lie.
func TestOnePortThatFailsEndsAll(t *testing.T) {
	t.Parallel()
	box := sandbox.New(sandbox.Defaults())
	broken := listen(t)
	_ = broken.Close()
	if err := box.Run(t.Context(), listen(t), sandbox.Port{Listener: broken, Handler: box.Inicis()}); err == nil {
		t.Error("it went on without a port")
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}
