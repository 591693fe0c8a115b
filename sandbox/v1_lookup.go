package sandbox

import (
	"net/http"
	"slices"
	"strconv"
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
		"buyer_addr": nil, "buyer_postcode": nil, "custom_data": orNull(p.customData), "user_agent": "sandbox",
		"status": p.status, "started_at": unix(p.startedAt), "paid_at": unix(p.paidAt), "failed_at": unix(p.failedAt),
		"cancelled_at": unix(p.cancelledAt), "fail_reason": orNull(p.failReason), "cancel_reason": orNull(p.cancelReason),
		"receipt_url": nil, "cancel_history": append([]v1Cancel{}, p.history...), "cancel_receipt_urls": []string{},
		"cash_receipt_issued": false, "customer_uid": orNull(p.customerUID), "customer_uid_usage": nil, "promotion": nil,
	}
	if p.customerUID != "" {
		out["customer_uid_usage"] = "issue"
	}
	p.account.addV1(out)
	// An easy pay is a card payment that names the wallet beside it (emb_pg_provider, portone.md §1.5).
	if p.payMethod != "card" && card {
		out["emb_pg_provider"] = p.payMethod
	}
	if !p.paidAt.IsZero() && card {
		out["apply_num"], out["card_code"], out["card_name"] = "30012345", "366", "신한카드"
		out["card_number"], out["card_type"] = "428790******0294", 0
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
	return v1OK(map[string]any{
		"amount": p.amount, "cash_receipt": none, "primary": parts(left, free, vat), "secondary": none, "discount": none,
		"histories": []any{},
	})
}

// v1List reads up to 100 payments by imp_uid[] or merchant_uid[]; 207 tells that some are missing.
func (s *Sandbox) v1List(c *call) answer {
	query := c.r.URL.Query()
	impUIDs, merchantUIDs := query["imp_uid[]"], query["merchant_uid[]"]
	if len(impUIDs)+len(merchantUIDs) == 0 || len(impUIDs)+len(merchantUIDs) > 100 {
		return v1Failure(http.StatusBadRequest, -1, "imp_uid 또는 merchant_uid는 1개 이상 100개 이하여야 합니다.")
	}
	found, missing := []any{}, 0
	for _, id := range impUIDs {
		if p, ok := s.v1.payments.get(id); ok {
			found = append(found, p.wire())
		} else {
			missing++
		}
	}
	for _, id := range merchantUIDs {
		list, ok := s.v1.byOrder.get(id)
		if !ok {
			missing++
		}
		// One merchant_uid may have many payments (portone.md §6.1).
		for _, p := range list {
			found = append(found, p.wire())
		}
	}
	status := http.StatusOK
	if missing > 0 {
		status = http.StatusMultiStatus
	}
	return jsonAnswer(status, map[string]any{"code": 0, "message": nil, "response": found})
}

// v1Matching returns a merchant_uid's payments of a status in the order asked for, or false for bad parameters.
func (s *Sandbox) v1Matching(c *call) ([]*v1Payment, bool) {
	c.ref = c.r.PathValue("uid")
	status, sorting := c.r.PathValue("status"), c.r.URL.Query().Get("sorting")
	if status != "" && !slices.Contains([]string{"ready", "paid", "cancelled", "failed"}, status) {
		return nil, false
	}
	at := func(p *v1Payment) time.Time { return p.startedAt }
	switch sorting {
	// By when it was started, not paid: find answers the newest try, be another one paid (portone.md §6.1).
	case "", "-started", "started":
	case "-paid", "paid":
		at = func(p *v1Payment) time.Time { return p.paidAt }
	case "-updated", "updated":
		at = func(p *v1Payment) time.Time { return p.updatedAt }
	default:
		return nil, false
	}
	all, _ := s.v1.byOrder.get(c.ref)
	list := []*v1Payment{}
	for _, p := range all {
		if status == "" || p.status == status {
			list = append(list, p)
		}
	}
	newestFirst := sorting == "" || sorting[0] == '-'
	if newestFirst {
		// The sort is stable, and of two of the same moment the newer one must come first.
		slices.Reverse(list)
	}
	slices.SortStableFunc(list, func(a, b *v1Payment) int {
		if newestFirst {
			return at(b).Compare(at(a))
		}
		return at(a).Compare(at(b))
	})
	return list, true
}

// v1Find reads the first match of a merchant_uid.
func (s *Sandbox) v1Find(c *call) answer {
	list, ok := s.v1Matching(c)
	if !ok {
		return v1Failure(http.StatusBadRequest, -1, "요청 파라미터가 올바르지 않습니다.")
	}
	if len(list) == 0 {
		return v1NotFound()
	}
	return v1OK(list[0].wire())
}

// v1FindAll reads all matches of a merchant_uid, paged.
func (s *Sandbox) v1FindAll(c *call) answer {
	list, ok := s.v1Matching(c)
	page, limit := 1, 20
	if v := c.r.URL.Query().Get("page"); v != "" {
		n, err := strconv.Atoi(v)
		ok = ok && err == nil && n >= 1
		page = n
	}
	if v := c.r.URL.Query().Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		ok = ok && err == nil && n >= 1 && n <= 1000
		limit = n
	}
	if !ok {
		return v1Failure(http.StatusBadRequest, -1, "요청 파라미터가 올바르지 않습니다.")
	}
	if len(list) == 0 {
		return v1NotFound()
	}
	from := min((page-1)*limit, len(list))
	to := min(from+limit, len(list))
	// Page numbers, with 0 for none (portone.md §1.5).
	out := map[string]any{"total": len(list), "previous": page - 1, "next": 0}
	if to < len(list) {
		out["next"] = page + 1
	}
	wires := []any{}
	for _, p := range list[from:to] {
		wires = append(wires, p.wire())
	}
	out["list"] = wires
	return v1OK(out)
}
