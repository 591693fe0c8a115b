package gateway

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

func TestAnInicisPaymentIsApprovedAndConfirmed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	form := h.inicisReturn("pay")
	first := h.postReturn(form)
	if first.status != http.StatusSeeOther || !strings.HasPrefix(first.header.Get("Location"), publicURL+"/result?") ||
		!strings.Contains(first.header.Get("Location"), "status=approved") {
		t.Fatalf("got %d %s %s", first.status, first.header.Get("Location"), first.body)
	}
	again := h.postReturn(form)
	if again.status != http.StatusSeeOther || again.header.Get("Location") != first.header.Get("Location") {
		t.Errorf("a reload got %d %s, want the same page", again.status, again.header.Get("Location"))
	}
	if n := len(h.sandbox.Executions("inicis", "approve", "")); n != 1 {
		t.Errorf("the PG saw %d approvals", n)
	}
	h.g.worker.DeliverDue(t.Context())
	if a := h.sandbox.Audit(); !a.OK || a.Confirmed == 0 || a.Captured != a.Confirmed {
		t.Errorf("the books: %+v", a)
	}
}

func TestABuyerWhoCancelsIsSentBackUncharged(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	a := h.postReturn(h.inicisReturn("cancel"))
	if to := a.header.Get("Location"); a.status != http.StatusSeeOther || !strings.Contains(to, "status=declined") || !strings.Contains(to, "code=BUYER_CANCELLED") {
		t.Fatalf("got %d %s", a.status, a.header.Get("Location"))
	}
	if n := len(h.sandbox.Executions("inicis", "approve", "")); n != 0 {
		t.Errorf("the PG saw %d approvals", n)
	}
}

// TestBadReturnsChangeNothing: nothing in a return is authenticated but our own token, so whatever is wrong
// with it is refused without an approval and without a row in the journal.
func TestBadReturnsChangeNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(h *house, f url.Values)
		code   string
		status int
	}{
		{"no token", func(_ *house, f url.Values) { f.Del("merchantData") }, "RETURN_FORGED", 400},
		{"a made-up token", func(_ *house, f url.Values) { f.Set("merchantData", strings.Repeat("A", 200)) }, "RETURN_FORGED", 400},
		{"a token that was bent", func(_ *house, f url.Values) { f.Set("merchantData", bend(f.Get("merchantData"))) }, "RETURN_FORGED", 400},
		{"another order number", func(_ *house, f url.Values) { f.Set("orderNumber", "0123456789abcdef0123456789abcdef") }, "RETURN_FORGED", 400},
		{"no order number", func(_ *house, f url.Values) { f.Del("orderNumber") }, "RETURN_FORGED", 400},
		{"another mid", func(_ *house, f url.Values) { f.Set("mid", "SIRother01") }, "RETURN_FORGED", 400},
		{"no auth token", func(_ *house, f url.Values) { f.Del("authToken") }, "RETURN_FORGED", 400},
		{"two auth tokens", func(_ *house, f url.Values) { f.Add("authToken", "x") }, "RETURN_FORGED", 400},
		{"a foreign authUrl", func(_ *house, f url.Values) { f.Set("authUrl", "https://evil.example/api/payAuth") }, "AUTH_URL_REFUSED", 400},
		{"an authUrl with user info", func(_ *house, f url.Values) {
			f.Set("authUrl", strings.Replace(f.Get("authUrl"), "://", "://evil@", 1))
		}, "AUTH_URL_REFUSED", 400},
		{"an authUrl in another case", func(_ *house, f url.Values) {
			f.Set("authUrl", strings.Replace(f.Get("authUrl"), "payAuth", "PayAuth", 1))
		}, "AUTH_URL_REFUSED", 400},
		{"a foreign netCancelUrl", func(_ *house, f url.Values) { f.Set("netCancelUrl", "https://evil.example/") }, "AUTH_URL_REFUSED", 400},
		{"an unknown idc", func(_ *house, f url.Values) { f.Set("idc_name", "xx") }, "AUTH_URL_REFUSED", 400},
		{"no idc", func(_ *house, f url.Values) { f.Del("idc_name") }, "AUTH_URL_REFUSED", 400},
		{"expired", func(h *house, _ url.Values) { h.g.now = func() time.Time { return time.Now().Add(time.Hour) } }, "RETURN_EXPIRED", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			form := h.inicisReturn("pay")
			tt.change(h, form)
			a := h.postReturn(form)
			if got := a.header.Get("X-PG-Gateway-Reason"); got != tt.code {
				t.Errorf("got %d %s, want %s: %s", a.status, got, tt.code, a.body)
			}
			if tt.status != 0 && a.status != tt.status {
				t.Errorf("status %d, want %d", a.status, tt.status)
			}
			if tt.status == 0 && (a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), publicURL)) {
				t.Errorf("got %d %s, want the shop's page", a.status, a.header.Get("Location"))
			}
			if n := len(h.sandbox.Executions("inicis", "approve", "")); n != 0 {
				t.Errorf("the PG saw %d approvals", n)
			}
			stats, err := h.journal.Stats(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range stats.Open {
				if s.Count != 0 {
					t.Errorf("the journal has %d attempts in state %s", s.Count, s.State)
				}
			}
			if strings.Contains(string(a.body), form.Get("authToken")) && form.Get("authToken") != "" {
				t.Error("the page shows the auth token")
			}
		})
	}
}

