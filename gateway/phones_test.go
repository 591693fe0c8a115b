package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/korean"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

const pathPhoneReturn = "/return/inicis/mobile"

// phoneCheckout is a checkout on a phone.
func (h *house) phoneCheckout(method string) map[string]any {
	c := h.checkout(method)
	c["device"] = "mobile"
	return c
}

// phonePress posts a phone's form as its browser does, in EUC-KR, and presses a button in the window.
func (h *house) phonePress(form url.Values, button string) url.Values {
	h.t.Helper()
	wire := url.Values{}
	for name, values := range form {
		text, err := korean.EUCKR.NewEncoder().String(values[0])
		if err != nil {
			h.t.Fatalf("%s is not in EUC-KR: %v", name, err)
		}
		wire.Set(name, text)
	}
	return h.pressAt(h.url+"/inicis/smart/payment/", wire, button)
}

// phoneReturn opens a window on a phone, presses a button and returns what the browser brings back.
func (h *house) phoneReturn(method, button string) (opened, back url.Values) {
	h.t.Helper()
	opened = h.formOf(h.phoneCheckout(method))
	return opened, h.phonePress(opened, button)
}

func (h *house) postPhone(form url.Values) answer {
	h.t.Helper()
	return h.post(pathPhoneReturn, "application/x-www-form-urlencoded", form.Encode())
}

// TestAPhonePays: with its own window, approved once, and confirmed by the shop.
func TestAPhonePays(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"card", "trans", "phone", "kakaopay", "samsung"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *fixture.Config) {
				c.Method(method).InUse, c.Method(method).Links = true, fixture.Links("inicis")
			})
			form, back := h.phoneReturn(method, "pay")
			if form.Get("P_NEXT_URL") != publicURL+pathPhoneReturn || form.Get("P_UNAME") != "홍길동" {
				t.Errorf("the form is %v", form)
			}
			first := h.postPhone(back)
			if !strings.Contains(first.header.Get("Location"), "status=approved") {
				t.Fatalf("answered %d %s %s", first.status, first.header.Get("Location"), first.body)
			}
			if again := h.postPhone(back); again.header.Get("Location") != first.header.Get("Location") {
				t.Errorf("a reload is answered %d %s", again.status, again.header.Get("Location"))
			}
			if n := len(h.sandbox.Executions("inicis", "approve", "")); n != 1 {
				t.Errorf("the PG saw %d approvals", n)
			}
			h.g.worker.DeliverDue(t.Context())
			if a := h.sandbox.Audit(); !a.OK || a.Confirmed == 0 || a.Captured != a.Confirmed {
				t.Errorf("the books: %+v", a)
			}
		})
	}
}

// TestAPhoneThatDoesNotPay is told why, and nothing is approved.
func TestAPhoneThatDoesNotPay(t *testing.T) {
	t.Parallel()
	for button, code := range map[string]string{"cancel": "BUYER_CANCELLED", "authfail": "", "fail": ""} {
		t.Run(button, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			_, back := h.phoneReturn("card", button)
			to := h.postPhone(back).header.Get("Location")
			if !strings.Contains(to, "status=declined") || !strings.Contains(to, "code="+code) {
				t.Errorf("sent to %s", to)
			}
			if a := h.sandbox.Audit(); !a.OK || a.Captured != 0 {
				t.Errorf("the books: %+v", a)
			}
		})
	}
}

