package inicis

import (
	"fmt"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// bankCode makes a bank's standard code of Inicis' two digits, which may be padded with zeros in front. What is
// no such code, as a securities firm's, gives "".
func bankCode(code string) string {
	code = strings.TrimLeft(code, "0")
	if len(code) == 0 || len(code) > 2 || !only(code, digits) {
		return ""
	}
	return strings.Repeat("0", 3-len(code)) + code
}

// inicisBank makes Inicis' two digits of a bank's standard code.
func inicisBank(code string) (string, bool) {
	if len(code) != 3 || code[0] != '0' || bankCode(code) != code {
		return "", false
	}
	return code[1:], true
}

// accountNumber drops the spaces and hyphens of an account number. ok is false when digits are not what is left.
func accountNumber(s string) (number string, ok bool) {
	number = strings.NewReplacer(" ", "", "-", "").Replace(s)
	return number, number != "" && len(number) <= 20 && only(number, digits)
}

// parseAccount reads the account that an approval issued. Without its number nobody can pay, so that is an error;
// a bank or a deadline that cannot be read stays empty.
func parseAccount(number, bank, holder, due string) (payment.VirtualAccount, error) {
	number, ok := accountNumber(number)
	if !ok { //guard:no-number-was-not-issued
		return payment.VirtualAccount{}, fmt.Errorf("%w: no account number", wire.ErrShape)
	}
	return payment.VirtualAccount{
		Bank: bankCode(bank), Number: payment.Secret(number), Holder: wire.Clean(holder), Due: kstTime(due),
	}, nil
}

// kstTime reads Inicis' Korean wall clock, to the second or to the minute; zero when it is neither.
func kstTime(s string) time.Time {
	const layout = "20060102150405"
	if len(s) != len(layout) && len(s) != len(layout)-2 {
		return time.Time{}
	}
	at, err := time.ParseInLocation(layout[:len(s)], s, payment.KST())
	if err != nil {
		return time.Time{}
	}
	return at
}

// refundAccount is where INIAPI sends a virtual account's money, in INIAPI's words.
type refundAccount struct {
	number, bank, holder string
}

// sealAccount checks the buyer's account and encrypts its number for the call. The errors name the field and
// never its value.
func sealAccount(account *payment.RefundAccount, m *payment.Merchant) (refundAccount, error) {
	bad := func(field, msg string) (refundAccount, error) {
		return refundAccount{}, &adapters.FieldError{Field: field, Msg: msg}
	}
	if account == nil {
		return bad("refund_account", "is needed to give a virtual account's money back")
	}
	k := keysOf(m)
	if !k.iv.IsSet() {
		return bad("merchants.api_iv", "is missing")
	}
	bank, ok := inicisBank(account.Bank)
	if !ok {
		return bad("refund_account.bank", "must be a bank's standard code of three digits, such as 088")
	}
	number, ok := accountNumber(account.Number.Reveal())
	if !ok { //guard:deposit-back-to-whole-account
		return bad("refund_account.number", "must be digits")
	}
	holder := account.Holder.Reveal()
	if holder == "" || holder != cleanText(holder) {
		return bad("refund_account.holder", "must be a name")
	}
	sealed, err := Encrypt(number, k.api, k.iv)
	if err != nil {
		return bad("merchants.api_iv", "and api_key must be 16 characters each")
	}
	return refundAccount{number: sealed, bank: bank, holder: holder}, nil
}
