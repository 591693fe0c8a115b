package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The states of a scheduled payment.
const (
	v1Scheduled = "scheduled"
	v1Executed  = "executed"
	v1Revoked   = "revoked"
)

// v1SchedulesMax bounds how many payments one call schedules.
const v1SchedulesMax = 1000

// v1Schedule is a payment that PortOne makes by itself when its time has come.
type v1Schedule struct {
	charge   v1Charge
	status   string
	at       time.Time
	executed time.Time
	revoked  time.Time
	// payment is the newest try; nil until there was one.
	payment *v1Payment
}

// wire is V1's object of a scheduled payment.
func (x *v1Schedule) wire() map[string]any {
	ch := x.charge
	out := map[string]any{
		"customer_uid": ch.customerUID, "merchant_uid": ch.merchantUID, "imp_uid": nil, "pg_provider": ch.channel.Module,
		"pg_id": ch.channel.MID, "customer_id": nil, "schedule_at": unix(x.at), "executed_at": unix(x.executed),
		"revoked_at": unix(x.revoked), "amount": ch.amount, "currency": ch.currency, "name": ch.name,
		"buyer_name": orNull(ch.buyer[0]), "buyer_tel": orNull(ch.buyer[1]), "buyer_email": orNull(ch.buyer[2]),
		"buyer_addr": orNull(ch.buyer[3]), "buyer_postcode": orNull(ch.buyer[4]), "custom_data": orNull(ch.customData),
		"schedule_status": x.status, "payment_status": nil, "fail_reason": nil, "promotion_id": nil,
	}
	if x.payment != nil {
		out["imp_uid"], out["payment_status"] = x.payment.impUID, x.payment.status
		out["fail_reason"] = orNull(x.payment.failReason)
	}
	return out
}

// failedOrRevoked tells whether a payment was not made, and will not be by itself.
func (x *v1Schedule) failedOrRevoked() bool {
	return x.status == v1Revoked || (x.status == v1Executed && x.payment.status == "failed")
}

func (s *Sandbox) routeV1Schedules() {
	const api = "/portone/v1/subscribe/payments"
	s.handle("POST "+api+"/schedule", pgV1, "schedule", s.v1Guard(s.v1SchedulePayments))
	s.handle("GET "+api+"/schedule", pgV1, "list", s.v1Guard(s.v1SchedulesInRange))
	s.handle("POST "+api+"/unschedule", pgV1, "unschedule", s.v1Guard(s.v1Unschedule))
	s.handle("GET "+api+"/schedule/{uid}", pgV1, "lookup", s.v1Guard(s.v1ScheduleRead))
	s.handle("PUT "+api+"/schedule/{uid}", pgV1, "reschedule", s.v1Guard(s.v1MoveSchedule))
	s.handle("POST "+api+"/schedule/{uid}/reschedule", pgV1, "reschedule", s.v1Guard(s.v1Reschedule))
	s.handle("POST "+api+"/schedule/{uid}/retry", pgV1, "retry", s.v1Guard(s.v1Retry))
	s.handle("GET "+api+"/schedule/customers/{uid}", pgV1, "list", s.v1Guard(s.v1SchedulesOfKey))
	s.handle("GET /portone/v1/subscribe/customers/{uid}/schedules", pgV1, "list", s.v1Guard(s.v1SchedulesOfKey))
}

// v1SchedulePayments takes payments for later: all of them, or none. A customer_uid without a key gets one first, for
// the card that is sent along.
func (s *Sandbox) v1SchedulePayments(c *call) answer {
	b, ok := v1BodyOf(c)
	items := b.items("schedules")
	if !ok || len(items) == 0 || len(items) > v1SchedulesMax {
		return v1Refusal("schedules는 필수입니다.")
	}
	c.ref = items[0].text("merchant_uid")
	list := make([]*v1Schedule, 0, len(items))
	for _, item := range items {
		x, why := s.v1ScheduleOf(c, item)
		switch {
		case why != "":
			return v1Refusal(why)
		case slices.ContainsFunc(list, func(y *v1Schedule) bool { return y.charge.merchantUID == x.charge.merchantUID }):
			return v1Refusal("merchant_uid가 중복되었습니다.")
		}
		list = append(list, x)
	}
	k, why := s.v1KeyToSchedule(c, b)
	if why != "" {
		return v1Refusal(why)
	}
	if why := s.v1CheckCard(c, k, b.text("checking_amount")); why != "" {
		return v1Refusal(why)
	}
	for _, x := range list {
		x.charge.channel, x.charge.customerUID, x.charge.usage = k.channel, k.key, v1UsageScheduled
		s.v1.schedules.put(x.charge.merchantUID, x)
		s.v1Await(x)
	}
	return v1OK(wires(list))
}