// bend changes one bit in the middle of a token.
func bend(token string) string {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return ""
	}
	b[len(b)/2] ^= 1
	return base64.RawURLEncoding.EncodeToString(b)
}

// TestLostAndWrongApprovals: whatever the PG's answer to an approval looks like, no won stays charged that the
// shop did not confirm.
func TestLostAndWrongApprovals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault sandbox.Fault
		want  string
	}{
		{"the answer is lost after the PG committed", sandbox.Fault{Operation: "approve", Kind: "drop_after_commit"}, "cancelled"},
		{"the request is lost", sandbox.Fault{Operation: "approve", Kind: "drop_before_commit"}, "cancelled"},
		{"half an answer", sandbox.Fault{Operation: "approve", Kind: "half_body"}, "cancelled"},
		{"garbage", sandbox.Fault{Operation: "approve", Kind: "garbage"}, "cancelled"},
		{"a server error", sandbox.Fault{Operation: "approve", Kind: "status", Status: 500}, "cancelled"},
		{"a wrong amount", sandbox.Fault{Operation: "approve", Kind: "wrong_amount"}, "cancelled"},
		{"a wrong mid", sandbox.Fault{Operation: "approve", Kind: "wrong_mid"}, "cancelled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			form := h.inicisReturn("pay")
			tt.fault.PG, tt.fault.Times = "inicis", 1
			if err := h.sandbox.Inject(tt.fault); err != nil {
				t.Fatal(err)
			}
			a := h.postReturn(form)
			if to := a.header.Get("Location"); !strings.Contains(to, "status="+tt.want) {
				t.Errorf("sent to %s, want status=%s", to, tt.want)
			}
			if n := len(h.sandbox.Executions("inicis", "approve", "")); n > 1 {
				t.Errorf("the PG saw %d approvals", n)
			}
			h.g.worker.DeliverDue(t.Context())
			if a := h.sandbox.Audit(); !a.OK || a.Net != 0 || a.Confirmed != 0 {
				t.Errorf("the books: %+v", a)
			}
		})
	}
}

func TestTheShopsNoStopsTheApproval(t *testing.T) {
	t.Parallel()
	for mode, code := range map[sandbox.ShopMode]string{sandbox.ShopNo: "shop_refused", sandbox.ShopDown: "shop_silent"} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			form := h.inicisReturn("pay")
			if err := h.sandbox.SetShop(mode); err != nil {
				t.Fatal(err)
			}
			a := h.postReturn(form)
			if to := a.header.Get("Location"); !strings.Contains(to, "status=refused") {
				t.Errorf("sent to %s", to)
			}
			if n := len(h.sandbox.Executions("inicis", "approve", "")); n != 0 {
				t.Errorf("the PG saw %d approvals after the shop's %s", n, code)
			}
		})
	}
}

