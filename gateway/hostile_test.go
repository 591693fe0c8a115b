package gateway

import (
	"maps"
	"net/http"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// undone wants an attempt that was paid otherwise than decided to have ended without money, and the shop not to have
// been told that it is paid.
func (h *hookHouse) undone(id payment.AttemptID, reason payment.Reason) {
	h.t.Helper()
	h.sandbox.WaitNotices()
	a := h.state(id)
	if a.State != payment.StateCancelled || a.Reason != reason {
		h.t.Errorf("the attempt is %s (%s), want cancelled (%s)", a.State, a.Reason, reason)
	}
	h.balanced(false)
	if l := h.sandbox.Ledger(); l.Captured != l.Cancelled {
		h.t.Errorf("%d won were charged and %d given back", l.Captured, l.Cancelled)
	}
	for _, acc := range h.sandbox.Accounts() {
		if acc.Ref == string(id) && acc.State != "closed" {
			h.t.Errorf("an account is left %s", acc.State)
		}
	}
	h.flagged(id, 0)
}

// The buyer changes how he pays in the window that the decision was made for. Whatever the PG says to that, nothing is
// approved that was not decided: what was charged goes back, and an account that was issued is closed.
func TestABuyerWhoChangesTheMethod(t *testing.T) {
	t.Parallel()
	account := map[string]any{"payMethod": "VIRTUAL_ACCOUNT"}
	v2 := map[string]map[string]any{
		"a virtual account": account, "a transfer": {"payMethod": "TRANSFER"}, "a card": {"payMethod": "CARD"},
		"a phone bill": {"payMethod": "MOBILE", "productType": "REAL"}, "another service": {"easyPay": map[string]any{"easyPayProvider": "NAVERPAY"}},
	}
	for name, edit := range map[string]fixture.Edit{"confirmed by us": nil, "approved by itself": autoV2, "asking before": askingV2} {
		for what, change := range v2 {
			t.Run("V2, "+name+", "+what, func(t *testing.T) {
				t.Parallel()
				h := newHookHouse(t, nil, edit)
				o := h.changed("v2", h.checkout("kakaopay"), change)
				h.click(o, "pay")
				if got := h.complete(o); got == "approved" || got == "issued" {
					t.Errorf("the browser is told %s", got)
				}
				h.undone(o.attempt, payment.ReasonMismatch+"method")
			})
		}
	}
	for name, edit := range map[string]fixture.Edit{"": nil, ", asking before": askingV1} {
		for _, method := range []string{"vbank", "phone", "trans", "card", "naverpay"} {
			t.Run("V1"+name+", "+method, func(t *testing.T) {
				t.Parallel()
				h := newHookHouse(t, nil, edit)
				o := h.changed("v1", h.checkout("tosspay"), map[string]any{"pay_method": method, "digital": false})
				h.click(o, "pay")
				if got := h.complete(o); got == "approved" || got == "issued" {
					t.Errorf("the browser is told %s", got)
				}
				h.undone(o.attempt, payment.ReasonMismatch+"method")
			})
		}
	}
	for method, option := range map[string]string{
		"VBank": ":vbank(20991230)", "DirectBank": "", "HPP": ":HPP(2)", "onlykakaopay": ":cardonly", "onlynaverpay": ":cardonly",
	} {
		t.Run("Inicis, "+method, func(t *testing.T) {
			t.Parallel()
			h := newHookHouse(t, nil)
			form := h.formOf(h.checkout("card"))
			form.Set("gopaymethod", method)
			form.Set("acceptmethod", form.Get("acceptmethod")+option)
			back := h.postReturn(h.press(form, "pay"))
			if back.status != http.StatusSeeOther {
				t.Errorf("the return answered %d %s", back.status, back.body)
			}
			h.undone(payment.AttemptID(form.Get("oid")), payment.ReasonMismatch+"method")
		})
	}
}

// The other way round: an account was decided, and money is charged at once.
func TestABuyerWhoPaysInPlaceOfAnAccount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pg, version string
		edit        fixture.Edit
		change      map[string]any
	}{
		{"portone", "v2", nil, map[string]any{"payMethod": "CARD"}},
		{"portone", "v2", autoV2, map[string]any{"payMethod": "TRANSFER"}},
		{"portone1", "v1", nil, map[string]any{"pay_method": "card"}},
	} {
		t.Run(tt.pg, func(t *testing.T) {
			t.Parallel()
			h := newBankHouse(t, tt.pg, tt.edit)
			o := h.changed(tt.version, h.checkout("vbank"), tt.change)
			h.click(o, "pay")
			if got := h.complete(o); got == "approved" || got == "issued" {
				t.Errorf("the browser is told %s", got)
			}
			h.undone(o.attempt, payment.ReasonMismatch+"method")
		})
	}
	t.Run("inicis", func(t *testing.T) {
		t.Parallel()
		h := newBankHouse(t, "inicis")
		form := h.formOf(h.checkout("vbank"))
		form.Set("gopaymethod", "Card")
		form.Set("acceptmethod", "centerCd(Y)")
		h.postReturn(h.press(form, "pay"))
		h.undone(payment.AttemptID(form.Get("oid")), payment.ReasonMismatch+"method")
	})
}

// The parts of the amount are compared too, wherever the PG tells them.
func TestABuyerWhoChangesTheTaxes(t *testing.T) {
	t.Parallel()
	for version, change := range map[string]map[string]any{"v1": {"tax_free": 1000}, "v2": {"taxFreeAmount": 1000}} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h := newHookHouse(t, nil)
			a := h.postCheckout(h.checkout(map[string]string{"v1": "tosspay", "v2": "kakaopay"}[version]))
			w := a.json["window"].(map[string]any)
			params := w["params"].(map[string]any)
			maps.Copy(params, change)
			rsp := h.sdk(version, "open", map[string]any{"imp_code": w["init_code"], "device": "pc", "params": params})
			key, _ := rsp["key"].(string)
			if version == "v2" {
				if key != "" {
					t.Error("a window with another tax-free part than was registered opened")
				}
				return
			}
			o := &opened{attempt: payment.AttemptID(a.json["attempt_id"].(string)), version: version, key: key}
			h.click(o, "pay")
			if got := h.complete(o); got == "approved" {
				t.Errorf("the browser is told %s", got)
			}
			h.undone(o.attempt, payment.ReasonMismatch+"tax_free")
		})
	}
}
