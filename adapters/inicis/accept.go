package inicis

import (
	"strconv"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
)

// AcceptMethod is the window's acceptmethod, typed. String writes it in a fixed order, so that the same
// decision always gives the same form.
type AcceptMethod struct {
	// HPP is the goods type of phone bills: 1 digital content, 2 physical goods; 0 leaves it out.
	HPP int
	// Below1000 allows card payments under 1,000 won.
	Below1000 bool
	// VBankDue is the virtual account's deadline, YYYYMMDD or YYYYMMDDhhmm; VACheckPrice has the bank refuse a
	// deposit of another amount.
	VBankDue     string
	VACheckPrice bool
	// NoReceipt hides the cash-receipt input of bank transfers, VAReceipt shows that of virtual accounts.
	NoReceipt bool
	VAReceipt bool
	// OnlyCards restricts the window to these card companies (request codes).
	OnlyCards []string
	// SlimQuota is the partly interest-free plan, in the grammar of SlimQuota.
	SlimQuota string
	// CardPoint has buyers pay with their card's points, by contract.
	CardPoint bool
	// CardOnly opens only the chosen easy-pay service or only cards; NoEasyPay hides easy-pay buttons.
	CardOnly  bool
	NoEasyPay bool
	// Escrow asks for an escrow payment.
	Escrow bool
}

// Text writes the options. centerCd(Y) is always among them: without it there is no idc_name to check. An
// argument with a character outside [A-Za-z0-9#:^,-] is refused.
func (a AcceptMethod) Text() (string, error) {
	options := append(make([]string, 0, 12), "centerCd(Y)")
	add := func(on bool, option string) {
		if on {
			options = append(options, option)
		}
	}
	if a.HPP != 0 {
		add(true, "HPP("+strconv.Itoa(a.HPP)+")")
	}
	add(a.Below1000, "below1000")
	if a.VBankDue != "" {
		add(true, "vbank("+a.VBankDue+")")
	}
	add(a.VAReceipt, "va_receipt")
	add(a.VACheckPrice, "va_ckprice")
	add(a.NoReceipt, "no_receipt")
	if len(a.OnlyCards) > 0 {
		add(true, "ini_onlycardcode("+strings.Join(a.OnlyCards, ":")+")")
	}
	if a.SlimQuota != "" {
		add(true, "SLIMQUOTA("+a.SlimQuota+")")
	}
	add(a.CardPoint, "cardpoint")
	add(a.NoEasyPay, "noeasypay")
	add(a.CardOnly, "cardonly")
	add(a.Escrow, "useescrow")
	if err := a.check(); err != nil {
		return "", err
	}
	return strings.Join(options, ":"), nil
}

func (a AcceptMethod) check() error {
	if a.HPP < 0 || a.HPP > 2 {
		return &adapters.FieldError{Field: "acceptmethod.HPP", Msg: "must be 1 or 2"}
	}
	if n := len(a.VBankDue); n != 0 && n != 8 && n != 12 || !only(a.VBankDue, digits) {
		return &adapters.FieldError{Field: "acceptmethod.vbank", Msg: "must be YYYYMMDD or YYYYMMDDhhmm"}
	}
	if !only(strings.Join(a.OnlyCards, ":"), digits+":") {
		return &adapters.FieldError{Field: "acceptmethod.ini_onlycardcode", Msg: "must hold card codes"}
	}
	if !only(a.SlimQuota, digits+":^-") {
		return &adapters.FieldError{Field: "acceptmethod.SLIMQUOTA", Msg: "must hold card codes and months"}
	}
	return nil
}

const digits = "0123456789"

// only tells whether s has no character outside set.
func only(s, set string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(set, r) }) < 0
}
