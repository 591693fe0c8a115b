package sandbox

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxCursorSize is how much one call of a list by cursor answers at most.
const maxCursorSize = 1000

// v2Event is money that moved: what the list of events is made of.
type v2Event struct {
	id      string
	seq     int64
	at      time.Time
	attempt *v2Attempt
	// kind is PAID, PARTIAL_CANCELLED or CANCELLED.
	kind   string
	amount Won
	// paid, cancelled and back are how the payment stood when it happened.
	paid      Won
	cancelled Won
	back      taxes
	cancel    *v2Cancellation
}

// v2Happened writes an event down; callers hold the mutex.
func (s *Sandbox) v2Happened(a *v2Attempt, kind string, amount Won, cancel *v2Cancellation, at time.Time) {
	e := &v2Event{
		id: randomUUID(), seq: s.next(), at: at, attempt: a, kind: kind, amount: amount, paid: a.paidAmount,
		cancelled: a.cancelled, back: a.back, cancel: cancel,
	}
	s.v2.events.put(e.id, e)
}

// v2EventWire is V2's event object.
func (s *Sandbox) v2EventWire(e *v2Event) map[string]any {
	a := e.attempt
	out := s.v2Head(a)
	out["type"], out["id"], out["paymentId"] = e.kind, e.id, a.payment.id
	out["createdAt"], out["eventAmount"] = rfc3339(e.at), e.amount
	out["totalAmount"] = a.amountWire(e.paid, e.cancelled, e.back)
	out["method"], out["pgTxId"] = a.methodWire(), a.pgTxID
	if e.kind == "PAID" {
		out["disputes"] = []any{}
	}
	if e.cancel != nil {
		out["cancellation"] = e.cancel.wire()
	}
	return out
}

// v2CursorQuery is the question of a list by cursor.
type v2CursorQuery struct {
	v2Span
	Cursor string `json:"cursor"`
	Size   *int   `json:"size"`
}

// read checks the question; after is the number of the last item that the caller has.
func (q v2CursorQuery) read(now time.Time) (from, until time.Time, after int64, size int, ok bool) {
	size = 10
	if q.Size != nil {
		size = *q.Size
	}
	from, until, ok = q.between(now)
	after, known := cursorNumber(q.Cursor)
	return from, until, after, size, ok && known && size >= 1 && size <= maxCursorSize
}

// cursorOf hides an item's number: a caller is to make nothing of a cursor.
func cursorOf(seq int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("seq:" + strconv.FormatInt(seq, 10)))
}

func cursorNumber(cursor string) (seq int64, ok bool) {
	if cursor == "" {
		return 0, true
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	digits, ok := strings.CutPrefix(string(text), "seq:")
	if !ok {
		return 0, false
	}
	seq, err = strconv.ParseInt(digits, 10, 64)
	return seq, err == nil && seq > 0
}

// v2PaymentsByCursor lists the payments that were made in a time, the oldest first.
func (s *Sandbox) v2PaymentsByCursor(c *call) answer {
	return s.v2ByCursor(c, func(from, until time.Time, after int64, size int) []map[string]any {
		items := []map[string]any{}
		for _, p := range s.v2.payments.all() {
			if len(items) < size && p.seq > after && !p.created.Before(from) && !p.created.After(until) {
				items = append(items, map[string]any{"payment": s.v2Wire(p.current), "cursor": cursorOf(p.seq)})
			}
		}
		return items
	})
}

// v2EventsByCursor lists the money that moved in a time, the oldest first.
func (s *Sandbox) v2EventsByCursor(c *call) answer {
	return s.v2ByCursor(c, func(from, until time.Time, after int64, size int) []map[string]any {
		items := []map[string]any{}
		for _, e := range s.v2.events.all() {
			if len(items) < size && e.seq > after && !e.at.Before(from) && !e.at.After(until) {
				items = append(items, map[string]any{"paymentEvent": s.v2EventWire(e), "cursor": cursorOf(e.seq)})
			}
		}
		return items
	})
}

func (s *Sandbox) v2ByCursor(
	c *call, list func(from, until time.Time, after int64, size int) []map[string]any,
) answer {
	var q v2CursorQuery
	if refusal := s.v2Question(c, &q); refusal != nil {
		return *refusal
	}
	from, until, after, size, ok := q.read(c.now)
	if !ok {
		return v2Invalid("조회 조건이 올바르지 않습니다.")
	}
	return jsonAnswer(http.StatusOK, map[string]any{"items": list(from, until, after, size)})
}
