package rules_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// taxShop has one contract of each kind of tax behind one method, and virtual accounts with random bounds.
const taxShop = `order_service: { url: "http://orders:8080" }
sandbox: { enabled: Y }
virtual_account: { due: %s, min_due: %s, max_due: %s }
pgs: { taxed: { driver: inicis }, free: { driver: inicis }, mixed: { driver: inicis }, zero: { driver: inicis } }
merchants:
  - { id: taxed, pg: taxed, mid: INIpayTest, sign_key: k, hash_key: k, tax: taxable }
  - { id: free, pg: free, mid: INIpayTest, sign_key: k, hash_key: k, tax: tax_free }
  - { id: mixed, pg: mixed, mid: INIpayTest, sign_key: k, hash_key: k, tax: mixed }
  - { id: zero, pg: zero, mid: INIpayTest, sign_key: k, hash_key: k, tax: zero_rated }
payment_methods:
  - { code: card, links: { taxed: Y, free: Y, mixed: Y, zero: Y } }
  - { code: vbank, links: { taxed: Y } }
  - { code: mileage, kind: secondary }
routing: [{ name: all, choose: { priority: %s } }]
`

func parseShop(t *rapid.T, text string) *rules.Snapshot {
	t.Helper()
	s, err := rules.Parse("shop.yaml", []byte(text), rules.Sources{})
	if err != nil {
		t.Fatal(text, err)
	}
	return s
}

// TestVATIsNeverAboveItsBound: whatever is asked, what a PG is told adds up and fits its contract.
func TestVATIsNeverAboveItsBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.Permutation([]string{"taxed", "free", "mixed", "zero"}).Draw(t, "order")
		s := parseShop(t, fmt.Sprintf(taxShop, "24h", "1h", "48h", fmt.Sprintf("[%s, %s, %s, %s]", order[0], order[1], order[2], order[3])))
		for range 30 {
			card := payment.Won(rapid.IntRange(1, 200_000).Draw(t, "card"))
			points := payment.Won(rapid.IntRange(0, 50_000).Draw(t, "points"))
			c := payment.Checkout{
				OrderID: "o", Amount: card + points, Device: "pc",
				TaxFree: payment.Won(rapid.IntRange(-1, 260_000).Draw(t, "tax_free")),
				VAT:     payment.Won(rapid.IntRange(-1, 30_000).Draw(t, "vat")), VATSet: rapid.Bool().Draw(t, "vat set"),
				Payments: []payment.MethodAmount{{Method: "card", Amount: card}, {Method: "mileage", Amount: points}},
			}
			if !c.VATSet {
				c.VAT = 0
			}
			c.TaxFreeSet = c.TaxFree != 0 || rapid.Bool().Draw(t, "tax_free set")
			dec, err := s.Decide(&c, rules.Options{Now: time.Unix(1_800_000_000, 0)})
			taxed := c.Amount - c.TaxFree
			lawful := c.TaxFree >= 0 && taxed >= 0 && c.VAT >= 0 && 11*(c.VAT-1) < taxed
			if err != nil {
				// With a contract of every kind, only what does not add up, or wants VAT or a tax-free part
				// without saying how much is tax-free, is refused.
				if p, _ := payment.AsProblem(err); lawful && p.Code != payment.CodeTaxNotAllowed {
					t.Fatalf("%+v: %v", c, err)
				}
				continue
			}
			rest := dec.Amount - dec.TaxFree
			switch kind := dec.Merchant.Tax; {
			case !lawful:
				t.Fatalf("%+v was let through", c)
			case dec.TaxFree < 0 || rest < 0 || dec.TaxFree > c.TaxFree || dec.VAT < 0 || dec.VAT > c.VAT || 11*(dec.VAT-1) >= rest && dec.VAT > 0:
				t.Fatalf("%+v: tax-free %d, VAT %d of %d", c, dec.TaxFree, dec.VAT, dec.Amount)
			case dec.VATSet != c.VATSet:
				t.Fatalf("%+v: VAT is stated: %v", c, dec.VATSet)
			case kind == payment.TaxTaxable && dec.TaxFree > 0, kind == payment.TaxZeroRated && (dec.TaxFree > 0 || dec.VAT > 0),
				kind == payment.TaxFree && (dec.VAT > 0 || dec.TaxFree > 0 && rest > 0), kind == payment.TaxMixed && !c.TaxFreeSet:
				t.Fatalf("%+v: a %s contract is told tax-free %d, VAT %d of %d", c, kind, dec.TaxFree, dec.VAT, dec.Amount)
			}
		}
	})
}

func TestTheDepositDeadlineIsWithinItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		low := time.Duration(rapid.IntRange(1, 5000).Draw(t, "min")) * time.Minute
		due := low + time.Duration(rapid.IntRange(0, 5000).Draw(t, "due"))*time.Minute
		high := due + time.Duration(rapid.IntRange(0, 5000).Draw(t, "max"))*time.Minute
		s := parseShop(t, fmt.Sprintf(taxShop, due, low, high, "[taxed]"))
		for range 20 {
			now := time.Unix(int64(rapid.IntRange(1_700_000_000, 1_900_000_000).Draw(t, "now")), 0)
			c := payment.Checkout{OrderID: "o", Amount: 1000, Device: "pc", Payments: []payment.MethodAmount{{Method: "vbank", Amount: 1000}}}
			if rapid.Bool().Draw(t, "asked") {
				c.DepositDue = now.Add(time.Duration(rapid.IntRange(-60, 20_000*60).Draw(t, "from now")) * time.Second)
			}
			dec, err := s.Decide(&c, rules.Options{Now: now})
			from, to := now.Add(low).Truncate(time.Minute), now.Add(high).Truncate(time.Minute)
			asked := c.DepositDue.Truncate(time.Minute)
			switch {
			case err != nil && (c.DepositDue.IsZero() || !asked.Before(from) && !asked.After(to)):
				t.Fatalf("%v at %v is refused: %v", c.DepositDue, now, err)
			case err != nil:
				continue
			case dec.DepositDue.Before(from) || dec.DepositDue.After(to) || dec.DepositDue.Second() != 0:
				t.Fatalf("%v is outside %v to %v", dec.DepositDue, from, to)
			case !c.DepositDue.IsZero() && !dec.DepositDue.Equal(asked):
				t.Fatalf("asked %v, decided %v", asked, dec.DepositDue)
			case c.DepositDue.IsZero() && !dec.DepositDue.Equal(now.Add(due).Truncate(time.Minute)):
				t.Fatalf("%v is not %v from %v", dec.DepositDue, due, now)
			}
		}
	})
}

// TestAFallbackKeepsTheTaxes: the same figures go to the PG that takes over.
func TestAFallbackKeepsTheTaxes(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("shop.yaml", fmt.Appendf(nil, taxShop, "24h", "1h", "48h", "[mixed, taxed]"), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	c := payment.Checkout{
		OrderID: "o", Amount: 11_000, TaxFreeSet: true, VAT: 1000, VATSet: true, Device: "pc",
		Payments: []payment.MethodAmount{{Method: "card", Amount: 10_000}, {Method: "mileage", Amount: 1000}},
	}
	for _, m := range []payment.MerchantID{"mixed", "taxed"} {
		dec, err := s.DecideFor(&c, m, rules.Options{Now: time.Unix(1_800_000_000, 0)})
		if err != nil || dec.Merchant.ID != m || dec.VAT != 910 || !dec.VATSet || dec.TaxFree != 0 {
			t.Errorf("%s: got %+v, %v", m, dec, err)
		}
	}
}

// TestUsableLooksAtTheDeadlineAndNotAtTaxes: before there is an amount nobody knows what of it is taxed.
func TestUsableLooksAtTheDeadlineAndNotAtTaxes(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("shop.yaml", fmt.Appendf(nil, taxShop, "24h", "1h", "48h", "[mixed, taxed]"), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	c := payment.Checkout{OrderID: "o", TaxFree: 5000, TaxFreeSet: true, VAT: 900, VATSet: true, Device: "pc", Payments: []payment.MethodAmount{{Method: "vbank"}}}
	if err := s.Usable(&c, rules.Options{Now: now}); err != nil {
		t.Error(err)
	}
	c.DepositDue = now.Add(time.Minute)
	if p, _ := payment.AsProblem(s.Usable(&c, rules.Options{Now: now})); p == nil || p.Code != payment.CodeDepositDueRefused {
		t.Errorf("got %v", p)
	}
}
