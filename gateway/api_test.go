package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// call is a call of a PG's API at the sidecar's listener.
func (h *house) call(method, path, body string, headers ...string) answer {
	h.t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return h.send(h.sidecar, req)
}

func code(a answer) string {
	if p, ok := a.json["problem"].(map[string]any); ok {
		return fmt.Sprint(p["code"])
	}
	return fmt.Sprint(a.json["code"])
}

// TestCallsOfAnAPIAreHandedOn: reads and what moves no money reach the PG with our credentials, as they are.
func TestCallsOfAnAPIAreHandedOn(t *testing.T) {
	t.Parallel()
	h := paidBy(t, "portone_v1")
	a := h.call("GET", "/portone/v1/payments/"+h.state(h.attempt).PGTxID, "", "Authorization", "Bearer of-the-shop")
	response, _ := a.json["response"].(map[string]any)
	if a.status != 200 || response["merchant_uid"] != string(h.attempt) || a.json["code"] != float64(0) {
		t.Errorf("a payment is read as %d %s", a.status, a.body)
	}
	if a := h.call("GET", "/portone/v1/payments/find/"+string(h.attempt)+"/paid?sorting=-paid", ""); a.status != 200 {
		t.Errorf("with a query: %d %s", a.status, a.body)
	}
	if a := h.call("GET", "/portone/v1/payments/imp_000000000000", ""); a.status != 404 || a.json["code"] != float64(-1) {
		t.Errorf("PortOne's own no: %d %s", a.status, a.body)
	}
	two := paidBy(t, "portone_v2")
	if a := two.call("GET", "/portone/v2/payments/"+string(two.attempt), ""); a.status != 200 || a.json["status"] != "PAID" {
		t.Errorf("a V2 payment is read as %d %s", a.status, a.body)
	}
}

// TestCallsThatMoveMoneyAreReadFirst: what cannot be followed, or read, is not handed on, and is refused in the PG's form.
func TestCallsThatMoveMoneyAreReadFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		code                     payment.Code
	}{
		{"V1 key-in", "POST", "/portone/v1/subscribe/payments/onetime", `{}`, 400, payment.CodeInvalidField},
		{"V1 in other letters", "POST", "/portone/v1/Subscribe/Payments/OneTime/", `{}`, 400, payment.CodeInvalidField},
		{"V1 a schedule moved", "PUT", "/portone/v1/subscribe/payments/schedule/S-1", `{}`, 400, payment.CodeInvalidField},
		{"V1 an account", "POST", "/portone/v1/vbanks", `{}`, 400, payment.CodeInvalidField},
		{"V1 what is not followed", "POST", "/portone/v1/cvs", `{}`, 501, payment.CodeCallNotTaken},
		{"V1 nobody knows", "POST", "/portone/v1/payments/everything/back", `{}`, 501, payment.CodeCallNotTaken},
		{"V2 key-in", "POST", "/portone/v2/payments/a/instant", `{}`, 400, payment.CodeInvalidField},
		{"V2 confirm", "POST", "/portone/v2/payments/a/confirm", `{}`, 400, payment.CodeInvalidField},
		{"V2 nobody knows", "PATCH", "/portone/v2/payments/a/cancel", `{}`, 501, payment.CodeCallNotTaken},
		{"encoded slash", "POST", "/portone/v1/payments%2fcancel", `{}`, 400, payment.CodeRequestUnreadable},
		{"encoded twice", "POST", "/portone/v1/payments/%2563ancel", `{}`, 400, payment.CodeRequestUnreadable},
		{"two slashes", "POST", "/portone/v1/payments//cancel", `{}`, 400, payment.CodeRequestUnreadable},
		{"dots", "POST", "/portone/v1/receipts/../payments/cancel", `{}`, 400, payment.CodeRequestUnreadable},
		{"a parameter in the path", "POST", "/portone/v1/payments;x/cancel", `{}`, 400, payment.CodeRequestUnreadable},
		{"V1 cancel of everything by 0", "POST", "/portone/v1/payments/cancel", `{"imp_uid":"imp_1","amount":0}`, 400, payment.CodeInvalidField},
		{"V1 cancel with a fraction", "POST", "/portone/v1/payments/cancel", `{"imp_uid":"imp_1","amount":10.5}`, 400, payment.CodeInvalidField},
		{"V1 cancel twice the same name", "POST", "/portone/v1/payments/cancel", `{"imp_uid":"imp_1","amount":1,"amount":2}`, 400, payment.CodeInvalidField},
		{"V1 cancel in other letters", "POST", "/portone/v1/payments/cancel", `{"imp_uid":"imp_1","Amount":1}`, 400, payment.CodeInvalidField},
		{"V1 cancel of nothing named", "POST", "/portone/v1/payments/cancel", `{"amount":1}`, 400, payment.CodeInvalidField},
		{"V2 cancel of everything by 0", "POST", "/portone/v2/payments/a/cancel", `{"reason":"r","amount":0}`, 400, payment.CodeInvalidField},
		{"V2 cancel in another store", "POST", "/portone/v2/payments/a/cancel", `{"reason":"r","storeId":"store-other"}`, 400, payment.CodeInvalidField},
		{"V1 cancel nobody paid", "POST", "/portone/v1/payments/cancel", `{"imp_uid":"imp_000000000000"}`, 404, payment.CodeAttemptNotFound},
		{"V2 cancel nobody paid", "POST", "/portone/v2/payments/nothing/cancel", `{"reason":"r"}`, 404, payment.CodeAttemptNotFound},
		{"too large", "POST", "/portone/v1/receipts/imp_1", `{"a":"` + strings.Repeat("x", maxAPIBody) + `"}`, 413, payment.CodeBodyTooLarge},
	} {
		a := h.call(tt.method, tt.path, tt.body)
		if a.status != tt.status || code(a) != string(tt.code) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, a.status, a.body, tt.status, tt.code)
		}
		own := a.json["code"] == float64(-1) && a.json["message"] != ""
		if strings.HasPrefix(tt.path, "/portone/v2") {
			own = a.json["type"] != "" && a.json["message"] != ""
		}
		if !own {
			t.Errorf("%s is not refused in the PG's form: %s", tt.name, a.body)
		}
	}
	for _, pg := range []string{"portone_v1", "portone_v2"} {
		for _, op := range []string{"cancel", "again", "onetime", "charge", "instant", "schedule"} {
			if n := len(h.sandbox.Executions(pg, op, "")); n > 0 {
				t.Errorf("%s executed %d of %s", pg, n, op)
			}
		}
	}
	if a := h.call("POST", "/portone/v1/payments/cancel", `{"imp_uid":"imp_1"}`, "Tier", "ABC"); code(a) != string(payment.CodeCallNotTaken) {
		t.Errorf("a sub-merchant's cancel: %d %s", a.status, a.body)
	}
}

