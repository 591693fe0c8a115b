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

// retired are methods whose service has ended, and which PortOne has taken out of its windows: why, in Korean and in
// English.
func retired(m payment.Method) (ko, en string, ok bool) {
	if m == "chai" {
		return "차이(chai)는 서비스를 종료했습니다. 다른 결제수단을 고르세요", "chai has ended its service; choose another method", true
	}
	return "", "", false
}

// able lists the methods that a contract can take: what its PG, or the one behind its channel, takes
// from its driver, and of that for billing keys what it charges by them. Nil is all.
func (m *merchant) able() []payment.Method {
	spec := m.owner.spec
	able, charged := spec.Methods, spec.KeyMethods
	for _, b := range spec.Behind {
		if b.Name == m.Behind {
			able, charged = m.having(b), b.KeyMethods
		}
	}
	switch {
	case m.Purpose == payment.MerchantKeyIn && spec.Name != "":
		return among(spec.KeyInMethods, able)
	case m.Purpose != payment.MerchantRecurring || spec.Name == "":
		return able
	case m.ManualConfirm:
		return []payment.Method{} // a channel with manual confirmation issues no billing keys
	}
	return among(charged, able)
}

// having are the methods of the PG behind a channel for which the merchant has the keys.
func (m *merchant) having(b payment.BehindSpec) []payment.Method {
	if len(b.Needs) == 0 || m.Purpose == payment.MerchantKeyIn {
		return b.Methods
	}
	have := []payment.Method{}
	for _, me := range b.Methods {
		if key := b.Needs[me]; key == "" || m.Keys.IsSet(key) {
			have = append(have, me)
		}
	}
	return have
}

// needs names the key without which a merchant's PG has no window for a method; empty when it lacks none.
func (m *merchant) needs(me payment.Method) string {
	if m.Purpose == payment.MerchantKeyIn {
		return "" // no window is opened by it
	}
	for _, b := range m.owner.spec.Behind {
		if key := b.Needs[me]; b.Name == m.Behind && key != "" && !m.Keys.IsSet(key) {
			return key
		}
	}
	return ""
}

// issues tells whether billing keys are issued for a method through the PG's driver.
func (p *pg) issues(me *method) bool {
	return p.spec.Name == "" || slices.Contains(p.spec.KeyMethods, me.code)
}

// among are those of some methods that are among others too, of which nil is all. It is never nil.
func among(some, others []payment.Method) []payment.Method {
	out := []payment.Method{}
	for _, me := range some {
		if others == nil || slices.Contains(others, me) {
			out = append(out, me)
		}
	}
	return out
}

// doneBy names for complaints what takes a contract's payments.
func (m *merchant) doneBy() string {
	switch driver := "driver " + string(m.owner.Driver); {
	case m.Purpose == payment.MerchantRecurring:
		return "a recurring contract of " + driver
	case m.Purpose == payment.MerchantKeyIn:
		return "a key-in contract of " + driver
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
