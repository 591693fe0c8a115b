package inicis

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// ErrDeposit is returned for a body that is not a deposit notice that can be read one way only.
var ErrDeposit = errors.New("not an Inicis deposit notice")

// DepositKind is what a notice tells of.
type DepositKind string

// The kinds of notice. Only the first asks for anything; the others are acknowledged and forgotten.
const (
	DepositPaid   DepositKind = "deposited"
	DepositIssued DepositKind = "issued"
	DepositFailed DepositKind = "failed"
	DepositOther  DepositKind = "other"
)

// Deposit is a deposit notice. It is not signed: it says what to ask INIAPI about, and proves nothing.
type Deposit struct {
	Kind DepositKind
	// TID is the deposit's own transaction, the same on every repeat of the notice; the account's where a
	// deposit has none.
	TID string
	// IssueTID is the transaction that issued the account; empty in old setups.
	IssueTID string
	OID      payment.AttemptID
	MID      string
	Account  payment.Secret
	Amount   payment.Won
	// Bank is the bank's standard code of three digits; empty when it is not told.
	Bank string
	// At is when the deposit was made; zero when that is not told.
	At time.Time
}

// DepositSources returns the addresses that Inicis sends deposit notices from. They change, so they are a
// default only.
func DepositSources() []string {
	return []string{"203.238.37.15", "183.109.71.153", "39.115.212.9", "118.129.210.25"}
}

// ParseDeposit reads a notice of the PC window or of the mobile and PRO windows. What is read of it is ASCII, so
// the payer's name may be in EUC-KR, UTF-8 or broken. A field that is read and comes twice, and a notice that is
// of both kinds, are refused. Errors match ErrDeposit.
func ParseDeposit(contentType string, body []byte) (Deposit, error) {
	if len(body) > maxReturn {
		return Deposit{}, fmt.Errorf("%w: longer than %d bytes", ErrDeposit, maxReturn)
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if contentType != "" && (err != nil || kind != "application/x-www-form-urlencoded") {
		return Deposit{}, fmt.Errorf("%w: the content type is another", ErrDeposit)
	}
	f, err := splitPairs(string(body), loose)
	if err != nil {
		return Deposit{}, fmt.Errorf("%w: %w", ErrDeposit, err)
	}
	n := notice{fields: f}
	_, pc := f.first["no_oid"]
	_, mobile := f.first["P_STATUS"]
	var d Deposit
	switch {
	// Two readers would see two deposits.
	case pc && mobile: //guard:notice-of-one-kind
		return Deposit{}, fmt.Errorf("%w: it is of two kinds", ErrDeposit)
	case pc:
		d = n.pc()
	case mobile:
		d = n.mobile()
	default:
		return Deposit{}, fmt.Errorf("%w: none of its fields is there", ErrDeposit)
	}
	if n.err != nil {
		return Deposit{}, n.err
	}
	return d, nil
}

// notice reads fields and remembers the first that is wrong.
type notice struct {
	fields fields
	err    error
}

func (n *notice) fail(name, why string) {
	if n.err == nil {
		n.err = fmt.Errorf("%w: %s %s", ErrDeposit, name, why)
	}
}

// text reads a field, without the spaces around it.
func (n *notice) text(name string) string {
	value := strings.TrimSpace(n.fields.first[name])
	switch {
	case n.fields.twice[name]: //guard:notice-field-twice
		n.fail(name, "occurs twice")
	case len(value) > 200:
		n.fail(name, "is too long")
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
		n.fail(name, "holds characters other than printable ASCII")
	default:
		return value
	}
	return ""
}

func (n *notice) id(name string, needed bool) string {
	value := n.text(name)
	if (needed || value != "") && !payment.ValidID(value) {
		n.fail(name, "is no identifier")
	}
	return value
}

// won reads an amount that must be there when the notice is of a deposit.
func (n *notice) won(name string, kind DepositKind) payment.Won {
	amount, err := payment.ParseWon(n.text(name))
	if err != nil && kind == DepositPaid {
		n.fail(name, "is not an amount of won")
	}
	return amount
}

// account takes an account number that must be there when the notice is of a deposit.
func (n *notice) account(name, value string, kind DepositKind) payment.Secret {
	number, ok := accountNumber(value)
	if !ok {
		if kind == DepositPaid {
			n.fail(name, "is no account number")
		}
		return ""
	}
	return payment.Secret(number)
}

func (n *notice) pc() Deposit {
	kind := DepositOther
	// cl_close only says whether the bank's day was closed already.
	message, transaction := n.text("type_msg"), n.text("cl_trans")
	if message == "0200" && (transaction == "" || transaction == "1100") {
		kind = DepositPaid
	}
	return Deposit{
		Kind: kind, TID: n.id("no_tid", kind == DepositPaid), IssueTID: n.id("no_req_tid", false),
		OID: payment.AttemptID(n.id("no_oid", true)), MID: n.id("id_merchant", true),
		Account: n.account("no_vacct", n.text("no_vacct"), kind), Amount: n.won("amt_input", kind),
		Bank: bankCode(n.text("cd_bank")), At: kstTime(n.text("dt_trans") + n.text("tm_trans")),
	}
}

func (n *notice) mobile() Deposit {
	kind := DepositOther
	// The address may also get notices of other methods.
	switch method, status := n.text("P_TYPE"), n.text("P_STATUS"); {
	case method != "VBANK":
	case status == "00":
		kind = DepositIssued //guard:issue-notice-is-no-deposit
	case status == "01":
		kind = DepositFailed
	case status == "02":
		kind = DepositPaid
	}
	issue := n.id("P_TID", kind == DepositPaid)
	return Deposit{
		Kind: kind, TID: cmp.Or(n.id("P_IN_TID", false), n.unnamedDeposit(issue)), IssueTID: issue,
		OID: payment.AttemptID(n.id("P_OID", true)), MID: n.id("P_MID", true),
		Account: n.account("P_RMESG1", vacctOf(n), kind), Amount: n.won("P_AMT", kind),
		Bank: bankCode(n.text("P_FN_CD1")), At: kstTime(n.text("P_AUTH_DT")),
	}
}

// unnamedDeposit tells deposits into one account apart whose notices name the account's issue alone: the issue's TID
// with the deposit's time in the place of its own (inicis.md §11.1). A notice that comes again has the same one.
func (n *notice) unnamedDeposit(issue string) string {
	at := n.text("P_AUTH_DT")
	if len(at) == len("200601021504") {
		at += "00"
	}
	if len(issue) != 40 || len(at) != len("20060102150405") || strings.Trim(at, "0123456789") != "" {
		return issue
	}
	return issue[:20] + at + issue[34:] //guard:second-deposit-of-a-phone-is-another
}

// vacctOf finds the account in P_RMESG1: P_VACCT_NO=..|P_EXP_DT=... In other notices that is free text.
func vacctOf(n *notice) string {
	const name = "P_RMESG1"
	if n.fields.twice[name] {
		n.fail(name, "occurs twice")
	}
	number, found := "", false
	for part := range strings.SplitSeq(n.fields.first[name], "|") {
		value, ok := strings.CutPrefix(part, "P_VACCT_NO=")
		if !ok {
			continue
		}
		if found {
			n.fail(name, "holds two accounts")
		}
		number, found = strings.TrimSpace(value), true
	}
	return number
}
