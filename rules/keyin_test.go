package rules_test

import (
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

const keyInShop = `
order_service: { url: "http://orders:8080" }
sandbox: { enabled: Y }
mode: test
pgs:
  v1: { driver: portone_v1, imp_code: imp00000000, imp_key: k, imp_secret: s, environment: sandbox }
  v2: { driver: portone_v2, store_id: store, api_secret: s, environment: sandbox }
merchants:
  - { id: first, pg: v2, mid: MID-1, channel_key: c1, behind: inicis, purpose: key_in, sites: [m], mode: test }
  - { id: second, pg: v2, mid: MID-2, channel_key: c2, behind: inicis, purpose: key_in, mode: test, devices: [mobile] }
  - { id: window, pg: v2, mid: MID-2, channel_key: c2, behind: inicis, mode: test }
  - { id: old, pg: v1, mid: MID-3, channel_key: c3, behind: kcp, purpose: key_in, mode: test }
payment_methods: [{ code: card, purposes: [one_time, key_in], links: { v1: Y, v2: Y } }]
routing: [{ name: default, choose: { priority: [v2, v1] } }]
`

// TestKeyInAtANamedContract: a card is charged by its data through a contract for that alone, the one that was named, and
// without a device or a site.
func TestKeyInAtANamedContract(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("keyin.yaml", []byte(keyInShop), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		at   []payment.KeyContract
		want string
		code payment.Code
	}{
		{"any", nil, "first", ""},
		{"at a PG", []payment.KeyContract{{PG: "v1"}}, "old", ""},
		{"by channel", []payment.KeyContract{{PG: "v2", ChannelKey: "c2"}}, "second", ""},
		{"by MID", []payment.KeyContract{{PG: "v2", MID: "MID-2"}}, "second", ""},
		{"another", []payment.KeyContract{{PG: "v2", ChannelKey: "c9"}}, "", payment.CodeMerchantNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := payment.Checkout{
				OrderID: "O-1", Amount: 9900, Currency: payment.CurrencyKRW, Purpose: payment.PurposeKeyIn, KeyAt: tt.at,
				Payments: []payment.MethodAmount{{Method: "card", Amount: 9900}},
			}
			d, err := s.Decide(&c, rules.Options{})
			if p, denied := payment.AsProblem(err); denied {
				if p.Code != tt.code {
					t.Errorf("denied: %v", p)
				}
			} else if err != nil || string(d.Merchant.ID) != tt.want {
				t.Errorf("%+v, %v; want %s", d.Merchant, err, tt.want)
			}
		})
	}
	window := payment.Checkout{
		OrderID: "O-1", Amount: 9900, Currency: payment.CurrencyKRW, Purpose: payment.PurposeOneTime, Device: payment.DevicePC,
		Payments: []payment.MethodAmount{{Method: "card", Amount: 9900}},
	}
	if d, err := s.Decide(&window, rules.Options{}); err != nil || d.Merchant.ID != "window" {
		t.Errorf("a window is opened by %+v, %v", d.Merchant, err)
	}
}

// TestKeyInNeedsADriverOfIt: a contract for what its driver does not do is refused when the file is read.
func TestKeyInNeedsADriverOfIt(t *testing.T) {
	t.Parallel()
	text := acmeConfig("acme_shop: shop", "mid: acmeT, acme_key: acme-123, purpose: key_in, methods: [card]")
	_, err := acmeLoader(t).Parse("a.yaml", text, rules.Sources{})
	if err == nil || !strings.Contains(err.Error(), "a key-in contract of driver acme") {
		t.Errorf("%v", err)
	}
	if payment.PurposeKeyIn.Valid() {
		t.Error("a browser may ask for it")
	}
}
