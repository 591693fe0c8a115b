package payment

import (
	"errors"
	"fmt"
	"time"
)

// MethodVBank is the virtual account (가상계좌): an account number is issued first, and paid into later.
const MethodVBank Method = "vbank"

// VirtualAccount is an account that was issued for one attempt. The number goes to the shop and the buyer, never
// to a log, a metric or a plain row of the journal.
type VirtualAccount struct {
	// Bank is the bank's standard code (금융결제원), three digits; empty when the PG does not tell.
	Bank   string
	Number Secret
	// Holder is the name that the account is under.
	Holder string
	// Due is until when it can be paid into; zero when the PG does not tell.
	Due time.Time
}

// RefundAccount is the buyer's account that a virtual account's money goes back to. It is personal data: it goes
// to the PG and nowhere else.
type RefundAccount struct {
	// Bank is the bank's standard code (금융결제원), three digits.
	Bank   string
	Number Secret
	Holder Secret
	// Tel is asked for by some PGs.
	Tel Secret
}

// ErrDepositDue is returned for text that is not a deposit deadline.
var ErrDepositDue = errors.New("not a deposit deadline")

// ParseDepositDue reads until when a virtual account is to take the deposit, in the forms of PortOne's vbank_due:
// YYYY-MM-DD, YYYYMMDD, "YYYY-MM-DD HH:mm:ss" or YYYYMMDDHHmmss, in Korean time. A date alone means the last
// second of that day. Errors match ErrDepositDue.
func ParseDepositDue(s string) (time.Time, error) {
	layout, date := "", false
	switch len(s) {
	case len(time.DateOnly):
		layout, date = time.DateOnly, true
	case len("20060102"):
		layout, date = "20060102", true
	case len(time.DateTime):
		layout = time.DateTime
	case len("20060102150405"):
		layout = "20060102150405"
	}
	t, err := time.ParseInLocation(layout, s, KST())
	// Go's parser takes a little more than the layout: one-digit hours and fractions of a second.
	if layout == "" || err != nil || t.Format(layout) != s { //guard:deadline-to-the-letter
		return time.Time{}, fmt.Errorf("%w: %q is none of YYYY-MM-DD, YYYYMMDD, YYYY-MM-DD HH:mm:ss, YYYYMMDDHHmmss",
			ErrDepositDue, clip(s))
	}
	if date {
		t = t.Add(24*time.Hour - time.Second)
	}
	return t, nil
}
