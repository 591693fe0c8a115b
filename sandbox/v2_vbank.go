package sandbox

import (
	"net/http"
	"regexp"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// payMethodAccount is V2's payMethod of a virtual account.
const payMethodAccount = "VIRTUAL_ACCOUNT"

// v2DefaultDays is how long an account takes its deposit when the shop does not say.
const v2DefaultDays = 30

// maxValidHours keeps a deadline within reach of a clock: ten years.
const maxValidHours = 10 * 366 * 24

// v2AccountParams are the parameters of a virtual account: how long it takes its deposit.
type v2AccountParams struct {
	AccountExpiry struct {
		ValidHours *int   `json:"validHours"`
		DueDate    string `json:"dueDate"`
	} `json:"accountExpiry"`
}

// due is until when the account takes its deposit.
func (p v2AccountParams) due(now time.Time) (due time.Time, ok bool) {
	expiry := p.AccountExpiry
	switch {
	case expiry.ValidHours != nil && expiry.DueDate != "":
		return time.Time{}, false
	case expiry.ValidHours != nil:
		hours := *expiry.ValidHours
		return now.Add(time.Duration(hours) * time.Hour), hours > 0 && hours <= maxValidHours
	case expiry.DueDate == "":
		return now.AddDate(0, 0, v2DefaultDays), true
	}
	due, err := time.Parse(time.RFC3339, expiry.DueDate)
	if err != nil {
		due, err = time.ParseInLocation("2006-01-02 15:04:05", expiry.DueDate, payment.KST())
	}
	return due, err == nil && due.After(now)
}

// v2Taxes reads taxFreeAmount and vatAmount.
func v2Taxes(p v2Params) (t taxes, err error) {
	if t.taxFree, _, err = rawOptional(p.TaxFreeAmount); err != nil {
		return t, err
	}
	t.vat, t.vatSet, err = rawOptional(p.VATAmount)
	return t, err
}

// v2Issue opens the account of an attempt; callers hold the mutex.
func (s *Sandbox) v2Issue(c *call, a *v2Attempt) {
	a.status, a.changedAt = "VIRTUAL_ACCOUNT_ISSUED", c.now
	a.pgTxID = s.transactionID("VBNK", a.channel.MID, c.now)
	a.account = s.openAccount(&account{
		pg: pgV2, mid: a.channel.MID, ref: a.payment.id, txID: a.txID, amount: a.total, due: a.due, number: a.fixed,
		paid: func(d deposit) {
			a.status, a.paidAt, a.changedAt = "PAID", d.at, d.at
			a.paidAmount, a.payment.paid, a.taxes = d.amount, true, a.taxes.fit(d.amount)
			// A deposit that was forced into a closed account makes it paid after all.
			a.cancelledAt = time.Time{}
			s.v2Happened(a, "PAID", d.amount, nil, d.at)
		},
		tell: func(d deposit) []notice { return []notice{s.v2Notice(a, "Paid", d.at)} },
	})
	s.v2Tell(c, a, "VirtualAccountIssued")
}

// accountWire is the method of a payment object that has an account.
func (a *v2Attempt) accountWire() map[string]any {
	kind := "NORMAL"
	if a.fixed != "" {
		kind = "FIXED"
	}
	out := map[string]any{
		"type": "PaymentMethodVirtualAccount", "bank": bankV2, "accountNumber": a.account.number, "accountType": kind,
		"remitteeName": bankHolder, "expiredAt": rfc3339(a.account.due), "issuedAt": rfc3339(a.account.issued),
	}
	switch {
	case a.pending > 0:
		out["refundStatus"] = "PENDING"
	case a.cancelled > 0:
		out["refundStatus"] = "COMPLETED"
	}
	return out
}

// v2CloseAccount closes a virtual account that nobody has paid into.
func (s *Sandbox) v2CloseAccount(c *call) answer {
	p, ok := s.v2.payments.get(c.ref)
	if !ok {
		return v2NoPayment()
	}
	a := p.current
	if a.status != "VIRTUAL_ACCOUNT_ISSUED" {
		return v2Error(http.StatusConflict, "PAYMENT_NOT_WAITING_FOR_DEPOSIT", "입금 대기 상태가 아닙니다.")
	}
	a.account.closed = c.now
	a.status, a.cancelledAt, a.changedAt = "CANCELLED", c.now, c.now
	c.notices = append(c.notices, s.v2Notice(a, "Cancelled", c.now))
	return jsonAnswer(http.StatusOK, map[string]string{"closedAt": rfc3339(c.now)})
}

// bankWord is the form of V2's words for banks: SHINHAN, K_BANK, ...
var bankWord = regexp.MustCompile(`^[A-Z][A-Z_]+$`)

// v2RefundAccount is the buyer's account of a cancel.
type v2RefundAccount struct {
	Bank       string `json:"bank"`
	Number     string `json:"number"`
	HolderName string `json:"holderName"`
	HolderTel  string `json:"holderPhoneNumber"`
}

// valid tells whether the account can be sent to. The bank must be one of V2's words, which are upper-case.
func (r *v2RefundAccount) valid() bool {
	return r != nil && bankWord.MatchString(r.Bank) && isAccountNumber(r.Number) && r.HolderName != ""
}