// TestCancelsAtAnAPIAreOurs: a cancel through PortOne's own API is the attempt's cancel: written down, once, told, and
// answered as PortOne answers.
func TestCancelsAtAnAPIAreOurs(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone_v1", "portone_v2"} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			h := paidBy(t, pg)
			a := h.cancelAtAPI("1000", "")
			if a.status != 200 || h.backIn(a) != 1000 {
				t.Fatalf("in part: %d %s", a.status, a.body)
			}
			h.left(h.amount - 1000)
			if a := h.cancelAtAPI("1000", ""); code(a) != string(payment.CodeCancelRepeated) {
				t.Errorf("the same at once, blindly: %d %s", a.status, a.body)
			}
			if a := h.cancelAtAPI("1000", fmt.Sprint(h.amount)); a.status != 200 || h.sent() != 1 {
				t.Errorf("the first one again: %d %s, sent %d", a.status, a.body, h.sent())
			}
			if a := h.cancelAtAPI("1000", fmt.Sprint(h.amount-500)); code(a) != string(payment.CodeCancelTooMuch) {
				t.Errorf("with another rest: %d %s", a.status, a.body)
			}
			if a := h.cancelAtAPI("", ""); a.status != 200 {
				t.Errorf("the rest: %d %s", a.status, a.body)
			}
			h.left(0)
			if a := h.cancelAtAPI("", ""); a.status != 200 || h.sent() != 2 {
				t.Errorf("all of it again: %d %s, sent %d", a.status, a.body, h.sent())
			}
			h.left(0)
		})
	}
}

