// Package banks knows the banks' codes: the standard code of three digits (금융결제원) that this gateway speaks,
// KG Inicis' two digits, PortOne V2's names, and what each PG wants a refund's bank to be called.
package banks

import (
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
)

// Bank is one bank.
type Bank struct {
	// Code is the standard code, three digits.
	Code string
	// V2 is PortOne V2's name.
	V2 string
}

// Inicis is the code that KG Inicis uses: the last two digits of the standard one.
func (b Bank) Inicis() string { return b.Code[1:] }

// list holds the banks that PGs name (portone.md 5.5, inicis.md 10.3).
func list() []Bank {
	return []Bank{
		{"002", "KDB"},
		{"003", "IBK"},
		{"004", "KOOKMIN"},
		{"007", "SUHYUP"},
		{"011", "NONGHYUP"},
		{"012", "LOCAL_NONGHYUP"},
		{"020", "WOORI"},
		{"023", "STANDARD_CHARTERED"},
		{"027", "CITI"},
		{"031", "DAEGU"},
		{"032", "BUSAN"},
		{"034", "KWANGJU"},
		{"035", "JEJU"},
		{"037", "JEONBUK"},
		{"039", "KYONGNAM"},
		{"045", "KFCC"},
		{"048", "SHINHYUP"},
		{"050", "SAVINGS_BANK"},
		{"054", "HSBC"},
		{"055", "DEUTSCHE"},
		{"057", "JPMC"},
		{"060", "BANK_OF_AMERICA"},
		{"064", "NFCF"},
		{"071", "POST"},
		{"081", "HANA"},
		{"088", "SHINHAN"},
		{"089", "K_BANK"},
		{"090", "KAKAO"},
		{"092", "TOSS"},
	}
}

func find(is func(Bank) bool) (Bank, bool) {
	for _, b := range list() {
		if is(b) {
			return b, true
		}
	}
	return Bank{}, false
}

// ByCode finds a bank by its standard code.
func ByCode(code string) (Bank, bool) { return find(func(b Bank) bool { return b.Code == code }) }

// ByV2 finds a bank by PortOne V2's name.
func ByV2(name string) (Bank, bool) { return find(func(b Bank) bool { return b.V2 == name }) }

// Standard makes the standard code of a numeric one that a PG wrote with three digits, with two, or with KCP's
// BK in front. A code that is none of these is "": better no bank than a wrong one.
func Standard(code string) string {
	code = strings.TrimPrefix(strings.TrimSpace(code), "BK")
	for _, c := range code {
		if c < '0' || c > '9' {
			return ""
		}
	}
	switch len(code) {
	case 2:
		return "0" + code
	case 3:
		return code
	}
	return ""
}

// Refund is what a PG wants the bank of a refund to be called; behind is our name for the PG. Errors are an
// adapters.FieldError: of a bank or PG that is not known nothing is guessed, since the money would go astray.
func Refund(behind, code string) (string, error) {
	bad := func(msg string) (string, error) {
		return "", &adapters.FieldError{Field: "refund_account.bank", Msg: msg}
	}
	b, ok := ByCode(code)
	if !ok {
		return bad("is not a bank's standard code that is known here")
	}
	switch behind {
	case "inicis":
		if !inicisRefunds(b.Inicis()) { //guard:refund-bank-is-not-guessed
			return bad("is not a bank that KG Inicis refunds to")
		}
		return b.Inicis(), nil
	case "kcp":
		return "BK" + b.Inicis(), nil
	case "toss", "danal", "nice", "kicc", "smartro", "hecto":
		return b.Code, nil
	case "kiwoom":
		if own := kiwoom(b.Code); own != "" {
			return own, nil
		}
		return bad("is not a bank whose code at Kiwoom is known")
	}
	return bad("has no known code at the PG behind the channel")
}

// inicisRefunds tells whether KG Inicis lists the bank among those it refunds to (inicis.md 10.3).
func inicisRefunds(two string) bool {
	switch two {
	case "02", "03", "04", "07", "11", "12", "20", "23", "27", "31", "32", "34", "37", "39", "45", "48", "71", "81",
		"88", "89", "90", "92":
		return true
	}
	return false
}

// kiwoom is Kiwoom's own code of a bank (portone.md 5.5); "" when it is not known.
func kiwoom(code string) string {
	switch code {
	case "004":
		return "04"
	case "003":
		return "03"
	case "011":
		return "08"
	case "020":
		return "09"
	case "023":
		return "11"
	case "032":
		return "15"
	case "071":
		return "31"
	case "081":
		return "12"
	case "088":
		return "10"
	}
	return ""
}
