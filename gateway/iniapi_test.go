package gateway

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// What Inicis gave the fixture's merchants, and a transaction of each.
const (
	iniAPIKey, iniAPIIV = "ItEQKi3rY7uvDS8l", "HYb3yQ4f65QL89=="
	iniBillKey          = "rKnPljRn5m6J9Mzz"
	iniTID              = "StdpayCARDINIpayTest20260402141359123456"
	iniBillTID          = "StdpayCARDINIBillTst20260402141359123456"
)

// form is a v1 call at the sidecar's listener.
func (h *house) form(path, body string) answer {
	h.t.Helper()
	return h.call("POST", "/iniapi/api/v1/"+path, body, "Content-Type", "application/x-www-form-urlencoded")
}

func sha(text string) string {
	sum := sha512.Sum512([]byte(text))
	return hex.EncodeToString(sum[:])
}

// unsealed reads an [ENC] field.
func unsealed(t *testing.T, text string) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	block, err2 := aes.NewCipher([]byte(iniAPIKey))
	if err != nil || err2 != nil || len(data) == 0 || len(data)%16 != 0 {
		t.Fatalf("%q is not encrypted", text)
	}
	cipher.NewCBCDecrypter(block, []byte(iniAPIIV)).CryptBlocks(data, data)
	return string(data[:len(data)-int(data[len(data)-1])])
}

var kstNow = regexp.MustCompile(`^20[0-9]{12}$`)

func iniOK(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, `{"resultCode":"00","resultMsg":"정상처리되었습니다.","more":{"a":[1]}}`)
}

// newFakeINIAPI is a house whose INIAPI is a fake; client_ip is what it states.
func newFakeINIAPI(t *testing.T, answer func(http.ResponseWriter, *http.Request)) (*house, *fakeAPI) {
	t.Helper()
	return newFakeAPI(t, answer, func(c *fixture.Config) { c.PGs["inicis"].ClientIP = "203.0.113.10" })
}

// TestWhatINIAPIv1Hears: the caller's fields with ours, signed in the order that Inicis writes down, and nothing that
// the caller said of what is ours.
func TestWhatINIAPIv1Hears(t *testing.T) {
	t.Parallel()
	h, api := newFakeINIAPI(t, iniOK)
	own := "&timestamp=19990101000000&clientIp=192.0.2.1&hashData=mine"
	for _, tt := range []struct {
		name, path, body string
		want             map[string]string
		hashed           []string // behind type, paymethod, timestamp, clientIp and mid
		sealed           string
		key              string
	}{
		{
			"an inquiry", "extra", "type=Extra&paymethod=Inquiry&mid=INIpayTest&oid=O-1" + own,
			map[string]string{"oid": "O-1", "mid": "INIpayTest"},
			nil, "", iniAPIKey,
		},
		{
			"the merchant by the transaction", "refund", "type=Refund&paymethod=Receipt&msg=%EC%B7%A8%EC%86%8C+%26&tid=" + iniBillTID,
			map[string]string{"tid": iniBillTID, "mid": "INIBillTst", "msg": "취소 &"},
			[]string{"tid"},
			"", iniBillKey,
		},
		{
			"a cash receipt", "receipt",
			"type=Issue&paymethod=Receipt&mid=INIpayTest&crPrice=1100&supPrice=1000&tax=100&srcvPrice=0&regNum=010-1234-5678&useOpt=0" + own,
			map[string]string{"crPrice": "1100", "tax": "100", "useOpt": "0", "mid": "INIpayTest"},
			[]string{"crPrice", "supPrice", "srcvPrice", "regNum"},
			"regNum", iniAPIKey,
		},
		{
			"a delivery", "escrow", "type=Dlv&oid=O-1&price=500&invoice=1&recvName=%ED%99%8D&tid=" + iniTID,
			map[string]string{"recvName": "홍", "invoice": "1", "mid": "INIpayTest"},
			[]string{"oid", "tid", "price"},
			"", iniAPIKey,
		},
	} {
		a := h.form(tt.path, tt.body)
		if a.status != 200 || !strings.Contains(string(a.body), `"more":{"a":[1]}`) {
			t.Errorf("%s: %d %s", tt.name, a.status, a.body)
			continue
		}
		r, body := api.last()
		f, err := url.ParseQuery(body)
		if err != nil || r.RequestURI != "/inicis/iniapi/api/v1/"+tt.path ||
			r.Header.Get("Content-Type") != "application/x-www-form-urlencoded; charset=UTF-8" {
			t.Errorf("%s: heard %s %v %q", tt.name, r.RequestURI, r.Header, body)
		}
		for name, values := range f {
			if want, stated := tt.want[name]; len(values) != 1 || stated && values[0] != want {
				t.Errorf("%s: %s is %q, want %q", tt.name, name, values, want)
			}
		}
		if f.Get("clientIp") != "203.0.113.10" || !kstNow.MatchString(f.Get("timestamp")) || f.Get("mid") != tt.want["mid"] {
			t.Errorf("%s: heard %q", tt.name, body)
		}
		plain := tt.key + f.Get("type") + f.Get("paymethod") + f.Get("timestamp") + f.Get("clientIp") + f.Get("mid")
		for _, name := range tt.hashed {
			plain += f.Get(name)
		}
		if f.Get("hashData") != sha(plain) {
			t.Errorf("%s: hashData is not the hash of %q", tt.name, plain)
		}
		if tt.sealed != "" && unsealed(t, f.Get(tt.sealed)) != "01012345678" {
			t.Errorf("%s: %s is sealed from %q", tt.name, tt.sealed, unsealed(t, f.Get(tt.sealed)))
		}
	}
}

