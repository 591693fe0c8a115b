package inicis

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// apiMerchant is a contract with INIAPI's keys.
func apiMerchant(mid, key, iv string) *payment.Merchant {
	m := &payment.Merchant{ID: payment.MerchantID("m-" + mid), MID: mid}
	if key != "" {
		m.Keys = m.Keys.WithSecret(keyAPI, payment.Secret(key)).WithSecret(keyAPIIV, payment.Secret(iv))
	}
	return m
}

// vectorPath is where the call of a vector goes; empty where it is not handed on.
func vectorPath(kind string) string {
	return map[string]string{
		"iniapi.v1.refund": "/api/v1/refund", "iniapi.v1.refund.vacct": "/api/v1/refund",
		"iniapi.v1.partialRefund": "/api/v1/refund", "iniapi.v1.partialRefund.vacct": "/api/v1/refund",
		"iniapi.v1.inquiry": "/api/v1/extra", "iniapi.v1.receipt": "/api/v1/receipt",
		"iniapi.v2.refund": "/v2/pg/refund", "iniapi.v2.partialRefund": "/v2/pg/partialRefund",
		"iniapi.v2.refundVacct": "/v2/pg/refund/vacct", "iniapi.v2.inquiry": "/v2/pg/inquiry",
		"iniapi.v2.receipt": "/v2/pg/receipt",
	}[kind]
}