// cancelAtAPI cancels the house's payment at its PG's own API; amount and rest may be empty.
func (h *cancelHouse) cancelAtAPI(amount, rest string) answer {
	h.t.Helper()
	fields := map[string]any{"reason": "고객 변심"}
	set := func(name, value string) {
		if value != "" {
			fields[name] = json.Number(value)
		}
	}
	set("amount", amount)
	path := "/portone/v2/payments/" + string(h.attempt) + "/cancel"
	if h.pg == "portone_v1" {
		path, fields["imp_uid"] = "/portone/v1/payments/cancel", h.state(h.attempt).PGTxID
		set("checksum", rest)
	} else {
		set("currentCancellableAmount", rest)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("POST", path, string(text))
}

// backIn is what an answer in the PG's form says went back.
func (h *cancelHouse) backIn(a answer) int64 {
	h.t.Helper()
	var v1 struct {
		Response struct {
			Back int64 `json:"cancel_amount"`
		}
	}
	var v2 struct {
		Cancellation struct {
			Total int64 `json:"totalAmount"`
		}
	}
	if json.Unmarshal(a.body, &v1) != nil || json.Unmarshal(a.body, &v2) != nil {
		h.t.Fatalf("unreadable: %s", a.body)
	}
	return v1.Response.Back + v2.Cancellation.Total
}

// TestLostCancelAtAnAPI: an answer that was lost is looked up, and the same call again gets it; nothing goes back twice.
func TestLostCancelAtAnAPI(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone_v1", "portone_v2"} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			h := paidBy(t, pg)
			h.fault(sandbox.Fault{Kind: sandbox.FaultDropAfterCommit})
			first := h.cancelAtAPI("", "")
			if again := h.cancelAtAPI("", ""); again.status != 200 {
				t.Errorf("%d, then %d %s", first.status, again.status, again.body)
			}
			h.left(0)
			if h.sent() != 1 {
				t.Errorf("sent %d cancels", h.sent())
			}
		})
	}
}

// TestRegisteredAmountIsTheDecidedOne: nobody registers another amount for an attempt of ours.
func TestRegisteredAmountIsTheDecidedOne(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	o := h.window("v1")
	body := fmt.Sprintf(`{"merchant_uid":%q,"amount":%d}`, o.attempt, int64(h.state(o.attempt).Amount)+1)
	if a := h.call("PUT", "/portone/v1/payments/prepare", body); code(a) != string(payment.CodeAmountMismatch) {
		t.Errorf("another amount: %d %s", a.status, a.body)
	}
	if a := h.call("POST", "/portone/v1/payments/prepare", `{"merchant_uid":"shops-own","amount":500}`); a.status != 200 || a.json["code"] != float64(0) {
		t.Errorf("an order of the shop's own: %d %s", a.status, a.body)
	}
}

// TestCredentialsAreOurs: callers with a token get in by it wherever an SDK puts its own, or by what was granted for it,
// and nobody else does.
func TestCredentialsAreOurs(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-the-order-service"
	h := newHouse(t, func(c *fixture.Config) { c.Server.Sidecar.Tokens = []string{token} })
	read := "/portone/v1/payments/imp_000000000000"
	for name, tt := range map[string]struct {
		path, value string
		in          bool
	}{
		"bearer": {read, "Bearer " + token, true}, "bare": {read, token, true},
		"as V2 writes it": {"/portone/v2/payments/nothing", "PortOne " + token, true},
		"nothing":         {read, "", false}, "another": {read, "Bearer another-token-of-somebody", false},
		"made up": {read, grantPrefix + strings.Repeat("A", 44), false},
	} {
		a := h.call("GET", tt.path, "", "Authorization", tt.value)
		if got := a.status != 401; got != tt.in || tt.in && a.status != 404 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	login := func(secret string) answer {
		return h.call("POST", "/portone/v1/users/getToken", fmt.Sprintf(`{"imp_key":"any","imp_secret":%q}`, secret))
	}
	if a := login("sandbox-imp-secret"); a.status != 401 {
		t.Errorf("PortOne's own secret is none of ours: %d %s", a.status, a.body)
	}
	a := login(token)
	granted, _ := a.json["response"].(map[string]any)
	access, _ := granted["access_token"].(string)
	if a.status != 200 || granted["expired_at"].(float64)-granted["now"].(float64) != accessLives.Seconds() {
		t.Fatalf("a grant: %d %s", a.status, a.body)
	}
	if a := h.call("GET", read, "", "Authorization", access); a.status != 404 {
		t.Errorf("with a grant: %d %s", a.status, a.body)
	}
	if a := h.call("GET", "/portone/v2/payments/nothing", "", "Authorization", "Bearer "+access); a.status != 401 {
		t.Errorf("another API's grant: %d %s", a.status, a.body)
	}
	two := h.call("POST", "/portone/v2/login/api-secret", fmt.Sprintf(`{"apiSecret":%q}`, token))
	for i := range 2 {
		access, _ = two.json["accessToken"].(string)
		refresh, _ := two.json["refreshToken"].(string)
		if a := h.call("GET", "/portone/v2/payments/nothing", "", "Authorization", "Bearer "+access); a.status != 404 {
			t.Errorf("V2 grant %d: %d %s", i, a.status, a.body)
		}
		if a := h.call("GET", "/portone/v2/payments/nothing", "", "Authorization", "Bearer "+refresh); a.status != 401 {
			t.Errorf("a refresh token opens: %d", a.status)
		}
		two = h.call("POST", "/portone/v2/token/refresh", fmt.Sprintf(`{"refreshToken":%q}`, refresh))
	}
	gone := knownCallersOf([]payment.Secret{"another-token-altogether"})
	caller, ok := h.g.grants("portone").holder(access, grantAccess)
	if !ok || gone.has(caller) {
		t.Error("a grant outlives the token it was granted for")
	}
	late := grants{h.g.grantKey, "portone", h.g.now().Add(accessLives + time.Second)}
	if _, ok := late.holder(access, grantAccess); ok {
		t.Error("a grant does not end")
	}
}

// TestGrantOfATokenThatIsGone: what was granted for a token opens nothing once the token is taken out of the
// configuration.
func TestGrantOfATokenThatIsGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *fixture.Config) { c.Server.Sidecar.Tokens = []string{"a-token-of-the-order-service"} })
	gone := knownCallersOf([]payment.Secret{"a-token-that-is-there-no-more"})
	caller, _ := gone.nameOf("a-token-that-is-there-no-more")
	access := h.g.grants("portone").grant(grantAccess, caller, h.g.now().Add(time.Minute))
	if a := h.call("GET", "/portone/v2/payments/nothing", "", "Authorization", "Bearer "+access.Reveal()); a.status != 401 {
		t.Errorf("it opens: %d %s", a.status, a.body)
	}
}

