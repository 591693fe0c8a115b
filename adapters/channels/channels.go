// Package channels is what is known of the PGs that an aggregator's channel may stand for: their names in the
// configuration, and the payment methods that each takes.
package channels

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// KeyBizNum is the merchant's key that holds its business registration number (사업자등록번호).
const KeyBizNum = "biz_num"

// Easy returns what the large Korean PGs all take.
func Easy() []payment.Method {
	return []payment.Method{
		"card", "trans", "vbank", "phone", "kakaopay", "naverpay", "payco", "samsung", "applepay", "lpay", "tosspay",
		"ssgpay",
	}
}

// All returns every PG that a PortOne channel may stand for, by name, with what it takes (portone.md 5.3, 5.4).
func All() []payment.BehindSpec {
	basic := []payment.Method{"card", "trans", "vbank", "phone"}
	vouchers := []payment.Method{"cultureland", "smartculture", "booknlife"}
	with := func(base []payment.Method, more ...payment.Method) []payment.Method { return slices.Concat(base, more) }
	return []payment.BehindSpec{
		{Name: "bluewalnut", Methods: basic},
		{
			Name: "danal", Methods: with(basic, "cultureland", "happymoney"),
			Needs: map[payment.Method]string{payment.MethodVBank: KeyBizNum}, // portone.md 2.2
		},
		{
			Name:    "eximbay",
			Methods: []payment.Method{"card", "trans", "vbank", "kakaopay", "tosspay", "payco", "unionpay", "alipay", "wechat"},
		},
		{Name: "galaxia", Methods: slices.Concat(basic, vouchers,
			[]payment.Method{"happymoney", "kakaopay", "naverpay", "tosspay", "samsung", "applepay", "payco"})},
		{Name: "hecto", Methods: basic},
		{
			Name: "inicis", Methods: with(slices.Concat(Easy(), vouchers), "happymoney"),
			Clauses: []payment.Clause{payment.ClauseCardPoints},
		},
		{Name: "kakaopay", Methods: []payment.Method{"kakaopay"}},
		{Name: "kcp", Methods: with(slices.Concat(Easy(), vouchers), "happymoney", "point")},
		{Name: "kicc", Methods: basic},
		{
			Name:    "kiwoom",
			Methods: with(slices.Concat(basic, vouchers), "kakaopay", "naverpay", "payco", "samsung", "applepay"),
		},
		{Name: "kpn", Methods: basic},
		{Name: "ksnet", Methods: with(basic, "lpay", "ssgpay", "kakaopay", "naverpay", "payco")},
		{Name: "mobilians", Methods: with(basic, vouchers...)},
		{Name: "naverpay", Methods: []payment.Method{"naverpay"}},
		{Name: "nice", Methods: with(Easy(), "cultureland", "skpay", "alipay")},
		{Name: "payco", Methods: []payment.Method{"card", "trans", "vbank", "payco"}},
		{Name: "payletter", Methods: []payment.Method{"card", "unionpay", "alipay", "wechat", "paypal"}},
		{Name: "paypal", Methods: []payment.Method{"paypal"}},
		{Name: "smartro", Methods: with(basic, "lpay", "kakaopay", "naverpay", "payco", "pinpay")},
		{Name: "smilepay", Methods: []payment.Method{"card", "smilepay"}},
		{Name: "toss", Methods: with(Easy(), vouchers...)},
		{Name: "toss_brandpay", Methods: []payment.Method{"toss_brandpay"}},
		{Name: "tosspay", Methods: []payment.Method{"tosspay"}},
		{Name: "welcome", Methods: with(basic, "culturegift", "lpay", "kakaopay", "payco", "tosspay", "naverpay")},
	}
}

// WithKeys says of PGs whose billing keys they charge: cards' all that take cards, and phones' those that are named. It
// changes the list that it is given.
func WithKeys(all []payment.BehindSpec, phones ...string) []payment.BehindSpec {
	for i := range all {
		b := &all[i]
		for _, m := range []payment.Method{"card", "phone"} {
			if slices.Contains(b.Methods, m) && (m == "card" || slices.Contains(phones, b.Name)) {
				b.KeyMethods = append(b.KeyMethods, m)
			}
		}
	}
	return all
}

// Among returns every PG with those of its methods that a driver has words for.
func Among(methods []payment.Method) []payment.BehindSpec {
	all := All()
	for i := range all {
		all[i].Methods = slices.DeleteFunc(slices.Clone(all[i].Methods), func(m payment.Method) bool {
			return !slices.Contains(methods, m)
		})
	}
	return all
}
