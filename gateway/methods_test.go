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
  - { id: direct, pg: direct, mid: INIpayTest, sign_key: k, hash_key: k, sites: [direct] }
`)
	for i, behind := range []string{"inicis", "kcp", "nice", "toss", "galaxia", "welcome", "smartro", "payletter", "smilepay", "paypal"} {
		for pg, id := range map[string]string{"one": fmt.Sprint("one", i), "two": fmt.Sprint("two", i)} {
			// A site each, so that each can be asked for.
			fmt.Fprintf(&b, "  - { id: %s, pg: %s, channel_key: c%d, behind: %s, sites: [%s] }\n", id, pg, i, behind, id)
		}
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
	now := time.Date(2026, 12, 2, 12, 0, 0, 0, payment.KST())
	for _, m := range s.Merchants() {
		p, _ := s.PG(m.PG)
		info, err := s.FindMerchant(rules.MerchantQuery{Site: payment.Site(m.ID), PG: string(m.PG)}, rules.Options{Now: now})
		if err != nil || info.ID != m.ID {
			t.Fatalf("asked for contract %s, found %s: %v", m.ID, info.ID, err)
		}
		for _, method := range info.Methods {
			covered++
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
