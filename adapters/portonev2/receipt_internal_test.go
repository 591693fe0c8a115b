package portonev2

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
	const card = `{"status":"PAID","id":"A-1","transactionId":"t","method":{"type":"PaymentMethodCard","card":{"publisher":"SHINHAN_CARD",` +
		`"issuer":"SHINHAN_CARD","brand":"LOCAL","name":"신한 Deep","number":"428790******0294"},"approvalNumber":"30012345",` +
		`"installment":{"month":3,"isInterestFree":true},"pointUsed":false},"amount":{"total":64900,"paid":64900},"currency":"KRW",` +
		`"paidAt":"2026-03-01T02:15:00.5Z","receiptUrl":"https://receipt.example.com/x"}`
	at := time.Date(2026, 3, 1, 2, 15, 0, 0, time.UTC)
	swap := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(card) }
	other := func(method string) string {
		return `{"status":"PAID","id":"A-1","amount":{"total":1000},"currency":"KRW","paidAt":"2026-03-01T02:15:00Z","method":` + method + `}`
	}
	for name, tt := range map[string]struct {
		body string
		want *payment.Receipt
	}{
		"a card": {card, &payment.Receipt{
			ApprovalNumber: "30012345", ApprovedAt: at, CardCompany: "신한카드", CardNumber: "428790******0294", Installment: new(3),
			InterestFree: new(true), URL: "https://receipt.example.com/x",
		}},
		"a company that nobody knows, and a whole number": {
			swap("SHINHAN_CARD", "NEW_CARD", "428790******0294", "4111-1111-1111-1111"),
			&payment.Receipt{
				ApprovalNumber: "30012345", ApprovedAt: at, CardCompany: "신한 Deep", Installment: new(3), InterestFree: new(true),
				URL: "https://receipt.example.com/x",
			},
		},
		"a card behind an easy pay": {
			other(`{"type":"PaymentMethodEasyPay","provider":"KAKAOPAY","easyPayMethod":{"type":"PaymentMethodCard","approvalNumber":"1",` +
				`"card":{"issuer":"KOOKMIN_CARD"},"installment":{"month":0,"isInterestFree":false}}}`),
			&payment.Receipt{ApprovalNumber: "1", ApprovedAt: at, CardCompany: "KB국민카드", Installment: new(0), InterestFree: new(false)},
		},
		"a transfer":   {other(`{"type":"PaymentMethodTransfer","bank":"SHINHAN","accountNumber":"110123456789"}`), &payment.Receipt{ApprovedAt: at, Bank: "088"}},
		"a phone bill": {other(`{"type":"PaymentMethodMobile","phoneNumber":"01012345678"}`), &payment.Receipt{ApprovedAt: at}},
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