// v1ScheduleOf reads one payment of a schedule, or says what is wrong with it.
func (s *Sandbox) v1ScheduleOf(c *call, b v1Body) (*v1Schedule, string) {
	charge, why := s.v1ChargeOf(b)
	at, ok := v1ScheduleAt(b, c.now)
	_, known := s.v1.schedules.get(charge.merchantUID)
	switch {
	case why != "":
		return nil, why
	case !ok:
		return nil, "schedule_at은 현재 이후의 UNIX timestamp여야 합니다."
	// A merchant_uid is scheduled once; what was revoked is scheduled again by reschedule (portone.md §1.7).
	case known || s.v1Taken(charge.merchantUID):
		return nil, "이미 등록된 merchant_uid입니다."
	}
	return &v1Schedule{charge: charge, status: v1Scheduled, at: at}, ""
}

// v1ScheduleAt reads schedule_at, which must be to come.
func v1ScheduleAt(b v1Body, now time.Time) (time.Time, bool) {
	n, err := strconv.ParseInt(b.text("schedule_at"), 10, 64)
	at := time.Unix(n, 0)
	return at, err == nil && at.After(now)
}

// v1KeyToSchedule finds the key to charge later, or issues it.
func (s *Sandbox) v1KeyToSchedule(c *call, b v1Body) (*billingKey, string) {
	uid := b.text("customer_uid")
	if k, ok := s.v1KeyNamed(uid); ok {
		return k, ""
	}
	if b.text("card_number") == "" {
		return nil, "등록된 빌링키가 존재하지 않습니다."
	}
	return s.v1KeyForCard(c, uid, b)
}

// v1CheckCard charges a card to see whether it can be, and gives the money back at once.
func (s *Sandbox) v1CheckCard(c *call, k *billingKey, text string) string {
	amount, set, err := optionalWon(text)
	switch {
	case err != nil || amount < 0:
		return "checking_amount가 올바르지 않습니다."
	case !set || amount == 0:
		return ""
	}
	id := s.v1ID()
	p := s.v1Charged(c, v1Charge{
		merchantUID: "checking_" + id, name: "카드 확인", amount: amount, currency: "KRW", channel: k.channel, card: k.card,
		customerUID: k.key, usage: v1UsagePayment,
	}, "schedule")
	if p.status != "paid" {
		return p.failReason
	}
	s.v1GiveBack(c, p, amount, taxes{}, "카드 확인", "schedule")
	return ""
}

// v1Await leaves a payment to its time; callers hold the mutex.
func (s *Sandbox) v1Await(x *v1Schedule) {
	uid := x.charge.merchantUID
	s.later(due{pg: pgV1, id: uid, ref: uid, at: x.at, fire: func(c *call) {
		p := s.v1Execute(c, x, "schedule")
		// Other than any other failure, a scheduled one is told (portone.md §3.1).
		c.notices = append(c.notices, s.v1Notice(p))
	}})
}

// v1Execute makes a scheduled payment; callers hold the mutex.
func (s *Sandbox) v1Execute(c *call, x *v1Schedule, by string) *v1Payment {
	charge := x.charge
	k, live := s.v1KeyNamed(charge.customerUID)
	switch {
	// Deleting a key leaves its schedules (portone.md §1.7).
	case !live:
		charge.declined = "등록된 빌링키가 존재하지 않습니다."
	case s.v1Taken(charge.merchantUID):
		charge.declined = "이미 결제가 이루어진 거래건입니다."
	default:
		// The key may have got another card meanwhile.
		charge.channel, charge.card = k.channel, k.card
	}
	p := s.v1Charged(c, charge, by)
	x.status, x.executed, x.payment = v1Executed, c.now, p
	return p
}

// v1Unschedule takes back payments that were not made yet: those named, of a key, or all of a key.
func (s *Sandbox) v1Unschedule(c *call) answer {
	b, ok := v1BodyOf(c)
	uid, names := b.text("customer_uid"), b.texts("merchant_uid")
	if !ok || (uid == "" && len(names) == 0) {
		return v1Refusal("customer_uid 또는 merchant_uid가 필요합니다.")
	}
	c.ref = uid
	if len(names) > 0 {
		c.ref = names[0]
	}
	list := []*v1Schedule{}
	for _, x := range s.v1.schedules.all() {
		if x.status != v1Scheduled || (uid != "" && x.charge.customerUID != uid) ||
			(len(names) > 0 && !slices.Contains(names, x.charge.merchantUID)) {
			continue
		}
		x.status, x.revoked = v1Revoked, c.now
		s.noLonger(pgV1, x.charge.merchantUID)
		list = append(list, x)
	}
	if len(list) == 0 {
		return v1Refusal("취소할 예약결제 기록이 존재하지 않습니다.")
	}
	return v1OK(wires(list))
}