// TestClosingGivesNothingBack: closing an account at V1's API is no way to cancel what was paid.
func TestClosingGivesNothingBack(t *testing.T) {
	t.Parallel()
	h := paidBy(t, "portone_v1")
	a := h.call("DELETE", "/portone/v1/vbanks/"+h.state(h.attempt).PGTxID, "")
	if code(a) != string(payment.CodeNotCancellable) {
		t.Errorf("%d %s", a.status, a.body)
	}
	h.left(h.amount)
	if a := h.call("DELETE", "/portone/v1/vbanks/else", ""); code(a) != string(payment.CodeInvalidField) {
		t.Errorf("of no payment: %d %s", a.status, a.body)
	}
}

// TestCancelAtAnotherPG: a cancel is made at the PG that was asked, or not at all.
func TestCancelAtAnotherPG(t *testing.T) {
	t.Parallel()
	h := paidBy(t, "portone_v2")
	body := fmt.Sprintf(`{"merchant_uid":%q}`, h.attempt)
	if a := h.call("POST", "/portone/v1/payments/cancel", body); code(a) != string(payment.CodeNotCancellable) {
		t.Errorf("%d %s", a.status, a.body)
	}
	h.left(h.amount)
}

// TestCancelOfASecondPayment: of two payments under an attempt's id, that is cancelled which was named.
func TestCancelOfASecondPayment(t *testing.T) {
	t.Parallel()
	park := func(c *fixture.Config) { c.Limits.UnmatchedPayments = "park" }
	h := newHookHouse(t, func(c *sandbox.Config) { c.V1.PaysTwice = true }, park)
	if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
		t.Fatal(err)
	}
	first, second := h.twice()
	for _, o := range []*opened{first, second} {
		body := fmt.Sprintf(`{"imp_uid":%q,"merchant_uid":%q,"status":"paid"}`, o.txID, o.attempt)
		h.sendHook(pathHooksV1+"portone1", "application/json", nil, body)
	}
	other := second.txID
	if h.state(first.attempt).PGTxID == other {
		other = first.txID
	}
	if a := h.call("POST", "/portone/v1/payments/cancel", fmt.Sprintf(`{"imp_uid":%q}`, other)); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	list, err := h.journal.CancelsOf(t.Context(), first.attempt)
	if l := h.sandbox.Ledger(); err != nil || len(list) != 0 || int64(l.Net) != int64(h.state(first.attempt).Amount) {
		t.Errorf("cancels of the attempt %+v, %v; the ledger %+v", list, err, l)
	}
}

