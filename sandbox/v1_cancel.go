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
	case p.paidAt.IsZero():
		return v1Failure(http.StatusOK, 1, "결제가 완료되지 않은 주문입니다.")
	case left == 0:
		return v1Failure(http.StatusOK, 1, "이미 전액취소된 주문입니다.")
	}
	amount, taxFree, why := v1CancelAmounts(fields, p)
	if why != "" {
		return v1Failure(http.StatusOK, 1, why)
	}
	p.cancelled += amount
	p.cancelledTax += taxFree
	p.cancelledAt, p.updatedAt = c.now, c.now
	p.cancelReason = fields["reason"]
	p.history = append(p.history, v1Cancel{
		PGTID: s.transactionID("CARD", p.channel.MID, c.now), Amount: amount, CancelledAt: c.now.Unix(),
		Reason: fields["reason"], CancellationID: fmt.Sprintf("cxl-%d", s.next()),
	})
	if p.cancelled == p.amount {
		p.status = "cancelled"
	}
	s.book(Entry{PG: pgV1, Kind: EntryCancel, OrderRef: p.merchantUID, TxID: p.impUID, Amount: amount, By: "cancel"})
	return v1OK(p.wire())
}

// v1CancelTarget finds the payment: imp_uid wins over merchant_uid, even when it is wrong.
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

// v1CancelAmounts reads how much to give back, or why not.
func v1CancelAmounts(fields map[string]string, p *v1Payment) (amount, taxFree Won, why string) {
	left := p.amount - p.cancelled
	amount = left
	var err error
	if v := fields["amount"]; v != "" && v != "0" {
		if amount, err = parseWon(v); err != nil {
			return 0, 0, "취소 금액이 올바르지 않습니다."
		}
	}
	if v := fields["tax_free"]; v != "" {
		if taxFree, err = parseWon(v); err != nil || taxFree > amount {
			return 0, 0, "면세 금액이 올바르지 않습니다."
		}
	}
	if v := fields["checksum"]; v != "" {
		if sum, err := parseWon(v); err != nil || sum != left {
			return 0, 0, "취소 가능 잔액이 일치하지 않습니다."
		}
	}
	if amount > left {
		return 0, 0, "취소 금액이 취소 가능 잔액보다 큽니다."
	}
	return amount, taxFree, ""
}