// TestWhatINIAPIv2Hears: data as text, with the very bytes that were hashed.
func TestWhatINIAPIv2Hears(t *testing.T) {
	t.Parallel()
	h, api := newFakeINIAPI(t, iniOK)
	for _, tt := range []struct{ name, path, body, want string }{
		{
			"an inquiry", "inquiry", `{"mid":"INIpayTest","type":"inquiry","timestamp":"1","clientIp":"x","hashData":"y","data":{"oid":"O-1"}}`,
			`{"oid":"O-1"}`,
		},
		{"a type left out", "inquiry", `{"data":{"tid":"` + iniTID + `"}}`, `{"tid":"` + iniTID + `"}`},
		{
			"a receipt", "receipt",
			`{"mid":"INIpayTest","data":{"price":1100,"goodName":"A\u002fS & <\uac00>","issueNumber":"010-1234-5678","tax":null}}`,
			`{"price":"1100","goodName":"A/S & <가>","issueNumber":"d/9xiZ/mtVPXWv2RalFeHA=="}`,
		},
	} {
		if a := h.call("POST", "/iniapi/v2/pg/"+tt.path, tt.body); a.status != 200 {
			t.Errorf("%s: %d %s", tt.name, a.status, a.body)
			continue
		}
		r, body := api.last()
		var e struct {
			MID, Type, Timestamp, ClientIP, HashData string
			Data                                     json.RawMessage
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil || r.RequestURI != "/inicis/iniapi/v2/pg/"+tt.path ||
			r.Header.Get("Content-Type") != "application/json;charset=utf-8" || len(r.Header.Values("Content-Type")) != 1 {
			t.Errorf("%s: heard %s %v %s", tt.name, r.RequestURI, r.Header, body)
		}
		if e.MID != "INIpayTest" || e.Type != tt.path || e.ClientIP != "203.0.113.10" || !kstNow.MatchString(e.Timestamp) {
			t.Errorf("%s: heard %s", tt.name, body)
		}
		if string(e.Data) != tt.want || e.HashData != sha(iniAPIKey+e.MID+e.Type+e.Timestamp+tt.want) {
			t.Errorf("%s: data %s, want %s; %s", tt.name, e.Data, tt.want, e.HashData)
		}
	}
}

// TestINIAPICallsAreReadFirst: what moves money unseen, cannot be read in one way or is another's goes nowhere.
func TestINIAPICallsAreReadFirst(t *testing.T) {
	t.Parallel()
	h, api := newFakeINIAPI(t, iniOK)
	refund := "type=Refund&paymethod=Card&msg=m&tid=" + iniTID
	part := "type=PartialRefund&paymethod=Card&msg=m&tid=" + iniTID
	for _, tt := range []struct {
		name, path, body string
		status           int
		code             payment.Code
		says             string
	}{
		{"a phone bill", "api/v1/billing", "type=Billing&paymethod=HPP&billKey=b", 501, payment.CodeCallNotTaken, ""},
		{"a card to be stored", "api/v1/billing", "type=Auth&paymethod=Card&cardNumber=9410000000000001", 501, payment.CodeCallNotTaken, ""},
		{"a charge without its key", "api/v1/billing", "type=Billing&paymethod=Card&moid=a&price=1", 400, payment.CodeInvalidField, "billKey"},
		{"a charge of a phone bill at v2", "v2/pg/billing", `{"paymethod":"hpp","data":{}}`, 400, payment.CodeInvalidField, "type"},
		{"a card's number", "api/v1/formpay", "type=Pay&paymethod=Card&cardNumber=9410000000000001", 501, payment.CodeCallNotTaken, ""},
		{"a charge of nothing at v2", "v2/pg/billing", `{"data":{}}`, 400, payment.CodeInvalidField, "moid"},
		{"a refusal's confirmation", "api/v1/escrow", "type=Dncf&originalTid=" + iniTID, 501, payment.CodeCallNotTaken, ""},
		{"nobody knows", "v2/pg/everything", `{"data":{}}`, 501, payment.CodeCallNotTaken, ""},
		{"fields in the query", "api/v1/refund?type=Refund", refund, 400, payment.CodeInvalidField, "query"},
		{"another kind", "api/v1/refund", "type=Pay&paymethod=Card&tid=" + iniTID, 400, payment.CodeInvalidField, "type"},
		{"another path's kind", "v2/pg/refund", `{"type":"partialRefund","data":{"tid":"a"}}`, 400, payment.CodeInvalidField, "type"},
		{"a price beside a full refund", "api/v1/refund", refund + "&price=100", 400, payment.CodeInvalidField, "body"},
		{"an unknown field", "v2/pg/refund", `{"data":{"tid":"a","msg":"m","cancelAll":"Y"}}`, 400, payment.CodeInvalidField, "body"},
		{"a price of 0", "api/v1/refund", part + "&price=0&confirmPrice=10", 400, payment.CodeInvalidField, "price"},
		{"no confirmPrice", "api/v1/refund", part + "&price=10", 400, payment.CodeInvalidField, "confirmPrice"},
		{"a fraction", "v2/pg/partialRefund", `{"data":{"tid":"a","price":"1.5","confirmPrice":"1"}}`, 400, payment.CodeInvalidField, "price"},
		{"dollars", "api/v1/refund", part + "&price=1&confirmPrice=1&currency=USD", 400, payment.CodeInvalidField, "currency"},
		{"a field twice", "api/v1/refund", refund + "&tid=other", 400, payment.CodeInvalidField, "tid"},
		{"a field in other letters", "api/v1/refund", refund + "&MID=other", 400, payment.CodeInvalidField, "mid"},
		{"a name in two spellings", "api/v1/extra", "type=Extra&paymethod=Inquiry&mid=INIpayTest&oid=1&OID=2", 400, payment.CodeInvalidField, "body"},
		{"a list", "v2/pg/inquiry", `{"mid":"INIpayTest","data":{"oid":["a"]}}`, 400, payment.CodeInvalidField, "body"},
		{"no data", "v2/pg/inquiry", `{"oid":"a"}`, 400, payment.CodeInvalidField, "data"},
		{"members beside data", "v2/pg/inquiry", `{"oid":"a","data":{"oid":"a"}}`, 400, payment.CodeInvalidField, "body"},
		{"no hash for it", "v2/pg/inquiry", `{"mid":"INIpayTest","data":{"oid":"a\\b"}}`, 400, payment.CodeInvalidField, "data.oid"},
		{"sealed before", "v2/pg/receipt", `{"mid":"INIpayTest","data":{"issueNumber":"d/9xiZ/mtVPXWv2RalFeHA=="}}`, 400, payment.CodeInvalidField, "issueNumber"},
		{"no MID, and several", "v2/pg/inquiry", `{"data":{"oid":"a"}}`, 400, payment.CodeInvalidField, "one of INIpayTest, INIBillTst, iniescrow0"},
		{"another's MID", "v2/pg/inquiry", `{"mid":"SIRsomeone","data":{"oid":"a"}}`, 400, payment.CodeInvalidField, "one of INIpayTest"},
		{"another's MID in a refund", "api/v1/refund", refund + "&mid=SIRsomeone", 400, payment.CodeInvalidField, "one of INIpayTest"},
		{"a tid that is none", "api/v1/refund", "type=Refund&paymethod=Card&tid=a%20b", 400, payment.CodeInvalidField, "tid"},
		{"an account without its bank", "api/v1/refund", "type=Refund&paymethod=Vacct&tid=a&refundAcctNum=1&refundAcctName=n", 400, payment.CodeInvalidField, "refundBankCode"},
	} {
		kind := "application/x-www-form-urlencoded"
		if strings.HasPrefix(tt.path, "v2") {
			kind = "application/json"
		}
		a := h.call("POST", "/iniapi/"+tt.path, tt.body, "Content-Type", kind)
		if a.status != tt.status || code(a) != string(tt.code) || !strings.Contains(string(a.body), tt.says) {
			t.Errorf("%s: %d %s, want %d %s %s", tt.name, a.status, a.body, tt.status, tt.code, tt.says)
		}
		if a.json["resultCode"] != "01" || a.json["resultMsg"] == "" {
			t.Errorf("%s is not refused in INIAPI's form: %s", tt.name, a.body)
		}
	}
	if a := h.call("GET", "/iniapi/v2/pg/inquiry", ""); code(a) != string(payment.CodeCallNotTaken) {
		t.Errorf("a GET: %d %s", a.status, a.body)
	}
	if api.calls() != 0 {
		t.Errorf("Inicis heard %d calls: %q", api.calls(), api.heard())
	}
	if text := h.log.String(); strings.Contains(text, "9410000000000001") {
		t.Error("the log has a card's number")
	}
}

// TestINIAPIWritesAreSentOnce: whatever becomes of the connection, and whatever Inicis answers.
func TestINIAPIWritesAreSentOnce(t *testing.T) {
	t.Parallel()
	h, api := newFakeINIAPI(t, iniOK)
	h.call("POST", "/iniapi/v2/pg/inquiry", `{"mid":"INIpayTest","data":{"oid":"a"}}`) // so that a connection is kept
	receipt := `{"mid":"INIpayTest","data":{"issueNumber":"01012345678"}}`
	api.answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	before := api.calls()
	if a := h.call("POST", "/iniapi/v2/pg/receipt", receipt); a.status != 502 || api.calls() != before+1 {
		t.Errorf("written %d times, answered %d %s", api.calls()-before, a.status, a.body)
	}
	api.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	before = api.calls()
	if a := h.call("POST", "/iniapi/v2/pg/receipt", receipt); a.status != 401 || api.calls() != before+1 {
		t.Errorf("a 401: written %d times, answered %d", api.calls()-before, a.status)
	}
}

// refund asks for a refund at INIAPI; a price of 0 is all of it.
func (h *cancelHouse) refund(version string, price, rest int64) answer {
	h.t.Helper()
	tid := h.state(h.attempt).PGTxID
	if version == "v2" {
		if price == 0 {
			return h.call("POST", "/iniapi/v2/pg/refund", fmt.Sprintf(`{"data":{"tid":%q,"msg":"고객 변심"}}`, tid))
		}
		return h.call("POST", "/iniapi/v2/pg/partialRefund",
			fmt.Sprintf(`{"data":{"tid":%q,"msg":"고객 변심","price":"%d","confirmPrice":"%d"}}`, tid, price, rest))
	}
	f := url.Values{"type": {"Refund"}, "paymethod": {"Card"}, "tid": {tid}, "msg": {"고객 변심"}}
	if price > 0 {
		f.Set("type", "PartialRefund")
		f.Set("price", fmt.Sprint(price))
		f.Set("confirmPrice", fmt.Sprint(rest))
	}
	return h.form("refund", f.Encode())
}

// TestRefundsAtINIAPIAreOurs: a refund through INIAPI is the attempt's cancel: written down, once, told to the shop, and
// answered as Inicis answers.
func TestRefundsAtINIAPIAreOurs(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h := paidBy(t, "inicis")
			tid := h.state(h.attempt).PGTxID
			left := h.amount - 1000
			for n := range 2 { // said again, it is the first one
				a := h.refund(version, 1000, left)
				if a.status != 200 || a.json["resultCode"] != "00" || a.json["prtcTid"] != tid || a.json["prtcPrice"] != "1000" ||
					a.json["prtcRemains"] != fmt.Sprint(left) || a.json["prtcCnt"] != "1" || len(fmt.Sprint(a.json["tid"])) != 40 ||
					!kstNow.MatchString(fmt.Sprint(a.json["prtcDate"])+fmt.Sprint(a.json["prtcTime"])) {
					t.Fatalf("in part, call %d: %d %s", n, a.status, a.body)
				}
			}
			if h.left(left); h.sent() != 1 {
				t.Errorf("sent %d refunds", h.sent())
			}
			if a := h.refund(version, 1000, left-1); code(a) != string(payment.CodeCancelTooMuch) {
				t.Errorf("with another rest: %d %s", a.status, a.body)
			}
			for n := range 2 {
				if a := h.refund(version, 0, 0); a.status != 200 || a.json["resultCode"] != "00" || a.json["cancelDate"] == "" {
					t.Errorf("the rest, call %d: %d %s", n, a.status, a.body)
				}
			}
			if h.left(0); h.sent() != 2 {
				t.Errorf("sent %d refunds", h.sent())
			}
		})
	}
}

