package wire

import (
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// maxAccountDigits bounds an account's number.
const maxAccountDigits = 40

// AccountNumber reads an account's number, which may be written with hyphens and spaces. It is "" when anything
// else is in it: part of a number, or a masked one, would send money astray.
func AccountNumber(s string) string {
	s = strings.NewReplacer("-", "", " ", "").Replace(s)
	if len(s) > maxAccountDigits || strings.Trim(s, "0123456789") != "" { //guard:masked-account-is-none
		return ""
	}
	return s
}

// Refund is a refund account as PGs are told of it.
type Refund struct {
	Number, Holder, Tel string
}

// RefundOf makes a refund account ready to be sent. Errors are an adapters.FieldError without any value, since
// all of it is personal data.
func RefundOf(r *payment.RefundAccount) (Refund, error) {
	if r == nil {
		return Refund{}, &adapters.FieldError{
			Field: "refund_account", Msg: "is needed to give a virtual account's money back",
		}
	}
	out := Refund{
		Number: AccountNumber(r.Number.Reveal()), Holder: CutBytes(Clean(r.Holder.Reveal()), 60), Tel: Phone(r.Tel.Reveal()),
	}
	switch {
	case out.Number == "":
		return Refund{}, &adapters.FieldError{Field: "refund_account.number", Msg: "must be digits"}
	case out.Holder == "":
		return Refund{}, &adapters.FieldError{Field: "refund_account.holder", Msg: "is missing"}
	}
	return out, nil
}
