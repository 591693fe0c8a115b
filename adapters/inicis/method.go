package inicis

import "github.com/pg-gateway/pg-gateway/payment"

// GoPayMethod maps a canonical method to the window's gopaymethod. direct tells that the value opens a single
// easy-pay service, which wants acceptmethod cardonly.
func GoPayMethod(m payment.Method) (value string, direct, ok bool) {
	switch m {
	case "card":
		return "Card", false, true
	case "trans":
		return "DirectBank", false, true
	case "vbank":
		return "VBank", false, true
	case "phone":
		return "HPP", false, true
	case "cultureland":
		return "Culture", false, true
	case "booknlife":
		return "Bcsh", false, true
	case "happymoney":
		return "HPMN", false, true
	case "kakaopay":
		return "onlykakaopay", true, true
	case "naverpay":
		return "onlynaverpay", true, true
	case "payco":
		return "onlypayco", true, true
	case "samsung", "samsungpay":
		return "onlyssp", true, true
	case "applepay":
		return "onlyapplepay", true, true
	case "lpay":
		return "onlylpay", true, true
	case "tosspay":
		return "onlytosspay", true, true
	case "ssgpay":
		return "onlyssgcard", true, true
	}
	return "", false, false
}

// goodsCode is what a phone bill is for: 1 digital content, 2 goods that are sent (inicis.md §1.4, §2.1).
func goodsCode(g payment.Goods) int {
	if g == payment.GoodsDigital {
		return 1
	}
	return 2
}

// method maps an answer's payMethod and easy-pay channel back to a canonical method: "" when the answer has none, and
// Inicis' own word when that is none of ours. An easy-pay payment may come back as a card without a channel (the
// inquiry never names one, and Apple Pay has none that is known), so that cannot be told from what was asked for.
func method(asked payment.Method, payMethod, channel string) payment.Method {
	switch payMethod {
	case "Card", "VCard", "CARD", "ISP":
		return cardMethod(asked, channel)
	case "DirectBank", "iDirectBank", "BANK":
		return "trans"
	case "VBank", "VBANK":
		return "vbank"
	case "HPP", "MOBILE":
		return "phone"
	case "Culture", "CULTURE":
		return "cultureland"
	case "Bcsh", "BCSH":
		return "booknlife"
	case "HPMN":
		return "happymoney"
	}
	return payment.Method(payMethod)
}

func cardMethod(asked payment.Method, channel string) payment.Method {
	switch channel {
	case "B", "D":
		return "samsung"
	case "C":
		return "payco"
	case "G":
		return "ssgpay"
	case "H":
		return "tosspay"
	case "I":
		return "naverpay"
	case "L":
		return "lpay"
	case "O":
		return "kakaopay"
	}
	if _, direct, _ := GoPayMethod(asked); direct {
		return asked
	}
	return "card"
}