// TestAWindowThatEndedWithoutAPaymentIsANo, with a code or without one, by redirect and by callback; what the PG knows
// comes first.
func TestAWindowThatEndedWithoutAPaymentIsANo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	tests := []struct {
		query, callback string
		want            string
	}{
		{"", "", "pending"},
		{"&imp_success=true", `,"success":true`, "pending"},
		{"&imp_success=false", `,"success":false`, "declined"},
		{"&success=false", `,"imp_success":"false"`, "declined"},
		{"&imp_success=False&error_code=", `,"imp_success":false,"code":null`, "declined"},
		{"&error_code=F400", `,"code":"F400"`, "declined"},
	}
	for _, tt := range tests {
		a := h.postCheckout(h.checkout("tosspay"))
		id, _ := a.json["attempt_id"].(string)
		if to := h.get(pathPortOneReturn + "?merchant_uid=" + id + tt.query).header.Get("Location"); !strings.Contains(to, "status="+tt.want) {
			t.Errorf("%q leads to %s, want %s", tt.query, to, tt.want)
		}
		if a := h.post(pathComplete, "application/json", `{"attempt_id":"`+id+`"`+tt.callback+`}`); a.json["status"] != tt.want {
			t.Errorf("%s: got %d %s, want %s", tt.callback, a.status, a.body, tt.want)
		}
	}
	if a := h.post(pathComplete, "application/json", `{"attempt_id":"A-1","success":"maybe"}`); a.code() != "INVALID_FIELD" || a.json["field"] != "success" {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestStatusPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	a := h.get(pathInicisReturn)
	if a.status != http.StatusOK || !strings.Contains(string(a.body), `lang="ko"`) || !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if a := h.get(pathPortOneReturn + "?merchant_uid=nosuchattempt"); a.status != http.StatusNotFound {
		t.Errorf("an unknown attempt got %d", a.status)
	}
	if a := h.post(pathComplete, "application/json", `{"attempt_id":"nosuchattempt"}`); a.status != http.StatusNotFound || a.code() != "ATTEMPT_NOT_FOUND" {
		t.Errorf("an unknown attempt got %d %s", a.status, a.body)
	}
	if a := h.post(pathComplete, "application/json", `{"attempt_id":"a b"}`); a.status != http.StatusBadRequest {
		t.Errorf("a malformed id got %d %s", a.status, a.body)
	}
}

// TestAPageCountsItsProblemOnce: of a return that cannot be sent on to the shop.
func TestAPageCountsItsProblemOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	if a := h.postReturn(url.Values{"resultCode": {"0000"}}); a.status != http.StatusBadRequest {
		t.Fatalf("a forged return: %d %s", a.status, a.body)
	}
	if !h.counted(`pg_gateway_problems_total{code="RETURN_FORGED"} 1`) {
		t.Error("it is not counted once")
	}
}

func FuzzOpenAttempt(f *testing.F) {
	s, err := newSealer(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	good := s.sealAttempt(payment.Attempt{ID: "A1", OrderID: "O1", Amount: 1000, CreatedAt: now, ExpiresAt: now.Add(time.Minute)}, opener{})
	f.Add(good)
	f.Add("")
	f.Add(good[:len(good)-4])
	f.Fuzz(func(t *testing.T, text string) {
		a, _, err := s.openAttempt(text, now)
		if err == nil && (text != good || a.ID != "A1" || a.Amount != 1000) {
			t.Fatalf("accepted a token that was never made: %q", text)
		}
	})
}

func FuzzParseCheckout(f *testing.F) {
	f.Add([]byte(`{"order_id":"O-1","amount":1000,"payments":[{"method":"card","amount":1000}],"device":"pc","return_url":"http://a/"}`))
	f.Add([]byte(`{"order_id":"O-1","amount":1e3}`))
	f.Add([]byte(`{"card":null,"tax_free":0,"buyer":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCheckout(b)
		if err != nil {
			if _, ok := payment.AsProblem(err); !ok {
				t.Fatalf("an error that no user can be told: %v", err)
			}
			return
		}
		var sum payment.Won
		for _, p := range c.Payments {
			if p.Amount < 0 || p.Amount > payment.MaxWon {
				t.Fatalf("accepted amount %d", p.Amount)
			}
			sum += p.Amount
		}
		if sum != c.Amount || c.Amount < 0 || c.TaxFree > c.Amount || !c.Device.Valid() || !c.Purpose.Valid() || c.Currency != "KRW" {
			t.Fatalf("accepted %+v", c)
		}
	})
}

func FuzzParseComplete(f *testing.F) {
	f.Add([]byte(`{"attempt_id":"A1","pg_tx_id":null,"payment_token":"x","extra":[1]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		req, err := parseComplete(b)
		if err == nil && !payment.ValidID(string(req.AttemptID)) {
			t.Fatalf("accepted attempt id %q", req.AttemptID)
		}
	})
}