// v1ScheduleNamed finds the schedule of the path.
func (s *Sandbox) v1ScheduleNamed(c *call) (*v1Schedule, *answer) {
	c.ref = c.r.PathValue("uid")
	x, ok := s.v1.schedules.get(c.ref)
	if !ok {
		a := v1Failure(http.StatusNotFound, -1, "존재하지 않는 결제예약입니다.")
		return nil, &a
	}
	return x, nil
}

func (s *Sandbox) v1ScheduleRead(c *call) answer {
	x, refusal := s.v1ScheduleNamed(c)
	if refusal != nil {
		return *refusal
	}
	return v1OK(x.wire())
}

// v1MoveSchedule changes the time of a payment that was not made yet.
func (s *Sandbox) v1MoveSchedule(c *call) answer {
	return s.v1Replan(c, func(x *v1Schedule) bool { return x.status == v1Scheduled })
}

// v1Reschedule gives a payment that failed or was revoked another time.
func (s *Sandbox) v1Reschedule(c *call) answer {
	return s.v1Replan(c, (*v1Schedule).failedOrRevoked)
}

// v1Replan gives a schedule another time, where its state allows that.
func (s *Sandbox) v1Replan(c *call, allowed func(*v1Schedule) bool) answer {
	x, refusal := s.v1ScheduleNamed(c)
	if refusal != nil {
		return *refusal
	}
	b, ok := v1BodyOf(c)
	at, future := v1ScheduleAt(b, c.now)
	if !ok || !future || !allowed(x) {
		return v1Failure(http.StatusBadRequest, -1, "schedule_at이 올바르지 않거나 변경할 수 없는 결제예약입니다.")
	}
	s.noLonger(pgV1, x.charge.merchantUID)
	x.status, x.at, x.executed, x.revoked, x.payment = v1Scheduled, at, time.Time{}, time.Time{}, nil
	s.v1Await(x)
	return v1OK(x.wire())
}

// v1Retry makes a payment that failed or was revoked now. A declined card is answered with code 0 here too.
func (s *Sandbox) v1Retry(c *call) answer {
	x, refusal := s.v1ScheduleNamed(c)
	if refusal != nil {
		return *refusal
	}
	if !x.failedOrRevoked() {
		return v1Failure(http.StatusBadRequest, -1, "재시도할 수 없는 결제예약입니다.")
	}
	if _, live := s.v1KeyNamed(x.charge.customerUID); !live {
		return v1NoKey()
	}
	p := s.v1Execute(c, x, "retry")
	if p.status == "paid" {
		c.notices = append(c.notices, s.v1Notice(p))
	}
	return v1OK(p.wire())
}

// v1SchedulesInRange reads the schedules of a span, paged.
func (s *Sandbox) v1SchedulesInRange(c *call) answer {
	q := c.r.URL.Query()
	return s.v1SchedulesPage(c, q.Get("schedule_from"), q.Get("schedule_to"), q.Get("schedule_status"), "")
}

// v1SchedulesOfKey reads the schedules of a key in a span, paged. Its status is written with a hyphen.
func (s *Sandbox) v1SchedulesOfKey(c *call) answer {
	q := c.r.URL.Query()
	return s.v1SchedulesPage(c, q.Get("from"), q.Get("to"), q.Get("schedule-status"), c.r.PathValue("uid"))
}

// v1SchedulesPage reads schedules from a moment to before another one, the latest first. PortOne's own client reads
// pages here, where its contract says a bare list.
func (s *Sandbox) v1SchedulesPage(c *call, fromText, toText, status, customerUID string) answer {
	from, fromOK := unixOf(fromText, time.Time{})
	to, toOK := unixOf(toText, time.Time{})
	sorting := c.r.URL.Query().Get("sorting")
	// Both ends are needed, and are at most three months apart (portone.md §1.7).
	ok := fromOK && toOK && !from.IsZero() && from.Before(to) && !to.After(from.AddDate(0, 3, 0)) &&
		slices.Contains([]string{"", v1Scheduled, v1Executed, v1Revoked}, status) &&
		(sorting == "" || sorting == "scheduled")
	list := []*v1Schedule{}
	for _, x := range s.v1.schedules.all() {
		if (status == "" || x.status == status) && (customerUID == "" || x.charge.customerUID == customerUID) &&
			!x.at.Before(from) && x.at.Before(to) {
			list = append(list, x)
		}
	}
	slices.SortStableFunc(list, func(a, b *v1Schedule) int {
		if sorting == "scheduled" {
			return a.at.Compare(b.at)
		}
		return b.at.Compare(a.at)
	})
	return v1Page(c.r.URL.Query(), list, ok)
}
