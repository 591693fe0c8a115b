package portonev1

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// TestReceipts reads what a shop prints, and nothing that could be a whole card number or says who paid.
func TestReceipts(t *testing.T) {
	t.Parallel()
	const card = `{"imp_uid":"imp_1","merchant_uid":"A-1","pay_method":"card","status":"paid","amount":64900,"cancel_amount":0,"currency":"KRW",` +
		`"apply_num":"30012345","card_code":"366","card_name":"신한카드","card_quota":0,"card_number":"428790******0294","card_type":0,` +
		`"paid_at":1772327700,"receipt_url":"https://receipt.example.com/x"}`
	at := time.Unix(1772327700, 0)
	swap := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(card) }
	for name, tt := range map[string]struct {
		body string
		want *payment.Receipt
	}{
		"a card": {card, &payment.Receipt{
			ApprovalNumber: "30012345", ApprovedAt: at, CardCompany: "신한카드", CardNumber: "428790******0294", Installment: new(0),
			URL: "https://receipt.example.com/x",
		}},
		"a whole number, and an address that is none": {
			swap("428790******0294", "4111111111111111", "https://", "javascript:"),
			&payment.Receipt{ApprovalNumber: "30012345", ApprovedAt: at, CardCompany: "신한카드", Installment: new(0)},
		},
		"a key behind Inicis says little": {
			swap(`"428790******0294"`, "null", `"https://receipt.example.com/x"`, "null", `"card_quota":0`, `"card_quota":"x"`),
			&payment.Receipt{ApprovalNumber: "30012345", ApprovedAt: at, CardCompany: "신한카드"},
		},
		"members of another shape": {
			swap(`"30012345"`, `{"a":1}`, `"신한카드"`, `["x"]`, `"https://receipt.example.com/x"`, "true"),
			&payment.Receipt{ApprovedAt: at, CardNumber: "428790******0294"},
		},
		"a transfer": {
			`{"imp_uid":"i","merchant_uid":"A-1","pay_method":"trans","status":"paid","amount":1000,"cancel_amount":0,"currency":"KRW",` +
				`"bank_code":"088","bank_name":"신한은행","card_quota":0,"paid_at":1772327700}`,
			&payment.Receipt{ApprovedAt: at, Bank: "088", BankName: "신한은행"},
		},
		"an account": {
			`{"imp_uid":"i","merchant_uid":"A-1","pay_method":"vbank","status":"ready","amount":1000,"cancel_amount":0,"currency":"KRW",` +
				`"vbank_code":"088","vbank_name":"신한은행","vbank_num":"56211100000000","vbank_holder":"홍길동","paid_at":0}`,
			&payment.Receipt{Bank: "088", BankName: "신한은행"},
		},
	} {
		o, err := wire.ParseObject([]byte(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		r, err := parsePayment(o, payment.Attempt{ID: "A-1", Method: "card", Amount: 64_900})
		if diff := cmp.Diff(tt.want, r.Receipt); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}