// TestForgedReturnsOfPhones: nothing in one is authenticated but our own token.
func TestForgedReturnsOfPhones(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(h *house, f url.Values)
		code   payment.Code
	}{
		{"no token", func(_ *house, f url.Values) { f.Del("P_NOTI") }, payment.CodeReturnForged},
		{"a token that was bent", func(_ *house, f url.Values) { f.Set("P_NOTI", bend(f.Get("P_NOTI"))) }, payment.CodeReturnForged},
		{"a PC's token", func(h *house, f url.Values) { f.Set("P_NOTI", h.inicisForm().Get("merchantData")) }, payment.CodeReturnForged},
		{"another MID's transaction", func(_ *house, f url.Values) {
			f.Set("P_TID", strings.Replace(f.Get("P_TID"), "INIpayTest", "INIother00", 1))
		}, payment.CodeReturnForged},
		{"no transaction", func(_ *house, f url.Values) { f.Del("P_TID") }, payment.CodeReturnForged},
		{"another amount", func(_ *house, f url.Values) { f.Set("P_AMT", "1") }, payment.CodeReturnForged},
		{"no amount", func(_ *house, f url.Values) { f.Del("P_AMT") }, payment.CodeReturnForged},
		{"two amounts", func(_ *house, f url.Values) { f.Add("P_AMT", "1") }, payment.CodeReturnForged},
		{"a foreign address", func(_ *house, f url.Values) { f.Set("P_REQ_URL", "https://evil.example/smart/payReq.ini") }, payment.CodeAuthURLRefused},
		{"an unknown data centre", func(_ *house, f url.Values) { f.Set("idc_name", "xx") }, payment.CodeAuthURLRefused},
		{"no data centre", func(_ *house, f url.Values) { f.Del("idc_name") }, payment.CodeAuthURLRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			_, back := h.phoneReturn("card", "pay")
			tt.change(h, back)
			got := h.postPhone(back)
			if why := got.header.Get(headerReason); got.status != http.StatusBadRequest || why != string(tt.code) {
				t.Errorf("answered %d %s", got.status, why)
			}
			if n := len(h.sandbox.Executions("inicis", "approve", "")); n != 0 {
				t.Errorf("the PG saw %d approvals", n)
			}
		})
	}
}

// TestAPhonesTokenIsNoPCs: what a phone's window carries opens nothing at the PC's return.
func TestAPhonesTokenIsNoPCs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	pc := h.inicisReturn("pay")
	form := h.formOf(h.phoneCheckout("card"))
	pc.Set("merchantData", form.Get("P_NOTI"))
	pc.Set("orderNumber", form.Get("P_OID"))
	if got := h.postReturn(pc); got.header.Get(headerReason) != string(payment.CodeReturnForged) {
		t.Errorf("answered %d %s", got.status, got.header.Get(headerReason))
	}
}

// TestALostApprovalOfAPhone is undone or found, never approved twice.
func TestALostApprovalOfAPhone(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.FaultKind{
		sandbox.FaultDropAfterCommit, sandbox.FaultGarbage, sandbox.FaultHalfBody, sandbox.FaultStatusAfterCommit,
		sandbox.FaultDropBeforeCommit,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			_, back := h.phoneReturn("card", "pay")
			if err := h.sandbox.Inject(sandbox.Fault{PG: "inicis", Operation: "approve", Kind: kind, Status: 502}); err != nil {
				t.Fatal(err)
			}
			got := h.postPhone(back)
			if n := len(h.sandbox.Executions("inicis", "approve", "")); n > 1 {
				t.Errorf("the PG executed %d approvals", n)
			}
			h.g.worker.DeliverDue(t.Context())
			if a := h.sandbox.Audit(); !a.OK || a.Net != a.Confirmed {
				t.Errorf("answered %d %s; the books: %+v", got.status, got.header.Get("Location"), a)
			}
		})
	}
}

// TestAnAccountOfAPhone is paid by its deposit, of which the notice on phones tells.
func TestAnAccountOfAPhone(t *testing.T) {
	t.Parallel()
	h := newBankHouse(t, "inicis")
	if err := h.sandbox.SetInicisNotice("", ""); err != nil { // what the back office says is for PCs' accounts
		t.Fatal(err)
	}
	form, back := h.phoneReturn("vbank", "pay")
	if want := h.base + pathHooksInicis + "inicis" + hookDeposit; form.Get("P_NOTI_URL") != want {
		t.Errorf("deposits are told to %s, want %s", form.Get("P_NOTI_URL"), want)
	}
	if to := h.postPhone(back).header.Get("Location"); !strings.Contains(to, "status=issued") {
		t.Fatalf("sent to %s", to)
	}
	id := payment.AttemptID(form.Get("P_OID"))
	if a := h.state(id); a.State != payment.StateIssued || a.DepositDue.IsZero() {
		t.Fatalf("state %s (%s), due %s", a.State, a.Reason, a.DepositDue)
	}
	h.balanced(false)
	if err := h.sandbox.Deposit(sandbox.Deposit{Ref: string(id)}); err != nil {
		t.Fatal(err)
	}
	h.sandbox.WaitNotices()
	if a := h.state(id); a.State != payment.StateApproved {
		t.Errorf("after the deposit it is %s (%s)", a.State, a.Reason)
	}
	h.balanced(true)
}

