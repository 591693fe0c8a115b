package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

const keyShop = `
order_service: { url: "http://orders:8080" }
sandbox: { enabled: Y }
mode: test
pgs:
  v1: { driver: portone_v1, imp_code: imp00000000, imp_key: k, imp_secret: s, environment: sandbox }
  v2: { driver: portone_v2, store_id: store, api_secret: s, environment: sandbox }
merchants:
  - { id: first, pg: v2, mid: MID-1, channel_key: c1, behind: inicis, purpose: recurring, mode: test }
  - { id: second, pg: v2, mid: MID-2, channel_key: c2, behind: inicis, purpose: recurring, mode: test }
  - { id: old, pg: v1, mid: MID-1, channel_key: c4, behind: inicis, purpose: recurring, mode: test }
  - { id: sale, pg: v2, mid: MID-9, channel_key: c9, behind: inicis, mode: test }
payment_methods: [{ code: card, purposes: [one_time, recurring], links: { v1: Y, v2: Y } }]
routing: [{ name: default, choose: { priority: [v1, v2] } }]
`

// A billing key is charged through the contract that it was issued for, and through no other.
func TestAKeyIsChargedWhereItIs(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("keys.yaml", []byte(keyShop), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	test := payment.KeyContract{PG: "v2", ChannelKey: "c2", MID: "MID-2", Test: true, TestKnown: true}
	changed := func(change func(*payment.KeyContract)) payment.KeyContract {
		k := test
		change(&k)
		return k
	}
	for _, tt := range []struct {
		name string
		at   []payment.KeyContract
		want string
		why  string
	}{
		{"nothing is known of it", nil, "old", ""},
		{"by channel and MID", []payment.KeyContract{test}, "second", ""},
		{"by MID alone", []payment.KeyContract{changed(func(k *payment.KeyContract) { k.ChannelKey = "" })}, "second", ""},
		{"by PG alone", []payment.KeyContract{{PG: "v2"}}, "first", ""},
		{"at two PGs the routing chooses", []payment.KeyContract{test, {PG: "v1", MID: "MID-1"}}, "old", ""},
		{
			"of several channels any will do",
			[]payment.KeyContract{changed(func(k *payment.KeyContract) { k.ChannelKey = "gone" }), test},
			"second", "",
		},
		{"a PG that is not linked", []payment.KeyContract{{PG: "v3"}}, "", "the billing key is at another PG"},
		{
			"another channel",
			[]payment.KeyContract{changed(func(k *payment.KeyContract) { k.ChannelKey = "c8" })},
			"",
			"the billing key is at another contract",
		},
		{
			"a general contract's channel",
			[]payment.KeyContract{{PG: "v2", ChannelKey: "c9", MID: "MID-9"}},
			"",
			"the billing key is at another contract",
		},
		{
			"a key for real money at a test merchant",
			[]payment.KeyContract{changed(func(k *payment.KeyContract) { k.Test = false })},
			"",
			"not both for test, or both for real money",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := payment.Checkout{
				OrderID: "O-1", Amount: 9900, Currency: payment.CurrencyKRW, Purpose: payment.PurposeRecurring, KeyAt: tt.at,
				Payments: []payment.MethodAmount{{Method: "card", Amount: 9900}},
			}
			d, err := s.Decide(&c, rules.Options{})
			if p, denied := payment.AsProblem(err); denied {
				if tt.want != "" || p.Code != payment.CodeKeyNotUsable || p.Field != "billing_key" {
					t.Fatalf("denied: %v", p)
				}
			} else if err != nil || string(d.Merchant.ID) != tt.want {
				t.Fatalf("%+v, %v; want %s", d.Merchant, err, tt.want)
			}
			steps := rules.Explain(s, &c, rules.Options{}).Steps
			if tt.why != "" && !slices.ContainsFunc(steps, func(s payment.Step) bool { return strings.Contains(s.Reason, tt.why) }) {
				t.Errorf("no step says %q: %v", tt.why, steps)
			}
		})
	}
}

const phoneShop = `
order_service: { url: "http://orders:8080" }
sandbox: { enabled: Y }
mode: test
pgs:
  v1: { driver: portone_v1, imp_code: imp00000000, imp_key: k, imp_secret: s, environment: sandbox }
  v2: { driver: portone_v2, store_id: store, api_secret: s, environment: sandbox }
merchants:
  - { id: card1, pg: v1, mid: CARD, channel_key: c1, behind: danal, purpose: recurring, mode: test, methods: [card] }
  - { id: phone1, pg: v1, mid: PHONE, channel_key: c2, behind: danal, purpose: recurring, mode: test, methods: [phone] }
  - { id: both1, pg: v1, mid: BOTH, channel_key: c3, behind: galaxia, purpose: recurring, mode: test }
  - { id: inicis1, pg: v1, mid: INICIS, channel_key: c4, behind: inicis, purpose: recurring, mode: test }
  - { id: sale1, pg: v1, mid: PHONE, channel_key: c5, behind: danal, mode: test, methods: [card] }
  - { id: off1, pg: v1, mid: OFF, channel_key: c6, behind: danal, purpose: recurring, mode: test, methods: [phone], in_use: N }
  - { id: inicis2, pg: v2, mid: INICIS, channel_key: c7, behind: inicis, purpose: recurring, mode: test }
payment_methods:
  - { code: card, purposes: [one_time, recurring], links: { v1: Y, v2: Y } }
  - { code: phone, purposes: [one_time, billing_key, recurring], max: 50000, links: { v1: Y, v2: Y } }
controls: [{ name: closed, methods: [phone], sites: [closed] }]
`

