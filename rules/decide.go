package rules

import (
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Options are what a decision depends on beside the snapshot and the checkout.
type Options struct {
	Now time.Time
	// Health tells which PGs are well; nil means all.
	Health Health
	// Rates tells recent approval rates for success_rate; nil means nothing is known.
	Rates Rates
	// FailedPGs are the PGs that already failed this order.
	FailedPGs []payment.PGID
	// Trace asks for every step taken.
	Trace bool
	// Warn is told about an expression that failed while running; its rule counts as not matching.
	Warn func(rule string, err error)
}

// deciding is the state of one decision.
type deciding struct {
	s      *Snapshot
	in     *payment.Checkout
	opt    Options
	now    moment
	method *method
	// nth is the primary's place in the checkout's payments, amount what it is to pay.
	nth    int
	amount payment.Won
	trace  *[]payment.Step
}

func (d *deciding) step(stage, subject string, passed bool, reason string) {
	*d.trace = append(*d.trace, payment.Step{Stage: stage, Subject: subject, Passed: passed, Reason: reason})
}

// Decide says which PG and merchant take a checkout, or returns the denial as a *payment.Problem. It is a pure
// function of its arguments and the snapshot.
func (s *Snapshot) Decide(c *payment.Checkout, opt Options) (payment.Decision, error) {
	d := deciding{s: s, in: c, opt: opt, now: momentOf(opt.Now)}
	if opt.Trace {
		d.trace = new([]payment.Step)
	}
	dec, problem := d.run()
	if problem != nil {
		problem.OrderID = c.OrderID
		if d.trace != nil {
			problem.Trace = *d.trace
		}
		return payment.Decision{}, problem
	}
	dec.RulesVersion = s.version
	if d.trace != nil {
		dec.Trace = *d.trace
	}
	return dec, nil
}

func (d *deciding) run() (payment.Decision, *payment.Problem) {
	if p := d.split(); p != nil {
		return payment.Decision{}, p
	}
	due, p := d.deadline()
	if p != nil {
		return payment.Decision{}, p
	}
	// Mileage alone: the shop settles all of it, and no PG is asked.
	if d.method == nil {
		return payment.Decision{Internal: true}, nil
	}
	dec, p := d.route()
	dec.DepositDue = due
	return dec, p
}

// route finds the PG and merchant for a primary method that is usable by itself.
func (d *deciding) route() (payment.Decision, *payment.Problem) {
	// On the stack, so that deciding allocates nothing.
	var room, chosen [maxCandidates]candidate
	pool, p := d.candidates(room[:0])
	if p != nil {
		return payment.Decision{}, p
	}
	rule, order := d.s.match(d, pool, chosen[:0])
	if len(order) == 0 {
		return payment.Decision{}, d.notRouted(rule)
	}
	best := order[0]
	offer, p := d.installments(best.merchant)
	if p != nil {
		return payment.Decision{}, p
	}
	tax := taxesOf(d.in, d.amount)
	return payment.Decision{
		PG: &best.pg.PG, Merchant: &best.merchant.Merchant, Method: d.method.code, Amount: d.amount,
		TaxFree: tax.free, VAT: tax.vat, VATSet: tax.vatSet,
		Rule: rule.name, Installments: offer, Fallbacks: d.s.fallbacks(order[1:]),
	}, nil
}

// split finds the one primary method, and checks every method by itself.
func (d *deciding) split() *payment.Problem {
	if len(d.in.Payments) == 0 {
		return problem(payment.CodeMissingField, "payments", "결제수단이 없습니다", "there is no payment method")
	}
	var sum payment.Won
	for i, part := range d.in.Payments {
		if p := d.sort(i, part); p != nil {
			return p
		}
		// Each part is within its bounds by now, so the sum is too.
		sum += part.Amount
	}
	if sum != d.in.Amount {
		return problem(payment.CodeSumMismatch, "payments",
			fmt.Sprintf("합계 %d원, 주문 금액 %d원", sum, d.in.Amount),
			fmt.Sprintf("they sum to %d won, the order is %d won", sum, d.in.Amount))
	}
	if most := d.s.limits.MaxAmount; sum > most {
		return problem(payment.CodeAmountTooLarge, "amount",
			fmt.Sprintf("주문 금액은 최대 %d원입니다", most), fmt.Sprintf("an order is %d won at most", most))
	}
	if p := d.sums(); p != nil {
		return p
	}
	if company := cardOf(d.in); company != "" && !isAcquirer(company) {
		return problem(payment.CodeInvalidField, "card.company", "알 수 없는 카드사: "+clip(company),
			"unknown card company "+clip(company))
	}
	for i, part := range d.in.Payments {
		// In a second pass: what is wrong with the order as a whole is said before what is wrong with one method.
		if p := d.usable(i, d.s.methodBy[part.Method], part.Amount); p != nil {
			return p
		}
	}
	return nil
}

// sort tells whether the i-th payment is the primary one or a secondary.
func (d *deciding) sort(i int, part payment.MethodAmount) *payment.Problem {
	me, ok := d.s.methodBy[part.Method]
	if ko, en, ended := retired(part.Method); ended {
		return d.deny(payment.CodeUnknownMethod, i, "method", ko, en)
	}
	if !ok {
		return d.deny(payment.CodeUnknownMethod, i, "method", "알 수 없는 결제수단", "unknown method")
	}
	if part.Amount < 0 || part.Amount > payment.MaxWon {
		return d.deny(payment.CodeInvalidField, i, "amount", "금액이 범위를 벗어났습니다", "the amount is out of range")
	}
	for _, earlier := range d.in.Payments[:i] {
		// Compared as methods and not as words: X2BEE's 11 and card are the same.
		if d.s.methodBy[earlier.Method] == me {
			return d.deny(payment.CodeInvalidField, i, "method", "같은 결제수단이 두 번 있습니다", "the method appears twice")
		}
	}
	if !me.secondary && d.method != nil {
		return d.deny(payment.CodeTwoPrimaries, i, "method", string(d.method.code)+"와 함께 쓸 수 없습니다",
			"already paying with "+string(d.method.code))
	}
	kind := "secondary, settled by the shop"
	if !me.secondary {
		d.method, d.nth, d.amount = me, i, part.Amount
		kind = "primary"
	}
	if d.trace != nil {
		d.step("methods", string(me.code), true, kind)
	}
	return nil
}

// usable checks one method: in use, site, device, purpose, amount, controls.
func (d *deciding) usable(i int, me *method, amount payment.Won) *payment.Problem {
	p := d.refuse(i, me, amount)
	if d.trace != nil {
		if p == nil {
			d.step("methods", string(me.code), true, "in use, within its limits and open now")
		} else {
			d.step("methods", string(me.code), false, string(p.Code)+": "+p.DetailEn)
		}
	}
	return p
}

func (d *deciding) refuse(i int, me *method, amount payment.Won) *payment.Problem {
	switch {
	case !me.inUse:
		return d.deny(payment.CodeMethodNotInUse, i, "method", "사용여부가 N입니다", "it is switched off")
	case !onSite(me.sites, d.in):
		return d.deny(payment.CodeSiteNotAllowed, i, "method", "사이트 "+string(d.in.Site)+"에서 쓸 수 없습니다",
			"not offered on site "+string(d.in.Site))
	case !me.devices.serves(d.in):
		return d.deny(payment.CodeDeviceNotAllowed, i, "method", "기기 "+string(d.in.Device)+"에서 쓸 수 없습니다",
			"not offered on "+string(d.in.Device))
	case !me.secondary && me.purposes&purposeBit(d.in.Purpose) == 0:
		p := d.deny(payment.CodePurposeNotSupported, i, "method", "목적 "+string(d.in.Purpose)+"에 쓸 수 없습니다",
			"not for purpose "+string(d.in.Purpose))
		p.Field = "purpose"
		return p
	// A billing key is registered with an amount of 0.
	case amount < me.min && (amount > 0 || d.in.Purpose != payment.PurposeBillingKey):
		return d.deny(payment.CodeAmountTooSmall, i, "amount", fmt.Sprintf("최소 %d원", me.min),
			fmt.Sprintf("the minimum is %d won", me.min))
	case amount > me.max:
		return d.deny(payment.CodeAmountTooLarge, i, "amount", fmt.Sprintf("최대 %d원", me.max),
			fmt.Sprintf("the maximum is %d won", me.max))
	}
	for _, c := range me.controls {
		if c.closes(d.in, d.now) {
			return d.blocked(i, c)
		}
	}
	return nil
}

// blocked is the denial of a control: the buyer reads the control's own message.
func (d *deciding) blocked(i int, c *control) *payment.Problem {
	p := d.deny(payment.CodeBlockedByControl, i, "method", "", "")
	p.DetailKo, p.DetailEn, p.BuyerKo, p.BuyerEn = c.ko, c.en, c.ko, c.en
	if p.DetailKo == "" {
		p.DetailKo = "점검 중인 결제수단입니다"
	}
	if p.DetailEn == "" {
		p.DetailEn = "closed by " + c.name
	}
	if len(c.cards) > 0 {
		p.Field = "card.company"
	}
	return p
}

// deny makes a problem about the i-th payment, naming its method in the detail.
func (d *deciding) deny(code payment.Code, i int, field, ko, en string) *payment.Problem {
	m := clip(string(d.in.Payments[i].Method))
	return problem(code, fmt.Sprintf("payments.%d.%s", i, field), m+": "+ko, m+": "+en)
}

func problem(code payment.Code, field, ko, en string) *payment.Problem {
	return &payment.Problem{Code: code, Field: field, DetailKo: ko, DetailEn: en}
}

// notRouted is the denial when no rule, or no PG of the rule that holds, takes the payment.
func (d *deciding) notRouted(r *route) *payment.Problem {
	if r == nil {
		return d.deny(payment.CodeNotRouted, d.nth, "method", "조건이 맞는 라우팅 규칙이 없습니다", "no routing rule holds")
	}
	return d.deny(payment.CodeNotRouted, d.nth, "method", "규칙 "+r.name+"의 PG가 결제를 받을 수 없습니다",
		"no PG of rule "+r.name+" can take it")
}

// fallbacks are the candidates behind the chosen one. The list is kept, as it is the same for many orders.
func (s *Snapshot) fallbacks(rest []candidate) []payment.Candidate {
	switch {
	case len(rest) == 0:
		return nil
	case len(rest) == 1:
		return rest[0].merchant.self[:]
	case len(rest) > len(memoKey{}):
		return candidateList(rest)
	}
	var key memoKey
	for i, c := range rest {
		// From 1, so that an empty place is no merchant.
		key[i] = int32(c.merchant.index) + 1
	}
	if list, ok := s.candidates.get(key); ok {
		return list
	}
	list := candidateList(rest)
	s.candidates.put(key, list)
	return list
}

func candidateList(rest []candidate) []payment.Candidate {
	list := make([]payment.Candidate, len(rest))
	for i, c := range rest {
		list[i] = c.merchant.self[0]
	}
	return list
}
