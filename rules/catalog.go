package rules

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// acquirers are the words of the card companies, in their order.
func acquirers() []string {
	var words []string
	for c := range payment.CardCompanies() {
		words = append(words, c.Word)
	}
	return words
}

func isAcquirer(word string) bool {
	_, ok := payment.CardCompanyOf(word)
	return ok
}

// primaryMethods are the payment methods that go through a PG window, in PortOne V1's words.
func primaryMethods() []payment.Method {
	return []payment.Method{
		"card", "trans", "vbank", "phone", "kakaopay", "naverpay", "payco", "samsung", "applepay", "lpay", "tosspay",
		"ssgpay", "skpay", "pinpay", "cultureland", "smartculture", "happymoney", "booknlife", "culturegift", "point",
		"paypal", "alipay", "wechat", "unionpay", "toss_brandpay", "smilepay",
	}
}

// able lists the methods that a contract can take: what its PG, or the one behind its channel, takes
// from its driver, and of that for billing keys what they can be issued for. Nil is all.
func (m *merchant) able() []payment.Method {
	spec := m.owner.spec
	able := spec.Methods
	for _, b := range spec.Behind {
		if b.Name == m.Behind {
			able = b.Methods
		}
	}
	switch {
	case m.Purpose != payment.MerchantRecurring || spec.Name == "":
		return able
	case m.ManualConfirm:
		return []payment.Method{} // a channel with manual confirmation issues no billing keys
	}
	return slices.DeleteFunc(slices.Clone(spec.KeyMethods), func(me payment.Method) bool {
		return able != nil && !slices.Contains(able, me)
	})
}

// doneBy names for complaints what takes a contract's payments.
func (m *merchant) doneBy() string {
	switch driver := "driver " + string(m.owner.Driver); {
	case m.Purpose == payment.MerchantRecurring:
		return "a recurring contract of " + driver
	case len(m.owner.spec.Behind) == 0:
		return driver
	default:
		return m.Behind + " by " + driver
	}
}

// demoKeys are the keys of the sandbox, of the dev overlay and of the documentation, without whsec_: whoever has read
// them can forge what they sign.
func demoKeys() []string {
	return []string{
		"sandbox-v2-secret", "sandbox-imp-key", "sandbox-imp-secret",
		"c2FuZGJveC1wb3J0b25lLXYyLWhvb2tzLTAwMDAwMDE=", "ZGVtby1zaG9wLWV2ZW50cy1zZWNyZXQtMDAwMDAwMDE=",
		"ZGV2LW9ubHktdG9rZW4ta2V5LTAwMDAwMDAwMDAwMDA=",
	}
}
