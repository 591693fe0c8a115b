package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// billAt charges the house's key for its order at INIAPI v1 or v2. The fields change and add to the call's.
func (h *chargeHouse) billAt(version string, fields map[string]string, headers ...string) answer {
	h.t.Helper()
	data := map[string]string{
		"url": "https://shop.example.com", "moid": h.order, "goodName": "월간 이용권", "buyerName": "홍길동", "buyerTel": "010-4242-4242",
		"buyerEmail": "gildong@example.com", "price": "9900", "billKey": h.key,
	}
	if version == "v1" {
		form := url.Values{"type": {"Billing"}, "paymethod": {"Card"}, "currency": {"WON"}, "authentification": {"00"}, "cardQuota": {"00"}}
		for name, value := range data {
			form.Set(name, value)
		}
		for name, value := range fields {
			form.Set(name, value)
		}
		return h.call("POST", "/iniapi/api/v1/billing", form.Encode(), append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
	}
	envelope := map[string]any{"type": "billing", "paymethod": "card", "data": data}
	for name, value := range fields {
		if data[name] = value; name == "mid" {
			delete(data, name)
			envelope[name] = value
		}
	}
	text, err := json.Marshal(envelope)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("POST", "/iniapi/v2/pg/billing", string(text), append(headers, "Content-Type", "application/json")...)
}

// TestChargesAtINIAPIAreOurs: a charge through INIAPI itself is an attempt: decided, written down, sent once in the
// version that was called, and answered as Inicis answers.
func TestChargesAtINIAPIAreOurs(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h := inicisCharge(t)
			a := h.billAt(version, nil)
			if a.status != 200 || a.json["resultCode"] != "00" || a.json["price"] != "9900" || a.json["payAuthQuota"] != "00" {
				t.Fatalf("answered %d %s", a.status, a.body)
			}
			st := h.state(payment.AttemptID(h.order))
			if st.State != payment.StateApproved || st.Purpose != payment.PurposeRecurring || st.Amount != 9900 || st.PGTxID != a.json["tid"] {
				t.Errorf("on record %+v", st)
			}
			for name, again := range map[string]answer{"plain": h.billAt(version, nil), "keyed": h.billAt(version, nil, headerIdempotencyKey, `"one-key"`)} {
				// Inicis does not say whose key was charged.
				if code(again) != string(payment.CodeOrderAlreadyPaid) || again.json["resultCode"] != "01" {
					t.Errorf("again, %s: %d %s", name, again.status, again.body)
				}
			}
			if a := h.billAt(version, map[string]string{"price": "5000"}); code(a) != string(payment.CodeChargeIDUsed) {
				t.Errorf("another amount: %d %s", a.status, a.body)
			}
			if h.sent() != 1 {
				t.Errorf("sent %d", h.sent())
			}
			h.stands(9900)
			h.newOrder()
			h.fault("charge", sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
			if a := h.billAt(version, nil); a.status != 200 || a.json["resultCode"] != "01" || a.json["resultMsg"] != "한도초과" {
				t.Errorf("declined: %d %s", a.status, a.body)
			}
			h.newOrder()
			h.fault("charge", sandbox.Fault{Kind: sandbox.FaultDropAfterCommit})
			if a := h.billAt(version, nil); a.status != 200 || a.json["resultCode"] != "00" || a.json["price"] != "9900" || a.json["payAuthCode"] != "30012345" {
				t.Errorf("a lost answer: %d %s", a.status, a.body)
			}
			h.stands(19_800)
		})
	}
}

// TestChargesAtINIAPIAreHeldToTheRules: what is not a charge as the gateway makes one is refused, and nothing is sent.
func TestChargesAtINIAPIAreHeldToTheRules(t *testing.T) {
	t.Parallel()
	h := inicisCharge(t)
	for name, tt := range map[string]struct {
		fields map[string]string
		code   payment.Code
	}{
		"another MID than the key's":  {map[string]string{"mid": "INIpayTest"}, payment.CodeKeyNotFound},
		"a MID that is none of ours":  {map[string]string{"mid": "INIpayTest", "billKey": "0123456789abcdef"}, payment.CodeKeyNotUsable},
		"no buyer":                    {map[string]string{"buyerName": ""}, payment.CodeInvalidField},
		"a number that is no attempt": {map[string]string{"moid": "한글"}, payment.CodeInvalidField},
		"nothing":                     {map[string]string{"price": "0"}, payment.CodeInvalidField},
		"free of interest":            {map[string]string{"quotaInterest": "1"}, payment.CodeInvalidField},
		"dollars":                     {map[string]string{"currency": "USD"}, payment.CodeInvalidField},
		"what nobody reads":           {map[string]string{"cancelAll": "Y"}, payment.CodeInvalidField},
		"a tax":                       {map[string]string{"tax": "900"}, payment.CodeInvalidField},
		"instalments that nobody has": {map[string]string{"cardQuota": "03"}, payment.CodeInstallmentRefused},
	} {
		for _, version := range []string{"v1", "v2"} {
			if a := h.billAt(version, tt.fields); code(a) != string(tt.code) || a.json["resultCode"] != "01" {
				t.Errorf("%s, %s: %d %s", name, version, a.status, a.body)
			}
		}
	}
	if h.sent() != 0 {
		t.Errorf("sent %d", h.sent())
	}
	if a := h.billAt("v1", map[string]string{"mid": "INIBillTst", "regNo": "880101"}); a.status != http.StatusOK || a.json["resultCode"] != "00" {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	h.stands(9900)
}
