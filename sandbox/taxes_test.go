package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// TestStatedTaxesAreKept plays partial cancels against a payment of 11,000 won, of which 1,100 are tax-free and
// 900 VAT. A step is price, tax-free part, VAT part ("-" sends none) and whether it goes through.
func TestStatedTaxesAreKept(t *testing.T) {
	t.Parallel()
	type step struct {
		price, free, vat string
		ok               bool
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"in proportion, to the end", []step{{"5500", "550", "450", true}, {"5500", "550", "450", true}}},
		{"first the tax-free part", []step{{"1100", "1100", "0", true}, {"9900", "0", "900", true}}},
		{"no VAT stated", []step{{"5500", "550", "-", false}}},
		{"more VAT than a tenth", []step{{"1100", "0", "102", false}}},
		{"more tax-free than there is", []step{{"5500", "1101", "0", false}}},
		{"more tax-free than the cancel", []step{{"500", "501", "0", false}}},
		{"the tax-free part twice", []step{{"1100", "1100", "0", true}, {"1100", "1100", "0", false}}},
		{"more taxable than there is", []step{{"10000", "0", "900", false}}},
		{"more VAT than is left", []step{{"5500", "0", "500", true}, {"5000", "600", "440", false}}},
		{"no number", []step{{"5500", "x", "450", false}, {"5500", "550", "-1", false}}},
	}
	pgs := map[string]func(w *world) func(left, price, free, vat string) bool{
		"inicis": inicisTaxes, "v1": v1Taxes, "v2": v2Taxes,
	}
	for name, begin := range pgs {
		for _, tt := range tests {
			t.Run(name+": "+tt.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				cancel := begin(w)
				for i, s := range tt.steps {
					want := s.ok
					if name == "v2" && s.vat == "-" {
						want = true // absent, V2 reckons it
					}
					if name == "v2" && s.vat == "102" {
						want = true // V2 looks at the sums alone
					}
					left := fmt.Sprint(w.box.Ledger().Net)
					if name == "inicis" && i > 0 && s.ok && s.price == left {
						continue
					}
					if got := cancel(left, s.price, s.free, s.vat); got != want {
						t.Errorf("step %d: %v", i+1, got)
					}
				}
			})
		}
	}
}

func inicisTaxes(w *world) func(left, price, free, vat string) bool {
	form := with(w.inicisForm("A-1", "11000"), map[string]string{"tax": "900", "taxfree": "1100"})
	_, result := w.authenticate(form, "pay")
	tid := w.form(approvePath, w.approval(result["authToken"])).object(w.t)["tid"].(string)
	return func(left, price, free, vat string) bool {
		var before, now int
		if _, err := fmt.Sscan(left+" "+price, &before, &now); err != nil {
			w.t.Fatal(err)
		}
		data := fmt.Sprintf(`{"tid":%q,"msg":"x","price":%q,"confirmPrice":"%d","currency":"WON","tax":%q,"taxfree":%q}`, tid, price, before-now, vat, free)
		if vat == "-" {
			data = fmt.Sprintf(`{"tid":%q,"msg":"x","price":%q,"confirmPrice":"%d","taxFree":%q}`, tid, price, before-now, free)
		}
		return w.iniapiV2("partialRefund", "partialRefund", data)["resultCode"] == "00"
	}
}

func v1Taxes(w *world) func(left, price, free, vat string) bool {
	p := v1Params("A-1", 11000)
	p["tax_free"], p["vat_amount"] = 1100, 900
	w.v1Pay(p, "pay")
	auth := w.v1Token()
	return func(left, price, free, vat string) bool {
		body := map[string]any{"merchant_uid": "A-1", "amount": price, "checksum": left, "tax_free": free, "reason": "x"}
		if vat != "-" {
			body["vat_amount"] = vat
		}
		_, got := w.json(http.MethodPost, "/portone/v1/payments/cancel", body, auth)
		return got["code"] == json.Number("0")
	}
}

func v2Taxes(w *world) func(left, price, free, vat string) bool {
	p := v2Params("A-1", "channel-key-v2-auto", 11000)
	p["taxFreeAmount"], p["vatAmount"] = 1100, 900
	w.v2Pay(p, "pay")
	return func(left, price, free, vat string) bool {
		body := fmt.Sprintf(`{"reason":"x","amount":%s,"currentCancellableAmount":%s,"taxFreeAmount":%s`, price, left, free)
		if vat != "-" {
			body += `,"vatAmount":` + vat
		}
		return w.must(http.MethodPost, v2Root+"A-1/cancel", "application/json", body+"}", v2Header("")).status == http.StatusOK
	}
}

