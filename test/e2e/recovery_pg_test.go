package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// promptPG is PGs and a shop that answer at once about attempts that were left behind, whose ids begin with
// leftPrefix. What it does not know of it hands on to the sandbox.
type promptPG struct {
	sandbox *httputil.ReverseProxy

	mu     sync.Mutex
	writes map[string]int
}

const leftPrefix = "left-"

// servePrompt serves at address, before the sandbox at behind, until the test ends.
func servePrompt(t *testing.T, address, behind string) *promptPG {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	g := &promptPG{
		sandbox: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: behind}),
		writes:  map[string]int{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /portone/v2/payments/{id}", g.v2)
	mux.HandleFunc("GET /portone/v1/payments/{kind}/{id}", g.v1)
	mux.HandleFunc("GET /portone/v1/payments/{kind}/{id}/{status}", g.v1)
	mux.HandleFunc("POST /inicis/stg/api/netCancel", g.netCancel)
	mux.HandleFunc("POST /inicis/iniapi/v2/pg/inquiry", g.inquiry)
	mux.HandleFunc("POST /shop/orders/{id}/confirm", g.confirm)
	mux.HandleFunc("POST /shop/payment-events", g.event)
	mux.Handle("/", g.sandbox)
	server := &http.Server{Handler: mux}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() {
		_ = server.Close()
		wg.Wait()
	})
	return g
}

// repeated names an attempt for which money was asked to move more than once, if there is one.
func (g *promptPG) repeated() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, n := range g.writes {
		if n > 1 {
			return fmt.Sprintf("%s: %d times", id, n)
		}
	}
	return ""
}

func (g *promptPG) wrote(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writes[id]++
}

func answerJSON(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// v2 has the money of what was approving or captured, and knows every other payment as waiting.
func (g *promptPG) v2(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !strings.HasPrefix(id, leftPrefix) {
		g.sandbox.ServeHTTP(w, r)
		return
	}
	status := "READY"
	if strings.Contains(id, "approving") || strings.Contains(id, "captured") {
		status = "PAID"
	}
	answerJSON(w, http.StatusOK, fmt.Sprintf(`{"status":%q,"id":%q,"transactionId":"tx-%s","currency":"KRW",`+
		`"amount":{"total":15000,"taxFree":0,"cancelled":0},"method":{"type":"PaymentMethodEasyPay"},`+
		`"channel":{"type":"TEST","key":"channel-key-v2-inicis","pgMerchantId":"INIpayTest"}}`, status, id, id))
}

// v1 knows nothing of what was left behind.
func (g *promptPG) v1(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.PathValue("id"), leftPrefix) {
		g.sandbox.ServeHTTP(w, r)
		return
	}
	answerJSON(w, http.StatusNotFound, `{"code":-1,"message":"존재하지 않는 결제정보입니다.","response":null}`)
}

// peek reads a body and puts it back.
func peek(r *http.Request) []byte {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return body
}

func (g *promptPG) netCancel(w http.ResponseWriter, r *http.Request) {
	form, err := url.ParseQuery(string(peek(r)))
	id, ours := strings.CutPrefix(form.Get("authToken"), "token-")
	if err != nil || !ours {
		g.sandbox.ServeHTTP(w, r)
		return
	}
	g.wrote(id)
	answerJSON(w, http.StatusOK, fmt.Sprintf(`{"resultCode":"0000","resultMsg":"OK","mid":"INIpayTest","MOID":%q}`, id))
}

func (g *promptPG) inquiry(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Data struct {
			OID string `json:"oid"`
		} `json:"data"`
	}
	if err := json.Unmarshal(peek(r), &req); err != nil || !strings.HasPrefix(req.Data.OID, leftPrefix) {
		g.sandbox.ServeHTTP(w, r)
		return
	}
	answerJSON(w, http.StatusOK, fmt.Sprintf(`{"resultCode":"00","resultMsg":"OK","mid":"INIpayTest","tid":"tid-%s","oid":%q,`+
		`"price":"15000","paymethod":"Card","transactionStatus":"CANCEL"}`, req.Data.OID, req.Data.OID))
}

func (g *promptPG) confirm(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.PathValue("id"), leftPrefix) {
		g.sandbox.ServeHTTP(w, r)
		return
	}
	answerJSON(w, http.StatusOK, `{"confirm":true}`)
}

func (g *promptPG) event(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(string(peek(r)), `"order_id":"`+leftPrefix) {
		g.sandbox.ServeHTTP(w, r)
	}
}
