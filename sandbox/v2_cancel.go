package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// CancelMode is how V2's cancels end.
type CancelMode string

// The modes. Asynchronous cancels are answered as REQUESTED and decided later.
const (
	CancelAtOnce     CancelMode = "at_once"
	CancelLater      CancelMode = "later"
	CancelLaterFails CancelMode = "later_fails"
)

// ErrCancelMode is returned for a mode that does not exist.
var ErrCancelMode = errors.New("no such way of cancelling")

type v2CancelRequest struct {
	Amount        *Won             `json:"amount"`
	TaxFreeAmount *Won             `json:"taxFreeAmount"`
	VATAmount     *Won             `json:"vatAmount"`
	Reason        string           `json:"reason"`
	Requester     string           `json:"requester"`
	Cancellable   *Won             `json:"currentCancellableAmount"`
	SkipWebhook   bool             `json:"skipWebhook"`
	RefundAccount *v2RefundAccount `json:"refundAccount"`
}

// v2Cancellation is one cancel of an attempt.
type v2Cancellation struct {
	attempt   *v2Attempt
	id        string
	pgID      string
	status    string
	amount    Won
	taxes     taxes
	reason    string
	trigger   string
	by        string
	requested time.Time
	ended     time.Time
	fails     bool
	quiet     bool
}

func (x *v2Cancellation) wire() map[string]any {
	out := map[string]any{
		"status": x.status, "id": x.id, "totalAmount": x.amount, "taxFreeAmount": x.taxes.taxFree,
		"vatAmount": x.taxes.vatIn(x.amount), "reason": x.reason, "requestedAt": rfc3339(x.requested), "trigger": x.trigger,
	}
	if x.status == "SUCCEEDED" {
		out["cancelledAt"], out["pgCancellationId"] = rfc3339(x.ended), x.pgID
	}
	return out
}

func (a *v2Attempt) cancelWires() []map[string]any {
	out := []map[string]any{}
	for _, x := range a.cancels {
		out = append(out, x.wire())
	}
	return out
}

// v2Cancel gives money back, all of it or part of it.
func (s *Sandbox) v2Cancel(c *call) answer {
	var req v2CancelRequest
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	p, ok := s.v2.payments.get(c.ref)
	if !ok {
		return v2NoPayment()
	}
	amount, parts, refusal := req.amounts(p)
	if refusal == nil {
		refusal = req.allowed(p, amount)
	}
	if refusal != nil {
		return *refusal
	}
	x := s.v2Request(c, p.current, amount, parts, "API", "cancel")
	x.reason, x.quiet = req.Reason, req.SkipWebhook
	if s.v2.cancelMode == CancelAtOnce {
		s.v2End(c, x)
	} else {
		s.v2Wait(c, x)
	}
	// 200 also when it is no more than REQUESTED (portone.md §4.6).
	return jsonAnswer(http.StatusOK, map[string]any{"cancellation": x.wire()})
}

// v2Request writes a cancel down: its amount is held from then on.
func (s *Sandbox) v2Request(c *call, a *v2Attempt, amount Won, parts taxes, trigger, by string) *v2Cancellation {
	x := &v2Cancellation{
		attempt: a, id: randomUUID(), status: "REQUESTED", amount: amount, taxes: parts, trigger: trigger, by: by,
		requested: c.now,
	}
	a.cancels = append(a.cancels, x)
	a.pending += amount
	a.back = a.back.plus(parts)
	return x
}

// v2Wait leaves a cancel to be decided later.
func (s *Sandbox) v2Wait(c *call, x *v2Cancellation) {
	x.fails = s.v2.cancelMode == CancelLaterFails
	s.v2.waiting = append(s.v2.waiting, x)
	if !x.quiet {
		c.notices = append(c.notices, s.v2CancelNotice(x, "CancelPending", c.now))
	}
	if delay := s.v2.cancelDelay; delay > 0 {
		s.posting.Go(func() {
			s.wait(int(delay / time.Millisecond))
			s.FinishCancels(x.attempt.payment.id)
		})
	}
}

// v2End decides a cancel.
func (s *Sandbox) v2End(c *call, x *v2Cancellation) {
	a := x.attempt
	a.pending -= x.amount
	x.ended = c.now
	if x.fails {
		x.status = "FAILED"
		// The parts were taken when the cancel was requested, as its amount was.
		a.back.taxFree -= x.taxes.taxFree
		a.back.vat -= x.taxes.vat
		return
	}
	x.status, x.pgID = "SUCCEEDED", s.transactionID("CARD", a.channel.MID, c.now)
	a.cancelled += x.amount
	a.cancelledAt, a.changedAt = c.now, c.now
	kind := "PartialCancelled"
	a.status = "PARTIAL_CANCELLED"
	if a.cancelled == a.paidAmount {
		kind, a.status = "Cancelled", "CANCELLED"
	}
	s.book(Entry{PG: pgV2, Kind: EntryCancel, OrderRef: a.payment.id, TxID: a.txID, Amount: x.amount, By: x.by})
	s.v2Happened(a, a.status, x.amount, x, c.now)
	if !x.quiet {
		c.notices = append(c.notices, s.v2CancelNotice(x, kind, c.now))
	}
}