// TestCallsAreSignedAsTheVectors: a call of plain fields goes out with the hash that the vectors give for it.
func TestCallsAreSignedAsTheVectors(t *testing.T) {
	t.Parallel()
	plain := strings.NewReplacer("Pgc+KMLQbOEuvyCwb0ia9Q==", "11012345678901", "d/9xiZ/mtVPXWv2RalFeHA==", "010-1234-5678")
	tried := 0
	for _, v := range loadVectors(t) {
		path, in := vectorPath(v.Kind), v.Inputs
		if path == "" {
			continue
		}
		tried++
		call := adapters.APICall{Method: "POST", Path: path, ContentType: "application/json"}
		if data := in["data_json"]; data != "" {
			call.Body = []byte(`{"data":` + plain.Replace(data) + `}`)
		} else {
			fields := map[string]string{}
			for name, value := range in {
				if name != "INIAPIKey" && name != "timestamp" && name != "clientIp" {
					fields[name] = plain.Replace(value)
				}
			}
			var err error
			if call.Body, err = json.Marshal(fields); err != nil {
				t.Fatal(err)
			}
		}
		at, err := time.ParseInLocation("20060102150405", in["timestamp"], payment.KST())
		if err != nil {
			t.Fatal(err)
		}
		pg := &payment.PG{}
		pg.Keys = pg.Keys.WithText(keyClientIP, in["clientIp"])
		d := New(nil)
		a, err := d.Authorise(t.Context(), adapters.AuthoriseRequest{
			PG: pg, Merchants: []*payment.Merchant{apiMerchant(in["mid"], in["INIAPIKey"], "HYb3yQ4f65QL89==")}, Call: call,
			Operation: d.operations.Find(call.Method, call.Path).Name, Now: at,
		})
		if strings.Contains(in["data_json"], `\\`) {
			if err == nil {
				t.Errorf("%s: a backslash was signed", v.ID)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		var want string
		if err := json.Unmarshal(v.Expected, &want); err != nil {
			t.Fatal(err)
		}
		if got := hashIn(t, a); (got == want) == v.Negative {
			t.Errorf("%s: %s has hash %s, the vector %s (negative %t)", v.ID, a.Body, got, want, v.Negative)
		}
	}
	if tried < 18 {
		t.Errorf("only %d vectors were tried", tried)
	}
}

// hashIn is the hashData of a call as it is sent.
func hashIn(t *testing.T, a adapters.Authorised) string {
	t.Helper()
	if strings.HasPrefix(a.ContentType, "application/json") {
		var e envelope
		if err := json.Unmarshal(a.Body, &e); err != nil {
			t.Fatal(err)
		}
		return e.HashData
	}
	f, err := url.ParseQuery(string(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	return f.Get("hashData")
}

// TestWhomACallIsMadeAs: as the stated merchant, as the one in the transaction's number, or as the only one.
func TestWhomACallIsMadeAs(t *testing.T) {
	t.Parallel()
	const tid = "StdpayCARDINIBillTst20260402141359123456"
	one, two := apiMerchant("INIpayTest", "ItEQKi3rY7uvDS8l", "i"), apiMerchant("INIBillTst", "rKnPljRn5m6J9Mzz", "i")
	same, keyless := apiMerchant("INIpayTest", "ItEQKi3rY7uvDS8l", "i"), apiMerchant("iniescrow0", "", "")
	for _, tt := range []struct {
		name     string
		all      []*payment.Merchant
		mid, tid string
		want     *payment.Merchant
		says     string
	}{
		{"stated", []*payment.Merchant{one, two}, "INIBillTst", "", two, ""},
		{"stated, whatever the number says", []*payment.Merchant{one, two}, "INIpayTest", tid, one, ""},
		{"of two with one MID the first", []*payment.Merchant{one, same}, "", "", one, ""},
		{"by the number", []*payment.Merchant{one, two}, "", tid, two, ""},
		{"the only one with keys", []*payment.Merchant{keyless, one}, "", "", one, ""},
		{"none said", []*payment.Merchant{one, two}, "", "", nil, "mid is needed: one of INIpayTest, INIBillTst"},
		{"a number of nobody's", []*payment.Merchant{one, two}, "", strings.Replace(tid, "INIBillTst", "SIRsomeone", 1), nil, "mid is needed"},
		{"nobody's", []*payment.Merchant{one, two}, "SIRsomeone", "", nil, "mid must be one of INIpayTest, INIBillTst"},
		{"in other letters", []*payment.Merchant{one}, "inipaytest", "", nil, "mid must be one of"},
		{"one without keys", []*payment.Merchant{one, keyless}, "iniescrow0", "", nil, "mid must be one of INIpayTest"},
		{"no keys at all", []*payment.Merchant{keyless}, "", "", nil, "api_key is missing"},
	} {
		got, err := merchantOf(tt.all, tt.mid, tt.tid)
		wrong, _ := errors.AsType[*adapters.FieldError](err)
		if got != tt.want || tt.says == "" && err != nil || tt.says != "" && (wrong == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

// TestSuccess: INIAPI says a no with a status of 200.
func TestSuccess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		want   bool
	}{
		{200, `{"resultCode":"00"}`, true},
		{200, `{"resultCode":"SUCCESS","tid":null}`, true},
		{200, `{"resultCode":"01"}`, false},
		{500, `{"resultCode":"00"}`, false},
		{200, `{}`, false},
		{200, `/api/v1/refund`, false},
	} {
		if got := New(nil).Succeeded(tt.status, []byte(tt.body)); got != tt.want {
			t.Errorf("%d %s is %t", tt.status, tt.body, got)
		}
	}
}

// FuzzReadCall: whatever a body is, reading it ends; what is handed on was read in one way, and is signed as the merchant
// alone, with each field once and nothing of it lost.
func FuzzReadCall(f *testing.F) {
	f.Add("/api/v1/refund", "application/x-www-form-urlencoded", []byte("type=Refund&paymethod=Card&tid=a&msg=%26"))
	f.Add("/api/v1/extra", "application/x-www-form-urlencoded", []byte("type=Extra&paymethod=Inquiry&oid=a&mid=INIpayTest"))
	f.Add("/v2/pg/partialRefund/vacct", "application/json",
		[]byte(`{"data":{"tid":"a","price":1,"confirmPrice":"2","refundAcctNum":"1","refundBankCode":"88","refundAcctName":"n"}}`))
	f.Add("/v2/pg/receipt", "application/json", []byte(`{"type":"receipt","data":{"issueNumber":"010","goodName":"\uac00 & <"}}`))
	d := New(nil)
	pg, all := &payment.PG{}, []*payment.Merchant{apiMerchant("INIpayTest", "ItEQKi3rY7uvDS8l", "HYb3yQ4f65QL89==")}
	f.Fuzz(func(t *testing.T, path, kind string, body []byte) {
		call := adapters.APICall{Method: "POST", Path: path, ContentType: kind, Body: body}
		ask, err := d.ReadCall(pg, call)
		if err != nil || ask.Kind != adapters.APICancels && ask.Kind != adapters.APIPasses {
			return
		}
		if c := ask.Cancel; ask.Kind == adapters.APICancels && (c.PGTxID == "" || c.Amount != nil && (*c.Amount == 0 || *c.Remaining < *c.Amount)) {
			t.Errorf("%q is a refund of %+v", body, c)
		}
		a, err := d.Authorise(t.Context(), adapters.AuthoriseRequest{PG: pg, Merchants: all, Call: call, Operation: ask.Name})
		if err != nil {
			return
		}
		p, err := readPlain(d.operations.Find("POST", path).Name, call)
		if err != nil {
			t.Fatalf("%q is signed and cannot be read: %v", body, err)
		}
		sent, err := readPlain(d.operations.Find("POST", path).Name, adapters.APICall{
			Method: "POST", Path: path, ContentType: a.ContentType, Body: a.Body,
		})
		if err != nil || sent.mid != "INIpayTest" || sent.does != p.does || sent.kind != p.kind {
			t.Fatalf("%q went out as %q: %v", body, a.Body, err)
		}
		for name, value := range p.fields {
			if own := []string{"mid", "type", "timestamp", "clientIp", "hashData", p.sealed}; sent.fields[name] != value && !slices.Contains(own, name) {
				t.Errorf("%q: %s went out as %q", body, name, sent.fields[name])
			}
		}
	})
}
