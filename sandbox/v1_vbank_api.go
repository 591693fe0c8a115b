package sandbox

import (
	"net/http"
	"time"
)

func (s *Sandbox) routeV1Accounts() {
	const api = "/portone/v1/vbanks"
	s.handle("POST "+api, pgV1, "vbank", s.v1Guard(s.v1IssueByAPI))
	s.handle("PUT "+api+"/{uid}", pgV1, "vbank", s.v1Guard(s.v1ChangeAccount))
	s.handle("DELETE "+api+"/{uid}", pgV1, "cancel", s.v1Guard(s.v1CloseAccount))
}

// v1IssueByAPI issues a virtual account without a window.
func (s *Sandbox) v1IssueByAPI(c *call) answer {
	b, ok := v1BodyOf(c)
	if !ok {
		return v1Refusal("요청 본문이 올바르지 않습니다.")
	}
	c.ref = b.text("merchant_uid")
	x, why := s.v1ChargeOf(b)
	bank, bankOK := v1BankNamed(b.text("vbank_code"))
	due, dueOK := unixOf(b.text("vbank_due"), time.Time{})
	ch, channelOK := s.v1APIChannel(b, false)
	switch {
	case why != "":
		return v1Refusal(why)
	case !bankOK:
		return v1Refusal("vbank_code가 올바르지 않습니다.")
	case !dueOK || !due.After(c.now):
		return v1Refusal("vbank_due가 올바르지 않거나 지났습니다.")
	case !channelOK:
		return v1Refusal("채널을 찾을 수 없습니다.")
	// What Inicis wants (portone.md §1.8).
	case b.text("vbank_holder") == "" || x.buyer[0] == "" || x.buyer[2] == "":
		return v1Refusal("vbank_holder, buyer_name, buyer_email은 필수입니다.")
	case s.v1.paid(x.merchantUID):
		return v1Refusal("이미 결제가 이루어진 거래건입니다.")
	case !s.v1KnowsINIAPI(c, ch):
		return v1Refusal("hashData 불일치")
	}
	x.channel = ch
	p := s.v1Record(c, x, payMethodVBank)
	p.due, p.status = due, "ready"
	s.v1Issue(p)
	p.account.bank, p.account.holder = bank.Code, b.text("vbank_holder")
	c.notices = append(c.notices, s.v1Notice(p))
	return v1OK(p.wire())
}

// v1KnowsINIAPI tells whether a call has the INIAPI key of the channel's merchant, which Inicis signs accounts with. It
// is in the query, of all places (portone.md §1.8).
func (s *Sandbox) v1KnowsINIAPI(c *call, ch Channel) bool {
	merchant, known := s.cfg.Inicis[ch.MID]
	return !known || c.r.URL.Query().Get("pg_api_key") == merchant.APIKey
}

// v1BankNamed finds a bank by the code of all institutions or by Inicis', which is the same without the leading 0.
func v1BankNamed(code string) (v1Code, bool) {
	for _, bank := range v1Banks() {
		if bank.Code == code || bank.Code == "0"+code {
			return bank, true
		}
	}
	return v1Code{}, false
}

// v1WaitingAccount finds the payment of the path, whose account must wait for its deposit.
func (s *Sandbox) v1WaitingAccount(c *call) (*v1Payment, *answer) {
	p, ok := s.v1.payments.get(c.r.PathValue("uid"))
	if !ok {
		a := v1NotFound()
		return nil, &a
	}
	c.ref = p.merchantUID
	why := ""
	switch {
	case p.account == nil:
		why = "가상계좌 결제건이 아닙니다."
	case p.status != "ready":
		why = "입금대기 상태의 가상계좌가 아닙니다."
	}
	if why != "" {
		a := v1Failure(http.StatusBadRequest, -1, why)
		return nil, &a
	}
	return p, nil
}

// v1ChangeAccount changes the amount or the deadline of an account that waits. PortOne has this for Hecto alone; here
// every channel can do it.
func (s *Sandbox) v1ChangeAccount(c *call) answer {
	p, refusal := s.v1WaitingAccount(c)
	if refusal != nil {
		return *refusal
	}
	fields, ok := v1Fields(c)
	amount, set, err := optionalWon(fields["amount"])
	due, dueOK := unixOf(fields["vbank_due"], p.due)
	if !ok || err != nil || (set && amount <= 0) || !dueOK || !due.After(c.now) {
		return v1BadParameters()
	}
	if set {
		p.amount, p.account.amount, p.taxes = amount, amount, p.taxes.fit(amount)
	}
	p.due, p.account.due, p.updatedAt = due, due, c.now
	return v1OK(p.wire())
}

// v1CloseAccount closes a virtual account that nobody has paid into. Inicis wants the merchant's INIAPI key.
func (s *Sandbox) v1CloseAccount(c *call) answer {
	p, refusal := s.v1WaitingAccount(c)
	if refusal != nil {
		return *refusal
	}
	// The PG refuses this, not PortOne: HTTP 200, code 1, and "hashData mismatch" (portone.md §1.2, §1.8).
	if !s.v1KnowsINIAPI(c, p.channel) {
		return v1Refusal("hashData 불일치")
	}
	p.account.closed = c.now
	p.status, p.cancelledAt, p.updatedAt = "cancelled", c.now, c.now
	return v1OK(p.wire())
}
