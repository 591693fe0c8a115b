package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

// v1Cancel gives money back: all of it without an amount (or with 0), part of it with one. The checksum, when
// sent, must be what is left.
func (s *Sandbox) v1Cancel(c *call) answer {
	fields, ok := v1Fields(c)
	if !ok {
		return v1Failure(http.StatusBadRequest, -1, "요청 본문이 올바르지 않습니다.")
	}
	p := s.v1CancelTarget(fields)
	if p == nil {
		return v1Failure(http.StatusOK, 1, "취소할 결제건이 존재하지 않습니다.")
	}
	c.ref = p.merchantUID
	left := p.amount - p.cancelled
	switch {
	// Before the deposit an account is closed, not cancelled (portone.md §6.5).
	case p.account != nil && p.paidAt.IsZero():
		return v1Failure(http.StatusOK, 1, "입금 전의 가상계좌는 말소 API로 취소해야 합니다.")
	case p.paidAt.IsZero():
		return v1Failure(http.StatusOK, 1, "결제가 완료되지 않은 주문입니다.")
	case left == 0:
		return v1Failure(http.StatusOK, 1, "이미 전액취소된 주문입니다.")
	}
	amount, back, why := v1CancelAmounts(fields, p)
	if why == "" {
		why = v1CancelAllowed(fields, p, amount)
	}
	if why != "" {
		return v1Failure(http.StatusOK, 1, why)
	}
	s.v1GiveBack(c, p, amount, back, fields["reason"], "cancel")
	// A cancel by API is silent unless asked otherwise (portone.md §1.6).
	if fields["enable_webhook"] == "true" {
		c.notices = append(c.notices, s.v1CancelNotice(p))
	}
	return v1OK(p.wire())
}

// v1CancelAllowed tells what stands in the way of a cancel, or "".
func v1CancelAllowed(fields map[string]string, p *v1Payment, amount Won) string {
	partial := amount < p.amount-p.cancelled || p.cancelled > 0
	switch {
	case partial && p.escrow != "" && !escrowConfirmed(p.escrow):
		return "구매확인 전의 에스크로 결제는 부분취소할 수 없습니다."
	case p.account == nil:
		return ""
	case fields["refund_holder"] == "" || !slices.Contains(refundBanks(), fields["refund_bank"]) ||
		!isAccountNumber(fields["refund_account"]):
		return "가상계좌 환불에는 refund_holder, refund_bank, refund_account가 필요합니다."
	}
	return ""
}

// v1GiveBack cancels part or all of a payment; callers hold the mutex.
func (s *Sandbox) v1GiveBack(c *call, p *v1Payment, amount Won, back taxes, reason, by string) {
	p.cancelled += amount
	p.back = p.back.plus(back)
	p.cancelledAt, p.updatedAt = c.now, c.now
	p.cancelReason = reason
	p.history = append(p.history, v1Cancel{
		PGTID: s.transactionID("CARD", p.channel.MID, c.now), Amount: amount, CancelledAt: c.now.Unix(),
		Reason: reason, CancellationID: fmt.Sprintf("cxl-%d", s.next()),
	})
	// V1 has no status for a part; that it stays paid is our choice of what is unconfirmed (portone.md §1.5).
	if p.cancelled == p.amount {
		p.status = "cancelled"
	}
	s.book(Entry{PG: pgV1, Kind: EntryCancel, OrderRef: p.merchantUID, TxID: p.impUID, Amount: amount, By: by})
}

// v1CancelTarget finds the payment: imp_uid wins over merchant_uid, even when it is wrong (portone.md §1.6).
func (s *Sandbox) v1CancelTarget(fields map[string]string) *v1Payment {
	if id := fields["imp_uid"]; id != "" {
		p, _ := s.v1.payments.get(id)
		return p
	}
	list, _ := s.v1.byOrder.get(fields["merchant_uid"])
	for _, l := range slices.Backward(list) {
		if !l.paidAt.IsZero() {
			return l
		}
	}
	return nil
}

// v1CancelAmounts reads how much to give back, or why not. An amount without tax_free is all taxable, and VAT
// that was stated at the payment must be stated again (portone.md §6.5).
func v1CancelAmounts(fields map[string]string, p *v1Payment) (amount Won, back taxes, why string) {
	left := p.amount - p.cancelled
	refuse := func(why string) (Won, taxes, string) { return 0, taxes{}, why }
	if sum, set, err := optionalWon(fields["checksum"]); set && (err != nil || sum != left) {
		return refuse("취소 가능 잔액이 일치하지 않습니다.")
	}
	amount, set, err := optionalWon(fields["amount"])
	if err != nil {
		return refuse("취소 금액이 올바르지 않습니다.")
	}
	// An explicit 0 gives everything back too (portone.md §1.6).
	if !set || amount == 0 {
		return left, taxes{taxFree: p.taxes.taxFree - p.back.taxFree, vat: p.taxes.vat - p.back.vat}, ""
	}
	var err1, err2 error
	back.taxFree, _, err1 = optionalWon(fields["tax_free"])
	back.vat, back.vatSet, err2 = optionalWon(fields["vat_amount"])
	switch {
	case amount > left:
		return refuse("취소 금액이 취소 가능 잔액보다 큽니다.")
	case err1 != nil || back.taxFree > amount:
		return refuse("면세 금액이 올바르지 않습니다.")
	case err2 != nil || !back.possible(amount):
		return refuse("부가세 금액이 올바르지 않습니다.")
	case p.taxes.vatSet && !back.vatSet:
		return refuse("결제 시 부가세를 지정한 경우 취소 시에도 vat_amount를 지정해야 합니다.")
	case !p.taxes.covers(p.back, back, left, amount):
		return refuse("취소 가능한 과세, 면세 또는 부가세 금액을 넘었습니다.")
	}
	return amount, back, ""
}