// TestLostRefundAtINIAPI: an answer that was lost is looked up, and the same call again gets it; nothing goes back twice.
func TestLostRefundAtINIAPI(t *testing.T) {
	t.Parallel()
	for name, price := range map[string]int64{"in full": 0, "in part": 700} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := paidBy(t, "inicis")
			h.fault(sandbox.Fault{Kind: sandbox.FaultDropAfterCommit})
			first := h.refund("v2", price, h.amount-price)
			if again := h.refund("v2", price, h.amount-price); again.status != 200 || again.json["resultCode"] != "00" {
				t.Errorf("%d, then %d %s", first.status, again.status, again.body)
			}
			want := int64(0)
			if price > 0 {
				want = h.amount - price
			}
			if h.left(want); h.sent() != 1 {
				t.Errorf("sent %d refunds", h.sent())
			}
		})
	}
}

// TestAccountsAtINIAPI: an account is closed while nobody has paid into it, and refunded to the buyer's account after.
func TestAccountsAtINIAPI(t *testing.T) {
	t.Parallel()
	h := &cancelHouse{hookHouse: newBankHouse(t, "inicis"), pg: "inicis"}
	h.attempt = h.issue("inicis")
	a := h.form("refund", "type=Refund&paymethod=GVacct&msg=m&tid="+h.state(h.attempt).PGTxID)
	if a.json["resultCode"] != "00" || h.state(h.attempt).State != payment.StateCancelled {
		t.Errorf("closed as %d %s, the attempt is %s", a.status, a.body, h.state(h.attempt).State)
	}
	h.attempt = h.issue("inicis")
	if err := h.sandbox.Deposit(sandbox.Deposit{Ref: string(h.attempt)}); err != nil {
		t.Fatal(err)
	}
	h.sandbox.WaitNotices()
	h.amount = int64(h.state(h.attempt).Amount)
	tid := h.state(h.attempt).PGTxID
	if a := h.form("refund", "type=Refund&paymethod=GVacct&msg=m&tid="+tid); a.json["resultCode"] != "01" {
		t.Errorf("a paid account is closed: %d %s", a.status, a.body)
	}
	to := `"refundAcctNum":"110-123-456789","refundBankCode":"88","refundAcctName":"홍길동"`
	a = h.call("POST", "/iniapi/v2/pg/partialRefund/vacct",
		fmt.Sprintf(`{"data":{"tid":%q,"msg":"m","price":"1000","confirmPrice":"%d",%s}}`, tid, h.amount-1000, to))
	if h.left(h.amount - 1000); a.json["resultCode"] != "00" {
		t.Errorf("in part: %d %s", a.status, a.body)
	}
	a = h.form("refund", "type=Refund&paymethod=Vacct&msg=m&refundAcctNum=110123456789&refundBankCode=88&refundAcctName=%ED%99%8D&tid="+tid)
	if h.left(0); a.json["resultCode"] != "00" {
		t.Errorf("the rest: %d %s", a.status, a.body)
	}
	for _, secret := range []string{"110123456789", "110-123-456789", "홍길동"} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
}