func TestV2TaxesInTheObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cancel := v2Taxes(w)
	if !cancel("11000", "5500", "550", "450") {
		t.Fatal("refused")
	}
	_, got := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
	amount := got["amount"].(map[string]any)
	for field, want := range map[string]json.Number{
		"total": "11000", "taxFree": "1100", "vat": "900", "supply": "9000", "cancelled": "5500", "cancelledTaxFree": "550",
	} {
		if amount[field] != want {
			t.Errorf("%s = %v, want %s", field, amount[field], want)
		}
	}
	if x := got["cancellations"].([]any)[0].(map[string]any); x["vatAmount"] != json.Number("450") || x["taxFreeAmount"] != json.Number("550") {
		t.Errorf("cancellation %v", x)
	}
}

// A payment that stated no taxes at Inicis needs none in its cancels, and whatever they state is not looked at.
func TestInicisHeedsTaxesByContractOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, _ := w.charge("A-1", "11000")
	data := fmt.Sprintf(`{"tid":%q,"msg":"x","price":"1000","confirmPrice":"10000","tax":"999","taxfree":"77"}`, got["tid"])
	if r := w.iniapiV2("partialRefund", "partialRefund", data); r["resultCode"] != "00" {
		t.Errorf("refused: %v", r)
	}
}

func TestWindowsRefuseImpossibleTaxes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, parts := range map[string][2]string{
		"VAT above a tenth of the supply": {"0", "1010"},
		"more than the amount":            {"10500", "600"},
		"tax-free above the amount":       {"11001", "0"},
	} {
		form := with(w.inicisForm("A-1", "11000"), map[string]string{"taxfree": parts[0], "tax": parts[1]})
		if r := w.form("/inicis/window", form); r.status == http.StatusOK {
			t.Errorf("Inicis, %s", name)
		}
		p := v2Params("A-1", "channel-key-v2-auto", 11000)
		p["taxFreeAmount"], p["vatAmount"] = json.Number(parts[0]), json.Number(parts[1])
		if rsp := w.v2Pay(p, "pay"); rsp["code"] != "RequestParseFailed" {
			t.Errorf("V2, %s: %v", name, rsp)
		}
	}
	for name, parts := range map[string]map[string]string{
		"rounded": {"tax": "1000"}, "free of VAT": {"tax": "0", "taxfree": "11000"}, "zero-rated": {"tax": "0", "taxfree": "0"},
	} {
		if r := w.form("/inicis/window", with(w.inicisForm("A-1", "11000"), parts)); r.status != http.StatusOK {
			t.Errorf("%s was refused: %s", name, r.body)
		}
	}
}

func TestEscrowIsNotCancelledInPartBeforeItIsConfirmed(t *testing.T) {
	t.Parallel()
	begin := map[string]func(w *world) func(price string) bool{
		"inicis": func(w *world) func(string) bool {
			form := with(w.inicisForm("A-1", "1000"), map[string]string{"acceptmethod": "centerCd(Y):below1000:useescrow"})
			_, result := w.authenticate(form, "pay")
			tid := w.form(approvePath, w.approval(result["authToken"])).object(w.t)["tid"].(string)
			return func(price string) bool {
				data := fmt.Sprintf(`{"tid":%q,"msg":"x","price":%q,"confirmPrice":"%d"}`, tid, price, int64(w.box.Ledger().Net)-400)
				return w.iniapiV2("partialRefund", "partialRefund", data)["resultCode"] == "00"
			}
		},
		"v1": func(w *world) func(string) bool {
			p := v1Params("A-1", 1000)
			p["escrow"] = true
			w.v1Pay(p, "pay")
			return func(price string) bool {
				_, got := w.json(http.MethodPost, "/portone/v1/payments/cancel", map[string]any{"merchant_uid": "A-1", "amount": price, "reason": "x"}, w.v1Token())
				return got["code"] == json.Number("0")
			}
		},
		"v2": func(w *world) func(string) bool {
			p := v2Params("A-1", "channel-key-v2-auto", 1000)
			p["isEscrow"] = true
			w.v2Pay(p, "pay")
			return func(price string) bool {
				status, _ := w.json(http.MethodPost, v2Root+"A-1/cancel", map[string]any{"amount": json.Number(price), "reason": "x"}, v2Header(""))
				return status == http.StatusOK
			}
		},
	}
	for name, pay := range begin {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cancel := pay(w)
			if err := w.box.Escrow("A-1", "2"); err != nil {
				t.Fatal(err)
			}
			if cancel("400") {
				t.Error("a part was given back before the purchase was confirmed")
			}
			if err := w.box.Escrow("A-1", "31"); err != nil {
				t.Fatal(err)
			}
			if !cancel("400") || w.box.Ledger().Net != 600 {
				t.Errorf("after the confirmation: %+v", w.box.Ledger())
			}
			if name != "v2" {
				return
			}
			if _, got := w.json(http.MethodGet, v2Root+"A-1", nil, v2Header("")); got["escrow"].(map[string]any)["status"] != "CONFIRMED" {
				t.Errorf("escrow %v", got["escrow"])
			}
		})
	}
}
