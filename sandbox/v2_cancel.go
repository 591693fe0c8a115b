package sandbox

import "net/http"

type v2CancelRequest struct {
	Amount        *Won   `json:"amount"`
	TaxFreeAmount *Won   `json:"taxFreeAmount"`
	VATAmount     *Won   `json:"vatAmount"`
	Reason        string `json:"reason"`
	Requester     string `json:"requester"`
	Cancellable   *Won   `json:"currentCancellableAmount"`
}

// v2Cancel gives money back, all of it or part of it.
func (s *Sandbox) v2Cancel(c *call) answer {
	var req v2CancelRequest
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	p, ok := s.v2.payments.get(c.ref)
	if !ok {
		return v2Error(http.StatusNotFound, "PAYMENT_NOT_FOUND", "결제 건이 존재하지 않습니다.")
	}
	a := p.current
	amount, taxFree, refusal := req.amounts(p)
	if refusal != nil {
		return *refusal
	}
	a.cancelled += amount
	a.cancelledTF += taxFree
	a.cancelledAt, a.changedAt = c.now, c.now
	a.status = "PARTIAL_CANCELLED"
	if a.cancelled == a.total {
		a.status = "CANCELLED"
	}
	cancellation := map[string]any{
		"status": "SUCCEEDED", "id": randomUUID(), "pgCancellationId": s.transactionID("CARD", a.channel.MID, c.now),
		"totalAmount": amount, "taxFreeAmount": taxFree, "vatAmount": vatOf(amount - taxFree), "reason": req.Reason,
		"requestedAt": rfc3339(c.now), "cancelledAt": rfc3339(c.now), "trigger": "API",
	}
	a.cancels = append(a.cancels, cancellation)
	s.book(Entry{PG: pgV2, Kind: EntryCancel, OrderRef: p.id, TxID: a.txID, Amount: amount, By: "cancel"})
	kind := "PartialCancelled"
	if a.status == "CANCELLED" {
		kind = "Cancelled"
	}
	c.notices = append(c.notices, s.v2Notice(a, kind, c.now))
	return jsonAnswer(http.StatusOK, map[string]any{"cancellation": cancellation})
}

// amounts reads how much to give back, or why not.
func (r v2CancelRequest) amounts(p *v2Payment) (amount, taxFree Won, refusal *answer) {
	refuse := func(status int, kind, message string) (Won, Won, *answer) {
		a := v2Error(status, kind, message)
		return 0, 0, &a
	}
	left, leftTF := p.current.total-p.current.cancelled, p.current.taxFree-p.current.cancelledTF
	amount = left
	if r.Amount != nil {
		amount = *r.Amount
	}
	switch {
	case r.TaxFreeAmount != nil:
		taxFree = *r.TaxFreeAmount
	case r.Amount == nil:
		taxFree = leftTF
	}
	switch {
	case r.Reason == "":
		return refuse(http.StatusBadRequest, "INVALID_REQUEST", "reason은 필수입니다.")
	case !p.paid:
		return refuse(http.StatusConflict, "PAYMENT_NOT_PAID", "결제가 완료되지 않았습니다.")
	case left == 0:
		return refuse(http.StatusConflict, "PAYMENT_ALREADY_CANCELLED", "이미 취소된 결제입니다.")
	case amount <= 0 || taxFree < 0:
		return refuse(http.StatusBadRequest, "INVALID_REQUEST", "취소 금액이 올바르지 않습니다.")
	case r.Cancellable != nil && *r.Cancellable != left:
		return refuse(http.StatusConflict, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN", "취소 가능 잔액이 일치하지 않습니다.")
	case amount > left:
		return refuse(http.StatusConflict, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT", "취소 가능 금액을 넘었습니다.")
	case taxFree > amount:
		return refuse(http.StatusConflict, "SUM_OF_PARTS_EXCEEDS_CANCEL_AMOUNT", "하위 금액의 합이 취소 금액을 넘었습니다.")
	case taxFree > leftTF:
		return refuse(http.StatusConflict, "CANCEL_TAX_FREE_AMOUNT_EXCEEDS_CANCELLABLE_TAX_FREE_AMOUNT", "취소 가능 면세 금액을 넘었습니다.")
	case amount-taxFree > left-leftTF:
		return refuse(http.StatusConflict, "CANCEL_TAX_AMOUNT_EXCEEDS_CANCELLABLE_TAX_AMOUNT", "취소 가능 과세 금액을 넘었습니다.")
	}
	return amount, taxFree, nil
}

// vatOf is the VAT inside a taxable amount, rounded to the won.
func vatOf(taxable Won) Won { return (taxable + 5) / 11 }