// SetCancels says how V2's cancels end from now on; an asynchronous one is decided after the delay, or without one
// by FinishCancels. Errors match ErrCancelMode.
func (s *Sandbox) SetCancels(m CancelMode, delay time.Duration) error {
	if !slices.Contains([]CancelMode{CancelAtOnce, CancelLater, CancelLaterFails}, m) || delay < 0 {
		return fmt.Errorf("%w: %q", ErrCancelMode, m)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.v2.cancelMode, s.v2.cancelDelay = m, delay
	return nil
}

// FinishCancels decides the asynchronous cancels of a payment, of every payment without a name, and returns how
// many there were.
func (s *Sandbox) FinishCancels(paymentID string) int {
	s.mu.Lock()
	c := &call{now: s.cfg.Now()}
	done := 0
	s.v2.waiting = slices.DeleteFunc(s.v2.waiting, func(x *v2Cancellation) bool {
		if paymentID != "" && x.attempt.payment.id != paymentID {
			return false
		}
		s.v2End(c, x)
		done++
		return true
	})
	s.mu.Unlock()
	// Without the mutex: who is told looks the payment up before he answers.
	s.publish(c.notices)
	return done
}

// allowed tells what else stands in the way of a cancel.
func (r v2CancelRequest) allowed(p *v2Payment, amount Won) *answer {
	a := p.current
	switch {
	case a.account != nil && !r.RefundAccount.valid():
		refusal := v2Invalid("가상계좌 환불에는 refundAccount가 필요합니다.")
		return &refusal
	case a.escrow != "" && !escrowConfirmed(a.escrow) && amount != a.paidAmount:
		refusal := v2PGError("500628", "구매확인 전의 에스크로 거래는 부분취소할 수 없습니다")
		return &refusal
	}
	return nil
}

// amounts reads how much to give back, or why not. A cancel that is not decided yet holds its amount.
func (r v2CancelRequest) amounts(p *v2Payment) (amount Won, parts taxes, refusal *answer) {
	refuse := func(status int, kind, message string) (Won, taxes, *answer) {
		a := v2Error(status, kind, message)
		return 0, taxes{}, &a
	}
	a := p.current
	left := a.paidAmount - a.cancelled - a.pending
	leftFree := a.taxes.taxFree - a.back.taxFree
	amount = left
	if r.Amount != nil {
		amount = *r.Amount
	}
	parts = r.parts(a, amount == left)
	switch {
	case r.Reason == "":
		return refuse(http.StatusBadRequest, "INVALID_REQUEST", "reason은 필수입니다.")
	case !p.paid:
		return refuse(http.StatusConflict, "PAYMENT_NOT_PAID", "결제가 완료되지 않았습니다.")
	case left == 0:
		return refuse(http.StatusConflict, "PAYMENT_ALREADY_CANCELLED", "이미 취소된 결제입니다.")
	case amount <= 0 || parts.taxFree < 0 || parts.vat < 0:
		return refuse(http.StatusBadRequest, "INVALID_REQUEST", "취소 금액이 올바르지 않습니다.")
	case r.Cancellable != nil && *r.Cancellable != left:
		return refuse(http.StatusConflict, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN", "취소 가능 잔액이 일치하지 않습니다.")
	case amount > left:
		return refuse(http.StatusConflict, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT", "취소 가능 금액을 넘었습니다.")
	case parts.taxFree+parts.vat > amount:
		return refuse(http.StatusConflict, "SUM_OF_PARTS_EXCEEDS_CANCEL_AMOUNT", "하위 금액의 합이 취소 금액을 넘었습니다.")
	case parts.taxFree > leftFree:
		return refuse(http.StatusConflict, "CANCEL_TAX_FREE_AMOUNT_EXCEEDS_CANCELLABLE_TAX_FREE_AMOUNT",
			"취소 가능 면세 금액을 넘었습니다.")
	case !a.taxes.covers(a.back, parts, left, amount):
		return refuse(http.StatusConflict, "CANCEL_TAX_AMOUNT_EXCEEDS_CANCELLABLE_TAX_AMOUNT", "취소 가능 과세 금액을 넘었습니다.")
	}
	return amount, parts, nil
}

// parts are the tax-free and the VAT part of a cancel: absent, a cancel of all without an amount takes what is
// left, any other is taxable in full and its VAT is reckoned.
func (r v2CancelRequest) parts(a *v2Attempt, whole bool) taxes {
	all := whole && r.Amount == nil
	out := taxes{vatSet: r.VATAmount != nil}
	switch {
	case r.TaxFreeAmount != nil:
		out.taxFree = *r.TaxFreeAmount
	// Only a cancel without an amount; a part that names none is taxable whole (portone.md §4.5).
	case all:
		out.taxFree = a.taxes.taxFree - a.back.taxFree
	}
	switch {
	case r.VATAmount != nil:
		out.vat = *r.VATAmount
	case whole && a.taxes.vatSet:
		out.vat, out.vatSet = a.taxes.vat-a.back.vat, true
	case a.taxes.vatSet && r.Amount != nil:
		out.vat, out.vatSet = vatOf(*r.Amount-out.taxFree), true
	}
	return out
}
