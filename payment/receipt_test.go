package payment_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/payment"
)

func TestAReceiptHasAMaskedNumberAtMost(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"427289*********3":    "427289*********3",
		"4272-89**-****-0294": "427289******0294",
		"427289xxxxxx0294":    "427289******0294",
		"55801234****5678":    "55801234****5678",
		"****************":    "****************",
		"":                    "",
		"4111111111111111":    "",
		"4111-1111-1111-1111": "",
		"411111111*****1":     "",
		"41111111**11111111":  "",
		"4111111111111111***": "",
		"427289**0294":        "",
		"427289 ***** Kim":    "",
		"4272890000**3":       "",
	} {
		got := ""
		if r := payment.NewReceipt(payment.Receipt{CardNumber: number}); r != nil {
			got = r.CardNumber
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", number, got, want)
		}
	}
}

func TestAReceiptLeavesOutWhatCannotBe(t *testing.T) {
	t.Parallel()
	said := payment.Receipt{
		ApprovalNumber: " 30012345 ", ApprovedAt: time.Date(2026, 12, 10, 3, 0, 0, 999, time.UTC), CardCompany: "신한카드",
		CardNumber: "427289******0294", Installment: new(3), InterestFree: new(true), Bank: "088", BankName: "신한은행", Carrier: "SKT",
		URL: "https://iniweb.inicis.com/receipt?noTid=StdpayCARDINIpayTest20260402141359123456",
	}
	r := payment.NewReceipt(said)
	text, err := json.Marshal(r)
	if want := `{"approval_number":"30012345","approved_at":"2026-12-10T12:00:00+09:00","card_company":"신한카드","card_number":"427289******0294",` +
		`"installment":3,"interest_free":true,"bank":"088","bank_name":"신한은행","carrier":"SKT",` +
		`"url":"https://iniweb.inicis.com/receipt?noTid=StdpayCARDINIpayTest20260402141359123456"}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v\nwant %s", text, err, want)
	}
	for name, odd := range map[string]payment.Receipt{
		"nothing":                      {},
		"a card for an approval":       {ApprovalNumber: "4111 1111 1111 1111"},
		"a card behind a company":      {CardCompany: "신한 4111-1111-1111-1111"},
		"a line break":                 {CardCompany: "a\nb"},
		"a novel":                      {BankName: strings.Repeat("a", 100)},
		"a script":                     {URL: "javascript:alert(1)"},
		"no host":                      {URL: "https:///receipt"},
		"somebody's password":          {URL: "https://a:b@example.com/"},
		"a card in an address":         {URL: "https://example.com/?card=4111111111111111"},
		"a space":                      {URL: "https://example.com/a b"},
		"the beginning of all time":    {ApprovedAt: time.Unix(0, 0)},
		"a year that JSON cannot have": {ApprovedAt: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if r := payment.NewReceipt(odd); r != nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestAReceiptTellsWhatWasToldBefore(t *testing.T) {
	t.Parallel()
	var none *payment.Receipt
	bank := payment.NewReceipt(payment.Receipt{Bank: "088", BankName: "신한은행"})
	paid := payment.NewReceipt(payment.Receipt{Bank: "004", URL: "https://example.com/r"})
	want := &payment.Receipt{Bank: "004", BankName: "신한은행", URL: "https://example.com/r"}
	if diff := cmp.Diff(want, paid.Over(bank)); diff != "" {
		t.Error(diff)
	}
	if none.Over(bank) != bank || bank.Over(none) != bank || none.Over(none) != nil {
		t.Error("nothing changes what was told")
	}
	if bank.Bank != "088" || paid.BankName != "" {
		t.Error("a receipt was changed")
	}
}

// TestNoReceiptShowsACard, whatever a PG writes and wherever.
func TestNoReceiptShowsACard(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.String(), rapid.StringMatching(`[0-9 *xX-]{0,30}`), rapid.StringMatching(`https://[a-z]{1,9}/[0-9*-]{0,40}`),
		)
		r := payment.NewReceipt(payment.Receipt{
			ApprovalNumber: text.Draw(t, "number"), CardCompany: text.Draw(t, "company"), CardNumber: text.Draw(t, "card"),
			BankName: text.Draw(t, "bank"), Carrier: text.Draw(t, "carrier"), URL: text.Draw(t, "url"),
		})
		if r == nil {
			return
		}
		for _, s := range []string{r.ApprovalNumber, r.CardCompany, r.BankName, r.Carrier} {
			if !utf8.ValidString(s) || len(s) > 60 {
				t.Fatalf("%q stands in a receipt", s)
			}
			if run := digitsOf(strings.NewReplacer(" ", "", "-", "").Replace(s)); len(run) >= 13 && len(run) <= 19 && checks(run) {
				t.Fatalf("%q shows a card", s)
			}
		}
		if run := digitsOf(r.CardNumber); len(run) > 8 {
			t.Fatalf("%q shows %d digits in a row", r.CardNumber, len(run))
		}
	})
}

// digitsOf is the longest run of digits.
func digitsOf(s string) (longest string) {
	for _, run := range strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(run) > len(longest) {
			longest = run
		}
	}
	return longest
}

// checks is Luhn's sum, from the right.
func checks(digits string) bool {
	sum, double := 0, false
	for i := len(digits) - 1; i >= 0; i-- {
		d := int(digits[i] - '0')
		if double {
			d = d*2/10 + d*2%10
		}
		sum, double = sum+d, !double
	}
	return sum%10 == 0
}
