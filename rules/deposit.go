package rules

import (
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// VirtualAccountConfig is the section virtual_account: until when a virtual account takes the deposit.
type VirtualAccountConfig struct {
	// Due is how long a buyer has when the shop names no deadline (vbank_due).
	Due time.Duration
	// MinDue and MaxDue bound what the shop may name.
	MinDue time.Duration
	MaxDue time.Duration
}

func virtualAccountReader(c *VirtualAccountConfig) reader {
	const day = 24 * time.Hour
	*c = VirtualAccountConfig{Due: 3 * day, MinDue: time.Hour, MaxDue: 30 * day}
	bound := func(d *time.Duration) reader { return duration(d, time.Minute, 365*day) }
	fs := fields{
		"due":     {bound(&c.Due), "How long a buyer has for the deposit when the shop sends no vbank_due."},
		"min_due": {bound(&c.MinDue), "The earliest vbank_due that a shop may ask for, from now."},
		"max_due": {bound(&c.MaxDue), "The latest vbank_due that a shop may ask for, from now."},
	}
	return func(v value) {
		object(fs)(v)
		if v.schema == nil && !v.broken("") && (c.Due < c.MinDue || c.Due > c.MaxDue) {
			v.fail("min_due <= due <= max_due", "due %v is not between min_due %v and max_due %v", c.Due, c.MinDue, c.MaxDue)
		}
	}
}

// deadline is until when a virtual account takes the deposit: what the shop asks for, else the configured time
// from now. It is cut to the minute, as not every PG takes seconds, and so are its bounds.
func (d *deciding) deadline() (time.Time, *payment.Problem) {
	asked := d.in.DepositDue
	if d.method == nil || d.method.code != payment.MethodVBank {
		if !asked.IsZero() { //guard:deadline-only-for-accounts
			return time.Time{}, problem(payment.CodeInvalidField, "vbank_due",
				"vbank_due는 가상계좌 결제에만 보낼 수 있습니다", "vbank_due is only for a payment by virtual account")
		}
		return time.Time{}, nil
	}
	bounds := d.s.deposit
	if asked.IsZero() {
		return d.opt.Now.Add(bounds.Due).Truncate(time.Minute), nil
	}
	due := asked.Truncate(time.Minute)
	from, to := d.opt.Now.Add(bounds.MinDue).Truncate(time.Minute), d.opt.Now.Add(bounds.MaxDue).Truncate(time.Minute)
	if due.Before(from) || due.After(to) { //guard:deadline-not-too-early //guard:deadline-not-too-late
		const layout = "2006-01-02 15:04"
		lo, hi := from.In(payment.KST()).Format(layout), to.In(payment.KST()).Format(layout)
		return time.Time{}, problem(payment.CodeDepositDueRefused, "vbank_due",
			fmt.Sprintf("입금 기한은 %s부터 %s까지(한국 시간) 정할 수 있습니다", lo, hi),
			fmt.Sprintf("the deadline must be between %s and %s, in Korean time", lo, hi))
	}
	return due, nil
}
