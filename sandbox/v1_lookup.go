package sandbox

import (
	"net/http"
	"time"
)

// v1NotFound is the answer for a payment that is not there, or that is hidden.
func v1NotFound() answer {
	return v1Failure(http.StatusNotFound, -1, "존재하지 않는 결제정보입니다.")
}

// unix is a time as V1 writes it: seconds, and 0 for "not yet".
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// wire is V1's payment object.
func (p *v1Payment) wire() map[string]any {
	card := p.payMethod != "trans" && p.payMethod != "phone" && p.payMethod != payMethodVBank
	out := map[string]any{
		"imp_uid": p.impUID, "merchant_uid": p.merchantUID, "pay_method": p.payMethod, "channel": p.device,
		"pg_provider": p.channel.Module, "emb_pg_provider": nil, "pg_tid": orNull(p.tid), "pg_id": p.channel.MID,
		"sandbox": p.channel.Test, "escrow": p.escrow != "", "apply_num": nil, "card_code": nil, "card_name": nil,
		"card_quota": 0, "card_number": nil, "card_type": nil, "bank_code": nil, "bank_name": nil,
		"name": p.name, "amount": p.amount, "cancel_amount": p.cancelled, "currency": p.currency,
		"buyer_name": orNull(p.buyerName), "buyer_email": orNull(p.buyerEmail), "buyer_tel": orNull(p.buyerTel),
		"buyer_addr": orNull(p.buyerAddr), "buyer_postcode": orNull(p.buyerPostcode),
		"custom_data": orNull(p.customData), "user_agent": "sandbox",
		"status": p.status, "started_at": unix(p.startedAt), "paid_at": unix(p.paidAt), "failed_at": unix(p.failedAt),
		"cancelled_at": unix(p.cancelledAt), "fail_reason": orNull(p.failReason), "cancel_reason": orNull(p.cancelReason),
		"receipt_url": nil, "cancel_history": append([]v1Cancel{}, p.history...), "cancel_receipt_urls": []string{},
		"cash_receipt_issued": p.receipt.stands(), "customer_uid": orNull(p.customerUID),
		"customer_uid_usage": orNull(p.usage),
		"promotion":          nil,
	}
	p.account.addV1(out)
	// An easy pay is a card payment that names the wallet beside it (emb_pg_provider, portone.md §1.5).
	if p.payMethod != "card" && card {
		out["emb_pg_provider"] = p.payMethod
	}
	if !p.paidAt.IsZero() && card {
		out["apply_num"], out["card_code"], out["card_name"] = "30012345", "366", "신한카드"
		out["card_number"], out["card_type"], out["card_quota"] = testCard, 0, p.quota
		// Inicis does not say of a card behind a key, or of one that was keyed in, what it is (portone.md §1.5).
		if p.card != "" {
			out["card_number"], out["card_type"] = p.card, nil
		}
	}
	return out
}

// v1One reads one payment. A test channel's payment is hidden unless the caller asks for it (since 2026-01-26).
func (s *Sandbox) v1One(c *call) answer {
	p, ok := s.v1.payments.get(c.r.PathValue("uid"))
	if !ok || (p.channel.Test && c.r.URL.Query().Get("include_sandbox") != "true") {
		return v1NotFound()
	}
	c.ref = p.merchantUID
	return v1OK(p.wire())
}

// v1Balance reads the parts of what is left of a paid payment.
func (s *Sandbox) v1Balance(c *call) answer {
	p, ok := s.v1.payments.get(c.r.PathValue("uid"))
	if !ok || p.paidAt.IsZero() || c.r.PathValue("part") != "balance" {
		return v1NotFound()
	}
	c.ref = p.merchantUID
	parts := func(total, free, vat Won) map[string]Won {
		return map[string]Won{"tax_free": free, "supply": total - free - vat, "vat": vat, "service": 0}
	}
	none := parts(0, 0, 0)
	left := p.amount - p.cancelled
	free, vat := p.taxes.taxFree-p.back.taxFree, p.taxes.vat-p.back.vat
	if !p.taxes.vatSet {
		vat = vatOf(left - free)
	}
	receipt := none
	if r := p.receipt; r.stands() {
		receipt = parts(r.amount, r.taxFree, r.vat)
	}
	return v1OK(map[string]any{
		"amount": p.amount, "cash_receipt": receipt, "primary": parts(left, free, vat), "secondary": none, "discount": none,
		"histories": []any{},
	})
}
