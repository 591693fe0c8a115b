package sandbox

import "net/http"

// v1IssueKey ends a window that was opened with customer_uid: the key is that uid. Nothing is charged, whatever
// amount was shown; a uid that is used again gets the newest card.
func (s *Sandbox) v1IssueKey(c *call, p *v1Payment) {
	p.status, p.paidAt, p.amount = "paid", c.now, 0
	p.tid = s.transactionID("AUTH", p.channel.MID, c.now)
	first := c.now
	if old, ok := s.keyOf(pgV1, p.customerUID); ok {
		first = old.issued
	}
	k := s.issue(c, &keyWindow{
		pg: pgV1, channel: p.channel, ref: p.merchantUID, name: p.name, opened: p.startedAt,
		customer: v2Customer{FullName: p.buyerName, PhoneNumber: p.buyerTel, Email: p.buyerEmail},
	}, p.customerUID)
	k.issued = first
}

// v1CustomerWire is V1's billing-key object.
func (k *billingKey) v1CustomerWire() map[string]any {
	return map[string]any{
		"customer_uid": k.key, "pg_provider": k.channel.Module, "pg_id": k.channel.MID, "sandbox": k.channel.Test,
		"customer_id": nil, "card_name": "신한카드", "card_code": "366", "card_number": "428790******0294", "card_type": 0,
		"customer_name": orNull(k.customer.name()), "customer_tel": orNull(k.customer.PhoneNumber),
		"customer_email": orNull(k.customer.Email), "customer_addr": nil, "customer_postcode": nil,
		"inserted": unix(k.issued), "updated": unix(k.updated),
	}
}

// v1LiveKey finds a customer_uid that has a key.
func (s *Sandbox) v1LiveKey(c *call) (*billingKey, *answer) {
	k, ok := s.keyOf(pgV1, c.r.PathValue("uid"))
	if !ok || !k.deleted.IsZero() {
		a := v1Failure(http.StatusNotFound, -1, "등록된 빌링키가 존재하지 않습니다.")
		return nil, &a
	}
	c.ref = k.ref
	return k, nil
}

func (s *Sandbox) v1Customer(c *call) answer {
	k, refusal := s.v1LiveKey(c)
	if refusal != nil {
		return *refusal
	}
	return v1OK(k.v1CustomerWire())
}

func (s *Sandbox) v1DropCustomer(c *call) answer {
	k, refusal := s.v1LiveKey(c)
	if refusal != nil {
		return *refusal
	}
	k.deleted, k.updated = c.now, c.now
	return v1OK(k.v1CustomerWire())
}
