package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// v1Delivery is how the goods of an escrow payment are sent. From whom and to whom is not kept.
type v1Delivery struct {
	company string
	invoice string
	sentAt  int64
	applied time.Time
}

func (d *v1Delivery) wire() map[string]any {
	return map[string]any{
		"company": d.company, "invoice": d.invoice, "sent_at": d.sentAt, "applied_at": unix(d.applied),
	}
}

func (s *Sandbox) routeV1Escrow() {
	const api = "/portone/v1/escrows/logis/{uid}"
	s.handle("GET "+api, pgV1, "lookup", s.v1Guard(s.v1DeliveryRead))
	s.handle("POST "+api, pgV1, "escrow", s.v1Guard(s.v1DeliveryRegister))
	s.handle("PUT "+api, pgV1, "escrow", s.v1Guard(s.v1DeliveryChange))
}

// v1DeliveryOf reads a delivery, or returns nil when something is missing: Inicis wants name, telephone, address and
// postcode of both sides (portone.md §1.8).
func v1DeliveryOf(c *call) *v1Delivery {
	b, ok := v1BodyOf(c)
	logis := b.sub("logis")
	sent, err := strconv.ParseInt(logis.text("sent_at"), 10, 64)
	if !ok || err != nil || logis.text("invoice") == "" || logis.text("company") == "" {
		return nil
	}
	for _, side := range []string{"sender", "receiver"} {
		for _, field := range []string{"name", "tel", "addr", "postcode"} {
			if b.sub(side).text(field) == "" {
				return nil
			}
		}
	}
	d := &v1Delivery{company: logis.text("company"), invoice: logis.text("invoice"), sentAt: sent, applied: c.now}
	if !slices.Contains(v1Couriers(), d.company) {
		d.company = "ETC"
	}
	return d
}

// v1Couriers are the couriers that PortOne knows; any other one becomes ETC.
func v1Couriers() []string {
	return []string{
		"HYUNDAI", "HANARO", "SAGAWA", "KGB", "YELLOWCAP", "DONGBU", "EPOST", "CJGLS", "HANJIN", "DAESIN", "REGISTPOST",
		"CHUNIL", "ILYANG", "CVSNET", "KDEXP", "HONAM", "HDEXP", "ETC",
	}
}

// v1Conflict is the answer to what a payment's state does not allow.
func v1Conflict(why string) answer { return v1Failure(http.StatusConflict, -1, why) }

func (s *Sandbox) v1DeliveryRead(c *call) answer {
	p, ok := s.v1.payments.get(c.r.PathValue("uid"))
	if !ok {
		return v1NotFound()
	}
	c.ref = p.merchantUID
	if p.delivery == nil {
		return v1Conflict("등록된 배송정보가 존재하지 않습니다.")
	}
	return v1OK(p.delivery.wire())
}

// v1DeliveryRegister tells that the goods were sent, which the escrow waits for; it is told by webhook, too.
func (s *Sandbox) v1DeliveryRegister(c *call) answer {
	return s.v1Deliver(c, func(p *v1Payment) string {
		switch {
		case p.escrow == "" || p.paidAt.IsZero() || p.status == "cancelled":
			return "배송정보를 등록할 수 없는 거래건입니다."
		case p.delivery != nil:
			return "이미 배송정보가 등록되었습니다."
		}
		return ""
	})
}

// v1DeliveryChange corrects a delivery until the buyer has confirmed it.
func (s *Sandbox) v1DeliveryChange(c *call) answer {
	return s.v1Deliver(c, func(p *v1Payment) string {
		if p.delivery == nil || p.escrow != escrowShipped {
			return "배송정보를 수정할 수 없는 거래건입니다."
		}
		return ""
	})
}

func (s *Sandbox) v1Deliver(c *call, refuses func(*v1Payment) string) answer {
	p, ok := s.v1.payments.get(c.r.PathValue("uid"))
	if !ok {
		return v1NotFound()
	}
	c.ref = p.merchantUID
	d := v1DeliveryOf(c)
	if d == nil {
		return v1BadParameters()
	}
	if why := refuses(p); why != "" {
		return v1Conflict(why)
	}
	if p.delivery == nil {
		p.escrow = escrowShipped
		c.notices = append(c.notices, s.v1EscrowNotice(p, c.now))
	}
	p.delivery, p.updatedAt = d, c.now
	return v1OK(d.wire())
}