func phoneRules(t *testing.T) *rules.Snapshot {
	t.Helper()
	s, err := rules.Parse("phones.yaml", []byte(phoneShop), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What a key pays with is its PG's to say, and where that is silent its contract's.
func TestWhatAKeyPaysWith(t *testing.T) {
	t.Parallel()
	s := phoneRules(t)
	at := func(mid string) payment.KeyContract {
		return payment.KeyContract{PG: "v1", MID: mid, Test: true, TestKnown: true}
	}
	says := func(k payment.KeyContract, m payment.Method) payment.KeyContract {
		k.Method = m
		return k
	}
	for _, tt := range []struct {
		name string
		at   []payment.KeyContract
		want payment.Method
	}{
		{"nothing is known", nil, ""},
		{"the PG says so", []payment.KeyContract{says(at("CARD"), "phone")}, "phone"},
		{"the PG says the same at all of them", []payment.KeyContract{says(at("CARD"), "phone"), says(at("BOTH"), "phone")}, "phone"},
		{"the PG says it of one alone", []payment.KeyContract{says(at("PHONE"), "phone"), at("CARD")}, ""},
		{"a contract of phones", []payment.KeyContract{at("PHONE")}, "phone"},
		{"a contract of cards", []payment.KeyContract{at("CARD")}, "card"},
		{"V1 bills no phones by Inicis", []payment.KeyContract{at("INICIS")}, "card"},
		{"a contract of both", []payment.KeyContract{at("BOTH")}, ""},
		{"two contracts", []payment.KeyContract{at("PHONE"), at("CARD")}, ""},
		{"a contract that is not in use", []payment.KeyContract{at("OFF")}, ""},
		{"a contract of real money", []payment.KeyContract{{PG: "v1", MID: "PHONE", TestKnown: true}}, ""},
		{"another PG's", []payment.KeyContract{{PG: "v9", MID: "PHONE"}}, ""},
	} {
		if got := s.KeyMethod(tt.at); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Phone bills are charged by keys where the PG behind the channel does that, of keys that pay so, and within the rules.
func TestPhonesAreChargedWhereTheChannelCan(t *testing.T) {
	t.Parallel()
	s := phoneRules(t)
	key := func(pg payment.PGID, mid string, pays payment.Method) []payment.KeyContract {
		return []payment.KeyContract{{PG: pg, MID: mid, Method: pays, Test: true, TestKnown: true}}
	}
	for _, tt := range []struct {
		name    string
		at      []payment.KeyContract
		by      payment.Method
		amount  payment.Won
		site    payment.Site
		purpose payment.Purpose
		want    string
	}{
		{"a phone's by Danal", key("v1", "PHONE", "phone"), "phone", 9900, "", payment.PurposeRecurring, "phone1"},
		{"where V1 does not tell what it pays with", key("v1", "BOTH", ""), "phone", 9900, "", payment.PurposeRecurring, "both1"},
		{"Inicis by V2", key("v2", "INICIS", "phone"), "phone", 9900, "", payment.PurposeRecurring, "inicis2"},
		{"Inicis by V1 has cards alone", key("v1", "INICIS", ""), "phone", 9900, "", payment.PurposeRecurring, "BILLING_KEY_NOT_USABLE"},
		{"a contract without phones", key("v1", "CARD", "phone"), "phone", 9900, "", payment.PurposeRecurring, "BILLING_KEY_NOT_USABLE"},
		{"a card's as a phone's", key("v2", "INICIS", "card"), "phone", 9900, "", payment.PurposeRecurring, "BILLING_KEY_NOT_USABLE"},
		{"a phone's as a card's", key("v2", "INICIS", "phone"), "card", 9900, "", payment.PurposeRecurring, "BILLING_KEY_NOT_USABLE"},
		{"a card's", key("v2", "INICIS", "card"), "card", 9900, "", payment.PurposeRecurring, "inicis2"},
		{"over the method's limit", key("v1", "PHONE", "phone"), "phone", 50_001, "", payment.PurposeRecurring, "AMOUNT_TOO_LARGE"},
		{"closed by a control", key("v1", "PHONE", "phone"), "phone", 9900, "closed", payment.PurposeRecurring, "BLOCKED_BY_CONTROL"},
		{"no window has phones' keys issued", nil, "phone", 0, "", payment.PurposeBillingKey, "PURPOSE_NOT_SUPPORTED"},
	} {
		c := payment.Checkout{
			OrderID: "O-1", Amount: tt.amount, Currency: payment.CurrencyKRW, Purpose: tt.purpose, KeyAt: tt.at, Site: tt.site,
			Payments: []payment.MethodAmount{{Method: tt.by, Amount: tt.amount}},
		}
		if tt.purpose == payment.PurposeBillingKey {
			c.Device = payment.DevicePC
		}
		d, err := s.Decide(&c, rules.Options{})
		got := ""
		if p, denied := payment.AsProblem(err); denied {
			got = string(p.Code)
		} else if got = string(d.Merchant.ID); d.Method != tt.by {
			t.Errorf("%s: by %s", tt.name, d.Method)
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s (%v)", tt.name, got, tt.want, err)
		}
	}
}