// TestOthersRefunds: a payment that is none of ours is refunded once, by Inicis, and in part only of what is left; where
// nobody can say whose it is, nothing is.
func TestOthersRefunds(t *testing.T) {
	t.Parallel()
	inquiry := `{"resultCode":"SUCCESS","mid":"INIpayTest","tid":"` + iniTID + `","oid":"theirs","price":"5000","paymethod":"Card",` +
		`"transactionStatus":"PART_CANCEL","availablePartCancelPrice":"4000","partCancelTransInfo":[]}`
	said := inquiry
	h, api := newFakeINIAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/inquiry") {
			fmt.Fprint(w, said)
			return
		}
		iniOK(w, r)
	})
	refunds := func() (n int, last string) {
		for i, r := range api.asked() {
			if !strings.HasSuffix(r.URL.Path, "/inquiry") {
				n, last = n+1, api.heard()[i]
			}
		}
		return n, last
	}
	part := func(price, rest int) answer {
		return h.call("POST", "/iniapi/v2/pg/partialRefund",
			fmt.Sprintf(`{"data":{"tid":%q,"msg":"m","price":"%d","confirmPrice":"%d"}}`, iniTID, price, rest))
	}
	if a := part(500, 4500); a.status != 400 || !strings.Contains(string(a.body), "4000 won") {
		t.Errorf("of more than is left: %d %s", a.status, a.body)
	}
	if n, _ := refunds(); n != 0 {
		t.Fatalf("%d refunds were sent", n)
	}
	a := part(500, 3500)
	if n, body := refunds(); a.status != 200 || n != 1 || !strings.Contains(body, `"price":"500"`) || !strings.Contains(body, `"hashData":"`) {
		t.Errorf("in part: %d %s, sent %d %s", a.status, a.body, n, body)
	}
	a = h.form("refund", "type=Refund&paymethod=Card&msg=m&tid="+iniTID)
	if n, body := refunds(); a.status != 200 || n != 2 || !strings.Contains(body, "type=Refund") {
		t.Errorf("in full: %d %s, sent %d %s", a.status, a.body, n, body)
	}
	for name, text := range map[string]string{
		"an inquiry that is refused": `{"resultCode":"01","resultMsg":"hashData가 일치하지 않습니다 (500202)"}`,
		"another transaction":        strings.Replace(inquiry, iniTID, iniBillTID, 1),
		"no JSON":                    `<html>`,
	} {
		said = text
		if a := part(500, 3500); a.status != 503 && a.status != 502 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	said = `{"resultCode":"01","resultMsg":"거래를 찾을 수 없습니다 (500623)"}`
	if a := part(500, 3500); a.status != 404 || code(a) != string(payment.CodeAttemptNotFound) {
		t.Errorf("no such payment: %d %s", a.status, a.body)
	}
	if n, _ := refunds(); n != 2 {
		t.Errorf("%d refunds were sent", n)
	}
}
