package sandbox

import "net/http"

// v1IssueKey ends a window that was opened with customer_uid: the key is that uid. Nothing is charged, whatever
// amount was shown; a uid that is used again gets the newest card.
func (s *Sandbox) v1IssueKey(c *call, p *v1Payment) {
	p.status, p.paidAt, p.amount = "paid", c.now, 0
	p.tid = s.transactionID("AUTH", p.channel.MID, c.now)
	s.v1StoreKey(c, &keyWindow{
		pg: pgV1, channel: p.channel, ref: p.merchantUID, name: p.name, opened: p.startedAt,
		customer: v2Customer{FullName: p.buyerName, PhoneNumber: p.buyerTel, Email: p.buyerEmail},
	}, p.customerUID, testCard)
}

// v1StoreKey writes a key down. A customer_uid in use gets the newest card, without a word (portone.md §1.7).
func (s *Sandbox) v1StoreKey(c *call, w *keyWindow, uid, card string) *billingKey {
	old, used := s.v1KeyNamed(uid)
	k := s.issue(c, w, uid)
	k.card = card
	if used {
		k.issued = old.issued
	}
	return k
}

func (s *Sandbox) routeV1Keys() {
	const api = "/portone/v1/subscribe/customers"
	s.handle("GET "+api, pgV1, "lookup", s.v1Guard(s.v1Customers))
	s.handle("GET "+api+"/{uid}", pgV1, "lookup", s.v1Guard(s.v1Customer))
	s.handle("POST "+api+"/{uid}", pgV1, "issue", s.v1Guard(s.v1IssueByCard))
	s.handle("DELETE "+api+"/{uid}", pgV1, "cancel", s.v1Guard(s.v1DropCustomer))
	s.handle("GET "+api+"/{uid}/payments", pgV1, "list", s.v1Guard(s.v1CustomerPayments))
}

// v1IssueByCard issues a key for a card whose number the caller sends.
func (s *Sandbox) v1IssueByCard(c *call) answer {
	uid := c.r.PathValue("uid")
	b, ok := v1BodyOf(c)
	if !ok {
		return v1Refusal("요청 본문이 올바르지 않습니다.")
	}
	k, why := s.v1KeyForCard(c, uid, b)
	if why != "" {
		return v1Refusal(why)
	}
	return v1OK(k.v1CustomerWire())
}

// v1KeyForCard issues a key, or says why not: the card is written wrongly, or its company refuses it.
func (s *Sandbox) v1KeyForCard(c *call, uid string, b v1Body) (*billingKey, string) {
	card, why := v1CardOf(b, c.now)
	ch, channelOK := s.v1APIChannel(b, true)
	switch {
	case uid == "" || len(uid) > v1UIDMax:
		return nil, "customer_uid는 1자 이상 80자 이하여야 합니다."
	case why != "":
		return nil, why
	case !channelOK:
		return nil, "채널을 찾을 수 없습니다."
	case c.decline != nil:
		return nil, c.decline.text
	case card.expired:
		return nil, declines()["expired"].text
	}
	k := s.v1StoreKey(c, &keyWindow{
		pg: pgV1, channel: ch, ref: uid, opened: c.now, customer: v2Customer{
			FullName: b.text("customer_name"), PhoneNumber: b.text("customer_tel"), Email: b.text("customer_email"),
		},
	}, uid, card.masked)
	k.addr, k.postcode = b.text("customer_addr"), b.text("customer_postcode")
	return k, ""
}

// v1NoKey is the answer for a customer_uid without a key.
func v1NoKey() answer {
	return v1Failure(http.StatusNotFound, -1, "등록된 빌링키가 존재하지 않습니다.")
}

// v1Customers reads several keys; 207 tells that some are missing.
func (s *Sandbox) v1Customers(c *call) answer {
	uids := v1BodyOfForm(c.r.URL.Query()).texts("customer_uid")
	if len(uids) == 0 {
		return v1BadParameters()
	}
	found, missing := []any{}, 0
	for _, uid := range uids {
		if k, ok := s.v1KeyNamed(uid); ok {
			found = append(found, k.v1CustomerWire())
		} else {
			missing++
		}
	}
	return v1Some(found, missing, v1NoKey())
}

// v1CustomerPayments reads what a key was charged, paged, the newest first.
func (s *Sandbox) v1CustomerPayments(c *call) answer {
	// A key that was deleted since is still known.
	k, ok := s.keyOf(pgV1, c.r.PathValue("uid"))
	if !ok {
		return v1NoKey()
	}
	c.ref = k.ref
	list := []*v1Payment{}
	for _, p := range s.v1.payments.all() {
		if p.customerUID == k.key && p.usage != v1UsageIssue {
			list = append(list, p)
		}
	}
	return v1Page(c.r.URL.Query(), list, v1Sorted(list, ""))
}

// v1CustomerWire is V1's billing-key object.
func (k *billingKey) v1CustomerWire() map[string]any {
	out := map[string]any{
		"customer_uid": k.key, "pg_provider": k.channel.Module, "pg_id": k.channel.MID, "sandbox": k.channel.Test,
		"customer_id": nil, "card_name": "신한카드", "card_code": "366", "card_number": k.card, "card_type": nil,
		"customer_name": orNull(k.customer.name()), "customer_tel": orNull(k.customer.PhoneNumber),
		"customer_email": orNull(k.customer.Email), "customer_addr": orNull(k.addr), "customer_postcode": orNull(k.postcode),
		"inserted": unix(k.issued), "updated": unix(k.updated),
	}
	if k.byPhone() {
		out["card_name"], out["card_code"], out["card_number"] = "", nil, nil
	}
	return out
}

// v1KeyNamed finds a customer_uid that has a key.
func (s *Sandbox) v1KeyNamed(uid string) (*billingKey, bool) {
	k, ok := s.keyOf(pgV1, uid)
	if !ok || !k.deleted.IsZero() {
		return nil, false
	}
	return k, true
}

// v1LiveKey finds the customer_uid of the path.
func (s *Sandbox) v1LiveKey(c *call) (*billingKey, *answer) {
	k, ok := s.v1KeyNamed(c.r.PathValue("uid"))
	if !ok {
		a := v1NoKey()
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
