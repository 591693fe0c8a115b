package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// v2Schedule is a payment that a billing key is to make at a time.
type v2Schedule struct {
	id        string
	paymentID string
	key       *billingKey
	sale      v2Sale
	// status is SCHEDULED, SUCCEEDED, FAILED or REVOKED.
	status  string
	seq     int64
	created time.Time
	at      time.Time
	// ended is when it was paid, failed or revoked.
	ended time.Time
}

// v2Scheduled finds a schedule that still waits.
func (s *Sandbox) v2Scheduled(wanted func(*v2Schedule) bool) *v2Schedule {
	for _, x := range s.v2.schedules.all() {
		if x.status == "SCHEDULED" && wanted(x) {
			return x
		}
	}
	return nil
}

type v2ScheduleRequest struct {
	Payment *struct {
		StoreID string `json:"storeId"`
		v2KeySale
	} `json:"payment"`
	TimeToPay string `json:"timeToPay"`
}

// check reads when the payment is to be made, or refuses the request for what stands in it.
func (r v2ScheduleRequest) check(c *call, store string) (at time.Time, refusal *answer) {
	refuse := func(a answer) (time.Time, *answer) { return time.Time{}, &a }
	if r.Payment == nil || r.Payment.BillingKey == "" {
		return refuse(v2Invalid("payment와 billingKey는 필수입니다."))
	}
	if id := r.Payment.StoreID; id != "" && id != store {
		return refuse(v2Error(http.StatusForbidden, "FORBIDDEN", "접근 권한이 없는 상점입니다."))
	}
	at, err := time.Parse(time.RFC3339, r.TimeToPay)
	if err != nil || !at.After(c.now) {
		return refuse(v2Invalid("timeToPay는 미래의 RFC 3339 시각이어야 합니다."))
	}
	return at, r.Payment.check(c.ref)
}

// v2MakeSchedule schedules a payment.
func (s *Sandbox) v2MakeSchedule(c *call) answer {
	var req v2ScheduleRequest
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	at, refusal := req.check(c, s.cfg.V2.StoreID)
	if refusal != nil {
		return *refusal
	}
	k, refusal := s.v2LiveKey(req.Payment.BillingKey, req.Payment.ChannelKey)
	if refusal != nil {
		return *refusal
	}
	if s.v2PaidOrWaiting(c.ref) {
		return v2Error(http.StatusConflict, "ALREADY_PAID_OR_WAITING", "이미 결제되었거나 대기 중인 건입니다.")
	}
	if refusal := s.v2Taken(c.ref); refusal != nil {
		return *refusal
	}
	x := &v2Schedule{
		id: "schedule-" + randomUUID(), paymentID: c.ref, key: k, sale: req.Payment.v2Sale, status: "SCHEDULED",
		seq: s.next(), created: c.now, at: at,
	}
	s.v2.schedules.put(x.id, x)
	s.later(due{pg: pgV2, id: x.id, ref: x.paymentID, at: at, fire: func(c *call) { s.v2Fire(c, x) }})
	return jsonAnswer(http.StatusOK, map[string]any{"schedule": map[string]string{"id": x.id}})
}

// v2Fire makes a scheduled payment. Nobody is answered; the webhook tells.
func (s *Sandbox) v2Fire(c *call, x *v2Schedule) {
	x.ended, x.status = c.now, "FAILED"
	// A window may have been paid under this paymentId meanwhile.
	if s.v2PaidOrWaiting(x.paymentID) {
		return
	}
	a := s.v2KeyAttempt(c, x.key, x.sale)
	a.schedule = x.id
	if s.v2Settle(c, a, "schedule").status == http.StatusOK {
		x.status = "SUCCEEDED"
	}
}

// v2ScheduleWire is V2's schedule object.
func (s *Sandbox) v2ScheduleWire(x *v2Schedule) map[string]any {
	stated := x.sale.taxes()
	out := map[string]any{
		"status": x.status, "id": x.id, "merchantId": "merchant-sandbox", "storeId": s.cfg.V2.StoreID,
		"paymentId": x.paymentID, "billingKey": x.key.key, "orderName": x.sale.OrderName, "isCulturalExpense": false,
		"isEscrow": false, "customer": x.sale.Customer.customer().wire(), "customData": x.sale.CustomData,
		"totalAmount": *x.sale.Amount.Total, "taxFreeAmount": stated.taxFree, "currency": x.sale.Currency,
		"installmentMonth": x.sale.InstallmentMonth, "createdAt": rfc3339(x.created), "timeToPay": rfc3339(x.at),
	}
	if stated.vatSet {
		out["vatAmount"] = stated.vat
	}
	switch x.status {
	case "REVOKED":
		out["revokedAt"] = rfc3339(x.ended)
	case "SUCCEEDED", "FAILED":
		out["startedAt"], out["completedAt"] = rfc3339(x.ended), rfc3339(x.ended)
	}
	return out
}