// TestASecondDepositOfAPhone is for a person: its notice names the account's issue, as the first one's does.
func TestASecondDepositOfAPhone(t *testing.T) {
	t.Parallel()
	h := newBankHouse(t, "inicis")
	form, back := h.phoneReturn("vbank", "pay")
	h.postPhone(back)
	id := payment.AttemptID(form.Get("P_OID"))
	for _, d := range []sandbox.Deposit{{Ref: string(id)}, {Ref: string(id), Force: true}} {
		if err := h.sandbox.Deposit(d); err != nil {
			t.Fatal(err)
		}
		h.sandbox.WaitNotices()
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // a notice tells its time in seconds
	}
	h.flagged(id, 1)
}

// TestALongOrderFitsAPhonesToken: the goods' name stays behind where the window carries less, and an address that is too
// long is refused.
func TestALongOrderFitsAPhonesToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var whole, short int
	for n := 0; ; n += 10 {
		c := h.phoneCheckout("card")
		c["return_url"] = publicURL + "/result?from=" + strings.Repeat("a", n)
		got := h.postCheckout(c)
		if got.status != http.StatusOK {
			if got.code() != string(payment.CodeInvalidField) || got.json["field"] != "return_url" {
				t.Errorf("with %d more characters it answered %d %s", n, got.status, got.body)
			}
			break
		}
		token := formIn(got).Get("P_NOTI")
		a, _, err := h.g.sealer.openAttempt(token, time.Now())
		if err != nil || a.ReturnURL != c["return_url"] || len(token) > 800 {
			t.Fatalf("%d characters carry %+v, %v", len(token), a, err)
		}
		if a.OrderName == "" {
			short++
		} else {
			whole++
		}
	}
	if whole == 0 || short == 0 {
		t.Errorf("%d tokens had the name, %d had not", whole, short)
	}
}

// TestAPhoneThatPaysLess by a form that he changed is given back what he paid: the window checks the amount where the
// form asks it to.
func TestAPhoneThatPaysLess(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	form := h.formOf(h.phoneCheckout("card"))
	decided := form.Get("P_AMT")
	form.Set("P_AMT", "1000")
	form.Set("P_RESERVED", strings.Replace(form.Get("P_RESERVED"), "amt_hash=Y&", "", 1))
	back := h.phonePress(form, "pay")
	if got := h.postPhone(back); got.header.Get(headerReason) != string(payment.CodeReturnForged) {
		t.Errorf("what he pays was said to be %s: %d", back.Get("P_AMT"), got.status)
	}
	back.Set("P_AMT", decided)
	if to := h.postPhone(back).header.Get("Location"); strings.Contains(to, "status=approved") {
		t.Errorf("sent to %s", to)
	}
	h.undone(payment.AttemptID(form.Get("P_OID")), payment.ReasonMismatch+"amount")
}

// TestAPhoneIsKnownByItsBrowser: whatever the page says, it gets no window that it cannot show.
func TestAPhoneIsKnownByItsBrowser(t *testing.T) {
	t.Parallel()
	const (
		iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
		galaxy = "Mozilla/5.0 (Linux; Android 15; SM-S931N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
		kakao  = galaxy + " KAKAOTALK 11.5.0"
		chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
	)
	for _, tt := range []struct {
		said  payment.Device
		agent string
		want  payment.Device
	}{
		{payment.DevicePC, chrome, payment.DevicePC},
		{payment.DevicePC, "", payment.DevicePC},
		{payment.DevicePC, iphone, payment.DeviceMobile},
		{payment.DevicePC, galaxy, payment.DeviceMobile},
		{payment.DevicePC, kakao, payment.DeviceMobile},
		{payment.DeviceApp, iphone, payment.DeviceApp},
		{payment.DeviceMobile, chrome, payment.DeviceMobile},
	} {
		if got := shownOn(tt.said, []byte(tt.agent)); got != tt.want {
			t.Errorf("%s by %s is %s, want %s", tt.said, tt.agent, got, tt.want)
		}
	}
	h := newHouse(t)
	req := httptest.NewRequest(http.MethodPost, pathCheckout, strings.NewReader(h.textOf(h.checkout("card"))))
	req.Header = http.Header{"User-Agent": {galaxy}, "Content-Type": {"application/json"}}
	got := h.send(h.app, req)
	if window, _ := got.json["window"].(map[string]any); window["kind"] != string(payment.WindowInicisMobile) {
		t.Errorf("a checkout is answered %d %s", got.status, got.body)
	}
}