// TestAPIWithoutTokens: on the loopback interface whatever credentials an SDK sends are as good as none, and pages of
// others are refused.
func TestAPIWithoutTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.call("POST", "/portone/v1/users/getToken", `{"imp_key":"any","imp_secret":"any"}`)
	if response, _ := a.json["response"].(map[string]any); a.status != 200 || response["access_token"] == "" {
		t.Errorf("a grant: %d %s", a.status, a.body)
	}
	if a := h.call("GET", "/portone/v2/payments/nothing", "", "Authorization", "PortOne any"); a.status != 404 {
		t.Errorf("a read: %d %s", a.status, a.body)
	}
	if a := h.call("GET", "/portone/v2/payments/nothing", "", "Sec-Fetch-Site", "cross-site"); a.status != 401 {
		t.Errorf("a page of others: %d %s", a.status, a.body)
	}
}

// TestWaysIn: an API is reached below a path, at the root of a port, and through a Unix socket.
func TestWaysIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	socket := filepath.Join(t.TempDir(), "side.sock")
	r := &running{ended: make(chan error, 1)}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	r.Listeners = Listeners{Public: listen(), Admin: listen(), APIs: map[payment.PGID]net.Listener{"portone": listen(), "portone1": listen()}}
	if err := openSocket(&r.Socket, socket); err != nil {
		t.Fatal(err)
	}
	if err := openSocket(new(net.Listener), socket); err == nil {
		t.Error("a socket that is in use was taken")
	}
	ctx, leave := context.WithCancel(t.Context())
	r.leave = leave
	go func() { r.ended <- h.g.Run(ctx, r.Listeners) }()
	overSocket := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	for name, tt := range map[string]struct {
		client    *http.Client
		url, want string
	}{
		"V2's port":           {http.DefaultClient, "http://" + r.APIs["portone"].Addr().String() + "/payments/nothing", "PAYMENT_NOT_FOUND"},
		"V1's port":           {http.DefaultClient, "http://" + r.APIs["portone1"].Addr().String() + "/payments/imp_000000000000", `"code":-1`},
		"the socket":          {overSocket, "http://sidecar/portone/v2/payments/nothing", "PAYMENT_NOT_FOUND"},
		"ours, by the socket": {overSocket, "http://sidecar/attempts/nobody", "ATTEMPT_NOT_FOUND"},
	} {
		for range 2 { // the second on the same connection
			res, err := tt.client.Get(tt.url)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			text, err := io.ReadAll(res.Body)
			if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != 404 || !strings.Contains(string(text), tt.want) {
				t.Errorf("%s: %d %s %v", name, res.StatusCode, text, err)
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
	overSocket.CloseIdleConnections()
	leave()
	r.ends(t)
}

// TestListenOpensWhatTheFileNames: each API's port, the socket, and nothing at all when one cannot be had.
func TestListenOpensWhatTheFileNames(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "side.sock")
	free := func(c *fixture.Config) {
		c.Server.Public.Listen, c.Server.Admin.Listen, c.Server.Sidecar.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
		c.Server.Sidecar.Socket, c.PGs["portone"].SidecarListen = socket, "127.0.0.1:0"
	}
	s := parsed(t, free)
	l, err := Listen(s)
	if err != nil || len(l.all()) != 5 || l.APIs["portone"] == nil || l.Socket == nil {
		t.Fatalf("%d listeners, %v", len(l.all()), err)
	}
	taken := l.APIs["portone"].Addr().String()
	if _, err := Listen(parsed(t, free, func(c *fixture.Config) {
		c.Server.Sidecar.Socket, c.PGs["portone"].SidecarListen = "", taken
	})); err == nil {
		t.Error("a port in use was opened")
	}
	for _, one := range l.all() {
		if err := one.Close(); err != nil {
			t.Error(err)
		}
	}
}

func parsed(t *testing.T, edits ...fixture.Edit) *rules.Snapshot {
	t.Helper()
	s, err := loader().Parse("config.yaml", []byte(fixture.Text(edits...)), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAPGThatSaysWhoseOnceWrong about the payment of a cancel makes it no stranger's: nothing is given back unfollowed.
func TestAPGThatSaysWhoseOnceWrong(t *testing.T) {
	t.Parallel()
	h := paidBy(t, "portone_v1")
	f := sandbox.Fault{PG: "portone_v1", Operation: "lookup", Kind: sandbox.FaultWrongOrder}
	if err := h.sandbox.Inject(f); err != nil {
		t.Fatal(err)
	}
	if a := h.cancelAtAPI("", ""); code(a) != string(payment.CodePGUnavailable) || h.sent() != 0 {
		t.Errorf("answered %d %s, sent %d", a.status, a.body, h.sent())
	}
	if a := h.cancelAtAPI("", ""); a.status != http.StatusOK || h.sent() != 1 {
		t.Errorf("again: %d %s, sent %d", a.status, a.body, h.sent())
	}
	h.left(0)
}