func (s *Sandbox) v2ReadSchedule(c *call) answer {
	x, ok := s.v2.schedules.get(c.r.PathValue("id"))
	if !ok {
		return v2Error(http.StatusNotFound, "PAYMENT_SCHEDULE_NOT_FOUND", "결제 예약 건이 존재하지 않습니다.")
	}
	c.ref = x.paymentID
	return jsonAnswer(http.StatusOK, s.v2ScheduleWire(x))
}

// v2SchedulesQuery is the question of the list of schedules, by the time that they are to be paid.
type v2SchedulesQuery struct {
	Page v2Page `json:"page"`
	Sort struct {
		By    string `json:"by"`
		Order string `json:"order"`
	} `json:"sort"`
	Filter struct {
		v2Span
		BillingKey string   `json:"billingKey"`
		Status     []string `json:"status"`
		IsForTest  *bool    `json:"isForTest"`
	} `json:"filter"`
}

// v2Schedules lists schedules. Without a time it is about the last 90 days, so that it shows none that still waits.
func (s *Sandbox) v2Schedules(c *call) answer {
	var q v2SchedulesQuery
	if refusal := s.v2Question(c, &q); refusal != nil {
		return *refusal
	}
	from, until, ok := q.Filter.between(c.now)
	if !ok || !q.Page.valid() {
		return v2Invalid("조회 조건이 올바르지 않습니다.")
	}
	var found []*v2Schedule
	for _, x := range s.v2.schedules.all() {
		if !x.at.Before(from) && !x.at.After(until) && q.wants(x) {
			found = append(found, x)
		}
	}
	slices.SortStableFunc(found, func(x, y *v2Schedule) int {
		switch q.Sort.By {
		case "TIME_TO_PAY":
			return x.at.Compare(y.at)
		case "COMPLETED_AT", "STATUS_TIMESTAMP":
			return x.ended.Compare(y.ended)
		default:
			return cmp.Compare(x.seq, y.seq)
		}
	})
	if q.Sort.Order != "ASC" {
		slices.Reverse(found)
	}
	wires := []map[string]any{}
	for _, x := range found {
		wires = append(wires, s.v2ScheduleWire(x))
	}
	return q.Page.answer(wires)
}

func (q v2SchedulesQuery) wants(x *v2Schedule) bool {
	return (q.Filter.BillingKey == "" || q.Filter.BillingKey == x.key.key) &&
		(len(q.Filter.Status) == 0 || slices.Contains(q.Filter.Status, x.status)) &&
		(q.Filter.IsForTest == nil || *q.Filter.IsForTest == x.key.channel.Test)
}

type v2RevokeRequest struct {
	BillingKey  string   `json:"billingKey"`
	ScheduleIDs []string `json:"scheduleIds"`
}

// v2Revoke takes schedules back: those that are named, or all of a billing key; all of them, or none.
func (s *Sandbox) v2Revoke(c *call) answer {
	var req v2RevokeRequest
	if refusal := s.v2Question(c, &req); refusal != nil {
		return *refusal
	}
	list, refusal := s.v2Revocable(req)
	if refusal != nil {
		return *refusal
	}
	ids := []string{}
	for _, x := range list {
		x.status, x.ended = "REVOKED", c.now
		s.noLonger(pgV2, x.id)
		ids = append(ids, x.id)
	}
	return jsonAnswer(http.StatusOK, map[string]any{"revokedScheduleIds": ids, "revokedAt": rfc3339(c.now)})
}

// v2Revocable finds the schedules that a request takes back, or why it does not.
func (s *Sandbox) v2Revocable(req v2RevokeRequest) ([]*v2Schedule, *answer) {
	refuse := func(status int, kind, message string) ([]*v2Schedule, *answer) {
		a := v2Error(status, kind, message)
		return nil, &a
	}
	if req.BillingKey == "" && len(req.ScheduleIDs) == 0 {
		return refuse(http.StatusBadRequest, "INVALID_REQUEST", "billingKey와 scheduleIds 중 하나는 필수입니다.")
	}
	if req.BillingKey != "" {
		if _, refusal := s.v2LiveKey(req.BillingKey, ""); refusal != nil {
			return nil, refusal
		}
	}
	var list []*v2Schedule
	if len(req.ScheduleIDs) == 0 {
		for _, x := range s.v2.schedules.all() {
			if x.key.key == req.BillingKey && x.status == "SCHEDULED" {
				list = append(list, x)
			}
		}
		return list, nil
	}
	for _, id := range req.ScheduleIDs {
		x, ok := s.v2.schedules.get(id)
		switch {
		case !ok || (req.BillingKey != "" && x.key.key != req.BillingKey):
			return refuse(http.StatusNotFound, "PAYMENT_SCHEDULE_NOT_FOUND", "결제 예약 건이 존재하지 않습니다.")
		case x.status == "REVOKED":
			return refuse(http.StatusConflict, "PAYMENT_SCHEDULE_ALREADY_REVOKED", "이미 취소된 결제 예약입니다.")
		case x.status != "SCHEDULED":
			return refuse(http.StatusConflict, "PAYMENT_SCHEDULE_ALREADY_PROCESSED", "이미 처리된 결제 예약입니다.")
		}
		list = append(list, x)
	}
	return list, nil
}
