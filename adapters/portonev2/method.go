package portonev2

import (
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// payMethod maps a canonical method to V2's payMethod and, for easy-pay and gift certificates, the one service
// that is to open.
func payMethod(m payment.Method) (method, provider string, ok bool) {
	switch m {
	case "card":
		return "CARD", "", true
	case "trans":
		return "TRANSFER", "", true
	case payment.MethodVBank:
		return virtualAccount, "", true
	case "phone":
		return "MOBILE", "", true
	case "cultureland":
		return giftCertificate, "CULTURELAND", true
	case "booknlife":
		return giftCertificate, "BOOKNLIFE", true
	case "smartculture":
		return giftCertificate, "SMART_MUNSANG", true
	case "happymoney":
		return giftCertificate, "HAPPYMONEY", true
	}
	if p, known := easyPayProvider(m); known {
		return easyPay, p, true
	}
	return "", "", false
}

const (
	easyPay         = "EASY_PAY"
	giftCertificate = "GIFT_CERTIFICATE"
	virtualAccount  = "VIRTUAL_ACCOUNT"

	// methodVirtualAccount is what a payment object calls it.
	methodVirtualAccount = "PaymentMethodVirtualAccount"
)

func easyPayProvider(m payment.Method) (string, bool) {
	switch name := string(m); name {
	case "kakaopay", "naverpay", "payco", "ssgpay", "lpay", "tosspay", "applepay":
		return strings.ToUpper(name), true
	case "samsung", "samsungpay":
		return "SAMSUNGPAY", true
	}
	return "", false
}

// methodOf maps the payment object's method back; "" when it does not tell, and the type itself when that is none of
// ours. A service that was paid with but is not named cannot be told from the one that was asked for.
func methodOf(o wire.Object, asked payment.Method) payment.Method {
	m, ok := o.Object("method")
	if !ok {
		return ""
	}
	return methodNamed(m.Text("type"), m, asked)
}

// keyMethod is what a billing key pays with: "" when V2 does not tell, or tells several that are not the same.
func keyMethod(o wire.Object) payment.Method {
	var all []payment.Method
	for _, m := range o.Objects("methods") {
		// A key's words are a payment's with this before them.
		all = append(all, methodNamed(strings.TrimPrefix(m.Text("type"), "BillingKey"), m, ""))
	}
	if all = slices.Compact(all); len(all) != 1 {
		return ""
	}
	return all[0]
}

// methodNamed maps one of V2's methods by its type, see methodOf.
func methodNamed(kind string, m wire.Object, asked payment.Method) payment.Method {
	switch kind {
	case "PaymentMethodCard":
		return "card"
	case "PaymentMethodTransfer":
		return "trans"
	case methodVirtualAccount:
		return payment.MethodVBank
	case "PaymentMethodMobile":
		return "phone"
	case "PaymentMethodGiftCertificate":
		switch m.Text("giftCertificateType") {
		case "CULTURELAND":
			return "cultureland"
		case "BOOKNLIFE":
			return "booknlife"
		case "SMART_MUNSANG":
			return "smartculture"
		case "HAPPYMONEY":
			return "happymoney"
		case "":
			if method, _, _ := payMethod(asked); method == giftCertificate {
				return asked
			}
		}
	case "PaymentMethodEasyPay":
		switch p := m.Text("provider"); p {
		case "SAMSUNGPAY":
			return "samsung"
		case "KAKAOPAY", "NAVERPAY", "PAYCO", "SSGPAY", "LPAY", "TOSSPAY", "APPLEPAY":
			return payment.Method(strings.ToLower(p))
		case "":
			if method, _, _ := payMethod(asked); method == easyPay {
				return asked
			}
		}
	}
	// A word that is none of ours: it differs from every decided method, and so is undone.
	return payment.Method(kind)
}
