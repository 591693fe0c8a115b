package sandbox

import (
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// v1Card is a card that the API was given. Nothing of it is kept but the masked number.
type v1Card struct {
	masked string
	// expired tells that the card cannot be charged any more.
	expired bool
}

// v1CardOf reads a card, or says what is wrong with how it is written.
func v1CardOf(b v1Body, now time.Time) (card v1Card, why string) {
	parts := strings.Split(b.text("card_number"), "-")
	number := strings.Join(parts, "")
	expiry, err := time.ParseInLocation("2006-01", b.text("expiry"), payment.KST())
	birth, pin, cvc := b.text("birth"), b.text("pwd_2digit"), b.text("cvc")
	switch {
	case len(parts) != 4 || !isDigits(number) || len(parts[0]) != 4 || len(parts[1]) != 4 || len(parts[2]) != 4 ||
		len(parts[3]) < 3 || len(parts[3]) > 4:
		return card, "카드번호 형식이 올바르지 않습니다(dddd-dddd-dddd-dddd)."
	case err != nil:
		return card, "카드 유효기간 형식이 올바르지 않습니다(YYYY-MM)."
	// A person's birthday or a company's number (portone.md §1.7).
	case birth != "" && (!isDigits(birth) || (len(birth) != 6 && len(birth) != 10)):
		return card, "birth는 생년월일 6자리 또는 사업자등록번호 10자리여야 합니다."
	case pin != "" && (!isDigits(pin) || len(pin) != 2):
		return card, "pwd_2digit은 숫자 2자리여야 합니다."
	case cvc != "" && (!isDigits(cvc) || len(cvc) < 3 || len(cvc) > 4):
		return card, "cvc가 올바르지 않습니다."
	}
	// A card is good to the end of its month.
	return v1Card{masked: number[:6] + "******" + number[12:], expired: !now.Before(expiry.AddDate(0, 1, 0))}, ""
}

// v1APIChannel finds the channel that a call by API is for, one of billing keys or an ordinary one: by channel_key,
// else by pg.
func (s *Sandbox) v1APIChannel(b v1Body, recurring bool) (Channel, bool) {
	module, mid, _ := strings.Cut(b.text("pg"), ".")
	var standard *Channel
	for _, ch := range s.cfg.Channels {
		if ch.Module != moduleV1Inicis || ch.Recurring != recurring {
			continue
		}
		if key := b.text("channel_key"); key != "" {
			if key == ch.Key {
				return ch, true
			}
			continue
		}
		if module == ch.Module && (mid == "" || mid == ch.MID) {
			return ch, true
		}
		if standard == nil {
			standard = &ch
		}
	}
	// An unknown pg silently is the default one (portone.md §1.7).
	if standard == nil {
		return Channel{}, false
	}
	return *standard, true
}

// v1Onetime charges a card whose number the caller sends, and stores a key when it is asked to.
func (s *Sandbox) v1Onetime(c *call) answer {
	b, ok := v1BodyOf(c)
	if !ok {
		return v1Refusal("요청 본문이 올바르지 않습니다.")
	}
	c.ref = b.text("merchant_uid")
	x, why := s.v1ChargeOf(b)
	card, cardWhy := v1CardOf(b, c.now)
	ch, channelOK := s.v1APIChannel(b, true)
	uid := b.text("customer_uid")
	switch {
	case why != "":
		return v1Refusal(why)
	case cardWhy != "":
		return v1Refusal(cardWhy)
	case !channelOK:
		return v1Refusal("채널을 찾을 수 없습니다.")
	case len(uid) > v1UIDMax:
		return v1Refusal("customer_uid는 80자 이하여야 합니다.")
	case s.v1Taken(x.merchantUID):
		return v1Refusal("이미 결제가 이루어진 거래건입니다.")
	}
	x.channel, x.card, x.customerUID = ch, card.masked, uid
	if uid != "" {
		x.usage = v1UsagePayment
	}
	if card.expired {
		x.declined = declines()["expired"].text
	}
	p := s.v1Charged(c, x, "onetime")
	if p.status != "paid" {
		return v1OK(p.wire())
	}
	if uid != "" {
		s.v1StoreKey(c, &keyWindow{
			pg: pgV1, channel: ch, ref: p.merchantUID, name: p.name, opened: c.now,
			customer: v2Customer{FullName: p.buyerName, PhoneNumber: p.buyerTel, Email: p.buyerEmail},
		}, uid, card.masked)
	}
	c.notices = append(c.notices, s.v1Notice(p))
	return v1OK(p.wire())
}

// v1Taken tells whether PortOne notices that a merchant_uid was paid already.
func (s *Sandbox) v1Taken(merchantUID string) bool {
	return s.v1.paid(merchantUID) && !s.cfg.V1.PaysTwice
}
