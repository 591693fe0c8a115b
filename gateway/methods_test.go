package gateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// TestRulesCoverOnlyWhatDriversOpen: a method that a contract covers is one whose window its driver opens, so that no
// checkout is decided for a PG that then refuses it.
func TestRulesCoverOnlyWhatDriversOpen(t *testing.T) {
	t.Parallel()
	const primaries = "card trans vbank phone kakaopay naverpay payco samsung applepay lpay tosspay ssgpay skpay pinpay cultureland " +
		"smartculture happymoney booknlife culturegift point paypal alipay wechat unionpay toss_brandpay smilepay"
	var b strings.Builder
	b.WriteString(`order_service: { url: "http://127.0.0.1:9000" }
sandbox: { enabled: Y }
pgs:
  direct: { driver: inicis }
  one: { driver: portone_v1, imp_code: imp1, imp_key: k, imp_secret: k }
  two: { driver: portone_v2, store_id: s, api_secret: k }
merchants:
  - { id: direct, pg: direct, mid: INIpayTest, sign_key: k }
`)
	for i, behind := range []string{"inicis", "kcp", "nice", "toss", "galaxia", "welcome", "smartro", "payletter", "smilepay", "paypal"} {
		fmt.Fprintf(&b, "  - { id: one%d, pg: one, channel_key: c%d, behind: %s }\n  - { id: two%d, pg: two, channel_key: c%d, behind: %s }\n", i, i, behind, i, i, behind)
	}
	b.WriteString("payment_methods:\n")
	for m := range strings.FieldsSeq(primaries) {
		fmt.Fprintf(&b, "  - { code: %s }\n", m)
	}
	s, err := loader().Parse("methods.yaml", []byte(b.String()), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	covered := 0
	for _, info := range s.MerchantInfos() {
		m, _ := s.Merchant(info.ID)
		p, _ := s.PG(info.PG)
		for _, method := range info.Methods {
			covered++
			now := time.Date(2026, 12, 2, 12, 0, 0, 0, payment.KST())
			req := adapters.PrepareRequest{
				Account: adapters.Account{PG: p, Merchant: m}, Now: now, ReturnURL: "https://shop.example.com/return", Token: "token",
				Buyer: payment.Buyer{Name: "홍길동", Tel: "010-1234-5678", Email: "gildong@example.com"},
				Attempt: payment.Attempt{
					ID: "attempt-1", OrderID: "o-1", Method: method, Amount: 50000, Currency: payment.CurrencyKRW, Device: payment.DevicePC,
					Purpose: payment.PurposeOneTime, OrderName: "책", Test: true, DepositDue: now.Add(24 * time.Hour),
				},
			}
			var err error
			switch p.Driver {
			case inicis.Name:
				_, err = inicis.BuildForm(req)
			case portonev1.Name:
				_, err = portonev1.BuildParams(req)
			case portonev2.Name:
				_, err = portonev2.BuildParams(req)
			}
			if err != nil {
				t.Errorf("contract %s covers %s, and its driver says: %v", info.ID, method, err)
			}
		}
	}
	if covered < 100 {
		t.Errorf("only %d methods are covered", covered)
	}
}
