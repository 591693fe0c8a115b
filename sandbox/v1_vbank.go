package sandbox

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// payMethodVBank is V1's pay_method of a virtual account.
const payMethodVBank = "vbank"

// v1DefaultDays is how long an account takes its deposit when the shop does not say (portone.md §2.2).
const v1DefaultDays = 30

// v1Due reads vbank_due in the forms that V1 takes, Korean time; a day lasts to its end.
func v1Due(text string, now time.Time) (due time.Time, ok bool) {
	if text == "" {
		return now.AddDate(0, 0, v1DefaultDays), true
	}
	for _, layout := range []string{"2006-01-02", "20060102", "2006-01-02 15:04:05", "20060102150405"} {
		due, err := time.ParseInLocation(layout, text, payment.KST())
		if err != nil {
			continue
		}
		if len(layout) <= len("2006-01-02") {
			due = due.Add(24*time.Hour - time.Second)
		}
		return due, due.After(now)
	}
	return time.Time{}, false
}

// v1Taxes reads tax_free and vat_amount; null is the same as absent.
func v1Taxes(p v1Params) (t taxes, err error) {
	if t.taxFree, _, err = rawOptional(p.TaxFree); err != nil {
		return t, err
	}
	t.vat, t.vatSet, err = rawOptional(p.VATAmount)
	return t, err
}

// rawOptional reads a JSON number that need not be there.
func rawOptional(raw json.RawMessage) (won Won, set bool, err error) {
	if len(raw) == 0 || string(raw) == "null" {
		return 0, false, nil
	}
	won, err = rawWon(raw)
	return won, true, err
}

// v1Issue opens the account of a window: the payment stays ready until the deposit.
func (s *Sandbox) v1Issue(p *v1Payment) {
	p.tid = s.transactionID("VBNK", p.channel.MID, s.cfg.Now())
	p.account = s.openAccount(&account{
		pg: pgV1, mid: p.channel.MID, ref: p.merchantUID, txID: p.impUID, amount: p.amount, due: p.due,
		paid: func(d deposit) {
			// V1's object has one amount: what came in takes the place of what was asked for.
			p.status, p.paidAt, p.updatedAt, p.amount = "paid", d.at, d.at, d.amount
			// A deposit that was forced into a closed account makes it paid after all.
			p.cancelledAt, p.taxes = time.Time{}, p.taxes.fit(d.amount)
		},
		tell: func(deposit) []notice { return []notice{s.v1Notice(p)} },
	})
}

// addV1 adds the account's fields to a payment object.
func (a *account) addV1(out map[string]any) {
	if a == nil {
		return
	}
	bank, _ := v1BankNamed(a.bankCode())
	out["vbank_code"], out["vbank_name"], out["vbank_num"] = bank.Code, bank.Name, a.number
	out["vbank_holder"], out["vbank_date"] = cmp.Or(a.holder, bankHolder), unix(a.due)
	out["vbank_issued_at"] = unix(a.issued)
}
