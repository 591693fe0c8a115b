package inicis_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	billKey = "0123456789abcdef0123456789abcdef01234567"
	billTID = "INIAPICARDINIBillTst20260402141500000001"
)

// chargeRequest is the charge of the published vectors.
func chargeRequest(base string) adapters.ChargeRequest {
	acc := account(base)
	m := *acc.Merchant
	m.ID, m.MID, m.Purpose = "1002", "INIBillTst", payment.MerchantRecurring
	m.Keys = m.Keys.WithSecret("api_key", "rKnPljRn5m6J9Mzz")
	acc.Merchant = &m
	a := attempt()
	a.ID, a.OrderID, a.MID, a.Merchant = "SUB-20260402-0001", "SUB-20260402-0001", "INIBillTst", "1002"
	a.Amount, a.OrderAmount, a.Purpose, a.OrderName = 1000, 1000, payment.PurposeRecurring, "정기구독"
	return adapters.ChargeRequest{
		Account: acc, Attempt: a, Key: billKey, SiteURL: "https://shop.example.com", OperationID: string(a.ID),
		Buyer: payment.Buyer{Name: "홍길동", Email: "buyer@example.com", Tel: "01012345678"},
		Now:   time.Date(2026, 4, 2, 5, 15, 0, 0, time.UTC),
	}
}

func v2(r *adapters.ChargeRequest) { r.Call = "v2_pg_billing" }

// billed is a good answer to a charge with more behind its fields.
func billed(more string) string {
	return `{"resultCode":"00","resultMsg":"정상처리되었습니다.","tid":"` + billTID + `","payDate":"20260402","payTime":"141500",` +
		`"payAuthCode":"30012345","cardCode":"14","checkFlg":"0","payAuthQuota":"00","price":"1000","prtcCode":"1"` + more + `}`
}

// charges are the answers that INIAPI gives to a charge, and what they are.
func charges() []adapterstest.Reply {
	ok, no, lost := payment.OutcomeApproved, payment.OutcomeDeclined, adapters.ErrUnknownOutcome
	said := func(name, body string, want payment.Outcome, err error) adapterstest.Reply {
		return adapterstest.Reply{Name: name, Status: 200, Body: body, Want: want, WantErr: err}
	}
	return []adapterstest.Reply{
		said("charged", billed(""), ok, nil),
		said("charged, with fields nobody knows", billed(`,"new":{"a":[1]}`), ok, nil),
		said("charged, the price a number", strings.Replace(billed(""), `"1000"`, `1000`, 1), ok, nil),
		said("another amount is for who compares", strings.Replace(billed(""), `"1000"`, `"2000"`, 1), ok, nil),
		said("declined", `{"resultCode":"01","resultMsg":"한도초과","detailResultCode":"120016"}`, no, nil),
		said("a key that is none", `{"resultCode":"01","resultMsg":"등록되지 않은 빌링키","detailResultCode":"500413"}`, no, nil),
		said("a field that is missing", `{"resultCode":"ER0102","resultMsg":"파라미터 오류","tid":null,"price":null}`, no, nil),
		said("a code nobody has written down", `{"resultCode":"E9999","resultMsg":"x"}`, no, nil),
		said("time-out at the card company", `{"resultCode":"120055"}`, "", lost),
		said("time-out told beside it", `{"resultCode":"01","detailResultCode":"500051"}`, "", lost),
		said("time-out told in words", `{"resultCode":"01","resultMsg":"카드사 응답 시간초과"}`, "", lost),
		said("a duplicate", `{"resultCode":"01","detailResultCode":"500631"}`, "", lost),
		said("an order number that was used", `{"resultCode":"01","resultMsg":"주문번호","detailResultCode":"500619"}`, "", lost),
		said("an order number that was used, in words", `{"resultCode":"01","resultMsg":"(500619)"}`, "", lost),
		said("no such payment", `{"resultCode":"01","detailResultCode":"500623"}`, "", lost),
		said("the window's success", strings.Replace(billed(""), `"00"`, `"0000"`, 1), "", lost),
		said("the inquiry's success", strings.Replace(billed(""), `"00"`, `"SUCCESS"`, 1), "", lost),
		said("a code with no meaning to anybody", `{"resultCode":"V801"}`, "", lost),
		said("no code", `{"tid":"`+billTID+`","price":"1000"}`, "", lost),
		said("no transaction", strings.Replace(billed(""), `"tid"`, `"id"`, 1), "", lost),
		said("no price", strings.Replace(billed(""), `"price"`, `"cost"`, 1), "", lost),
		said("the price twice", billed(`,"price":"1"`), "", lost),
		said("a fraction of a won", strings.Replace(billed(""), `"1000"`, `"1000.5"`, 1), "", lost),
		{Name: "charged with another status", Status: 201, Body: billed(""), WantErr: lost},
		{Name: "a wrong address echoed", Status: 200, ContentType: "text/plain", Body: "/api/v1/billing", WantErr: lost},
	}
}

// chargeVector is one of the published vectors of charges.
func chargeVector(t *testing.T, id string) (in map[string]string, hash string) {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		ID       string          `json:"id"`
		Inputs   json.RawMessage `json:"inputs"`
		Expected json.RawMessage `json:"expected"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if v.ID == id {
			if json.Unmarshal(v.Inputs, &in) != nil || json.Unmarshal(v.Expected, &hash) != nil {
				t.Fatalf("vector %s cannot be read", id)
			}
			return in, hash
		}
	}
	t.Fatalf("no vector %s", id)
	return nil, ""
}

// TestAChargeAsTheVectorsHaveIt sends the vectors' own charge: its hash is over the very bytes that are sent.
func TestAChargeAsTheVectorsHaveIt(t *testing.T) {
	t.Parallel()
	d := inicis.New(onewrite.New(onewrite.Options{}))
	rec, base := record(t, billed(""))
	r, err := d.Charge(t.Context(), chargeRequest(base))
	if err != nil || r.PGTxID != billTID || r.MID != "INIBillTst" || r.Amount != 1000 || r.OrderRef != "" || r.Said == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	in, hash := chargeVector(t, "v1-billing-01")
	form, err := url.ParseQuery(rec.body)
	if err != nil || rec.calls != 1 || rec.path != "/inicis/iniapi/api/v1/billing" || form.Get("hashData") != hash {
		t.Errorf("%d calls to %s: %s, %v", rec.calls, rec.path, rec.body, err)
	}
	want := url.Values{"hashData": {hash}}
	for name, value := range map[string]string{
		"type": "Billing", "paymethod": "Card", "timestamp": in["timestamp"], "clientIp": in["clientIp"], "mid": in["mid"],
		"url": "https://shop.example.com", "moid": in["moid"], "goodName": "정기구독", "buyerName": "홍길동", "buyerTel": "01012345678",
		"buyerEmail": "buyer@example.com", "price": in["price"], "currency": "WON", "billKey": in["billKey"],
		"authentification": "00", "cardQuota": "00", "quotaInterest": "0",
	} {
		want.Set(name, value)
	}
	if diff := cmp.Diff(want, form); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	in, hash = chargeVector(t, "v2-billing-01")
	req := chargeRequest(base)
	req.PG.Keys = req.PG.Keys.WithText("billing_api", "v2")
	if _, err := d.Charge(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	body := `{"mid":"INIBillTst","type":"billing","paymethod":"card","timestamp":"20260402141500","clientIp":"203.0.113.10","data":` +
		in["data_json"] + `,"hashData":"` + hash + `"}`
	if rec.calls != 2 || rec.path != "/inicis/iniapi/v2/pg/billing" || rec.body != body {
		t.Errorf("%d calls to %s\ngot  %s\nwant %s", rec.calls, rec.path, rec.body, body)
	}
}

// TestAChargeAtInicisSaysWhatWasDecided: a caller's own fields stand beside ours and never in their place.
func TestAChargeAtInicisSaysWhatWasDecided(t *testing.T) {
	t.Parallel()
	rec, base := record(t, billed(""))
	d := inicis.New(onewrite.New(onewrite.Options{}))
	req := chargeRequest(base)
	req.Attempt.Amount, req.Installment, req.Buyer = 60_000, 3, payment.Buyer{}
	req.Fields = []byte(`{"url":"https://other.example.com","buyerName":"김 \"<&>","buyerEmail":"kim@example.com","buyerTel":"010 1","regNo":"880101",` +
		`"price":"1","moid":"other","billKey":"other","mid":"other","cardQuota":"12","authentification":"01","clientIp":"1"}`)
	if _, err := d.Charge(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	form, _ := url.ParseQuery(rec.body)
	for name, want := range map[string]string{
		"url": "https://other.example.com", "buyerName": "김", "buyerEmail": "kim@example.com", "buyerTel": "0101", "regNo": "880101",
		"price": "60000", "moid": "SUB-20260402-0001", "billKey": billKey, "mid": "INIBillTst", "cardQuota": "03",
		"authentification": "00", "clientIp": "203.0.113.10",
	} {
		if form.Get(name) != want || len(form[name]) != 1 {
			t.Errorf("%s is %q, want %q", name, form[name], want)
		}
	}
}

func TestAChargeThatInicisCannotBeSent(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		field  string
		change func(*adapters.ChargeRequest)
	}{
		"a key that is none":        {"billing_key", func(r *adapters.ChargeRequest) { r.Key = "a b" }},
		"a key of JSON's":           {"billing_key", func(r *adapters.ChargeRequest) { r.Key = `a","price":"1` }},
		"no key":                    {"billing_key", func(r *adapters.ChargeRequest) { r.Key = "" }},
		"a number that is none":     {"attempt_id", func(r *adapters.ChargeRequest) { r.Attempt.ID = "한글" }},
		"nothing":                   {"amount", func(r *adapters.ChargeRequest) { r.Attempt.Amount = 0 }},
		"no name":                   {"order_name", func(r *adapters.ChargeRequest) { r.Attempt.OrderName = "" }},
		"no shop":                   {"url", func(r *adapters.ChargeRequest) { r.SiteURL = "" }},
		"a shop that is too long":   {"url", func(r *adapters.ChargeRequest) { r.SiteURL = "https://" + strings.Repeat("a", 50) }},
		"no buyer":                  {"buyer.name", func(r *adapters.ChargeRequest) { r.Buyer.Name = " " }},
		"no telephone":              {"buyer.tel", func(r *adapters.ChargeRequest) { r.Buyer.Tel = "x" }},
		"no address":                {"buyer.email", func(r *adapters.ChargeRequest) { r.Buyer.Email = "" }},
		"one month":                 {"installment", func(r *adapters.ChargeRequest) { r.Installment = 1 }},
		"months at v2":              {"installment", func(r *adapters.ChargeRequest) { r.Installment = 3; v2(r) }},
		"a birth at v2":             {"installment", func(r *adapters.ChargeRequest) { r.Fields = []byte(`{"regNo":"880101"}`); v2(r) }},
		"a tax-free part":           {"tax_free", func(r *adapters.ChargeRequest) { r.Attempt.TaxFree = 100 }},
		"a stated tax":              {"tax_free", func(r *adapters.ChargeRequest) { r.Attempt.VATSet = true }},
		"a shop of mixed taxes":     {"tax_free", func(r *adapters.ChargeRequest) { r.Merchant.Tax = payment.TaxMixed }},
		"a tax above the whole":     {"vat_amount", func(r *adapters.ChargeRequest) { r.Attempt.VATSet, r.Attempt.VAT = true, 1001 }},
		"no INIAPI key":             {"merchants.api_key", func(r *adapters.ChargeRequest) { r.Merchant.Keys = payment.Keys{} }},
		"fields that are no object": {"fields", func(r *adapters.ChargeRequest) { r.Fields = []byte(`[]`) }},
	} {
		rec, base := record(t, billed(""))
		d, req := inicis.New(onewrite.New(onewrite.Options{})), chargeRequest(base)
		tt.change(&req)
		_, err := d.Charge(t.Context(), req)
		if checked := d.CheckCharge(req); !errors.Is(checked, adapters.ErrRejected) || err == nil || !strings.HasSuffix(err.Error(), checked.Error()) {
			t.Errorf("%s: checking says %v, charging %v", name, checked, err)
		}
		if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != tt.field || rec.calls != 0 {
			t.Errorf("%s: got %v, want a complaint about %s; %d sent", name, err, tt.field, rec.calls)
		}
	}
	req := chargeRequest("http://127.0.0.1:1")
	req.Attempt.Method = "phone"
	if _, err := inicis.New(nil).Charge(t.Context(), req); !errors.Is(err, adapters.ErrUnsupported) {
		t.Errorf("a phone bill: %v", err)
	}
}

// A charge of which no transaction is known is asked about by its number only where the contract lets Inicis answer.
func TestAChargeIsAskedAboutByItsNumberWhereTheContractSaysSo(t *testing.T) {
	t.Parallel()
	const absent = `{"resultCode":"01","resultMsg":"거래 없음","detailResultCode":"500623"}`
	for name, tt := range map[string]struct {
		byOrder string
		txID    string
		want    payment.Outcome
		calls   int
	}{
		"without the contract":        {"", "", "", 0},
		"the contract is not there":   {"N", "", "", 0},
		"with it":                     {"Y", "", payment.OutcomeNotFound, 1},
		"of a known transaction":      {"", billTID, payment.OutcomeNotFound, 1},
		"of a number that is no tid":  {"", "imp_1", "", 0},
		"a tid, and the contract too": {"Y", billTID, payment.OutcomeNotFound, 1},
	} {
		rec, base := record(t, absent)
		req := chargeRequest(base)
		if tt.byOrder != "" {
			req.Merchant.Keys = req.Merchant.Keys.WithText("inquiry_by_order", tt.byOrder)
		}
		r, err := inicis.New(onewrite.New(onewrite.Options{})).LookUp(t.Context(), adapters.LookUpRequest{
			Account: req.Account, Attempt: req.Attempt, PGTxID: tt.txID, Now: req.Now,
		})
		if unsupported := errors.Is(err, adapters.ErrUnsupported); unsupported != (tt.want == "") || r.Outcome != tt.want || rec.calls != tt.calls {
			t.Errorf("%s: %+v, %v, %d asked", name, r, err, rec.calls)
		}
	}
}

// TestWhereInicisKeysAre: nobody is asked, and what cannot be one of its keys is at none of its contracts.
func TestWhereInicisKeysAre(t *testing.T) {
	t.Parallel()
	pg := account("http://127.0.0.1:1").PG
	for key, want := range map[payment.Secret]int{billKey: 1, "": 0, "a b": 0, `a"b`: 0, "한": 0, payment.Secret(strings.Repeat("k", 201)): 0} {
		if at, err := inicis.New(nil).KeyContracts(t.Context(), pg, key); err != nil || len(at) != want {
			t.Errorf("%q: %+v, %v", key.Reveal(), at, err)
		}
	}
}
