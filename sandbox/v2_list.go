package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxListed is how far into a list V2 lets a caller look (portone.md §4.5).
const maxListed = 60_000

// v2Page is which page of a list is asked for, the first being 0.
type v2Page struct {
	Number int  `json:"number"`
	Size   *int `json:"size"`
}

func (p v2Page) size() int {
	if p.Size == nil {
		return 10
	}
	return *p.Size
}

func (p v2Page) valid() bool {
	// Not (number+1)*size, which may overflow.
	return p.Number >= 0 && p.size() >= 1 && p.Number < maxListed/p.size()
}

// answer is the page of what was found.
func (p v2Page) answer(found []map[string]any) answer {
	first := min(p.Number*p.size(), len(found))
	last := min(first+p.size(), len(found))
	return jsonAnswer(http.StatusOK, map[string]any{
		"items": found[first:last],
		"page":  map[string]int{"number": p.Number, "size": p.size(), "totalCount": len(found)},
	})
}

// v2Span is the time that a list is about.
type v2Span struct {
	From  string `json:"from"`
	Until string `json:"until"`
}

// between reads the time: by default it ends now, and starts 90 days before its end.
func (q v2Span) between(now time.Time) (from, until time.Time, ok bool) {
	until = now
	var err error
	if q.Until != "" {
		if until, err = time.Parse(time.RFC3339, q.Until); err != nil {
			return from, until, false
		}
	}
	from = until.AddDate(0, 0, -90)
	if q.From != "" {
		if from, err = time.Parse(time.RFC3339, q.From); err != nil {
			return from, until, false
		}
	}
	return from, until, true
}

// v2Question reads what a GET asks: its body, or the query parameter requestBody (portone.md §4.1).
func (s *Sandbox) v2Question(c *call, into any) *answer {
	c.ref = ""
	asked := *c
	if v := c.r.URL.Query().Get("requestBody"); v != "" {
		asked.body = []byte(v)
	}
	asked.body = []byte(strings.TrimSpace(string(asked.body)))
	var filter struct {
		Filter struct {
			StoreID string `json:"storeId"`
		} `json:"filter"`
	}
	if refusal := s.v2Decode(&asked, into); refusal != nil {
		return refusal
	}
	err := json.Unmarshal(asked.body, &filter)
	if id := filter.Filter.StoreID; err == nil && id != "" && id != s.cfg.V2.StoreID {
		a := v2Error(http.StatusForbidden, "FORBIDDEN", "접근 권한이 없는 상점입니다.")
		return &a
	}
	return nil
}

// v2PaymentsQuery is the question of the search for payments.
type v2PaymentsQuery struct {
	Page   v2Page `json:"page"`
	Filter struct {
		v2Span
		TimestampType string   `json:"timestampType"`
		Status        []string `json:"status"`
		Methods       []string `json:"methods"`
		PGProvider    []string `json:"pgProvider"`
		IsTest        *bool    `json:"isTest"`
		IsScheduled   *bool    `json:"isScheduled"`
		IsEscrow      *bool    `json:"isEscrow"`
		SortBy        string   `json:"sortBy"`
		SortOrder     string   `json:"sortOrder"`
		Version       string   `json:"version"`
		Currency      string   `json:"currency"`
		TextSearch    []v2Text `json:"textSearch"`
	} `json:"filter"`
}

// v2Text is a text that is looked for; the stand-in knows the fields PAYMENT_ID, TX_ID, SCHEDULE_ID and ALL of them.
type v2Text struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// v2Payments searches payments, a page at a time, the newest first.
func (s *Sandbox) v2Payments(c *call) answer {
	var q v2PaymentsQuery
	if refusal := s.v2Question(c, &q); refusal != nil {
		return *refusal
	}
	from, until, ok := q.Filter.between(c.now)
	if !ok || !q.Page.valid() {
		return v2Invalid("조회 조건이 올바르지 않습니다.")
	}
	var found []*v2Attempt
	for _, p := range s.v2.payments.all() {
		at := p.created
		if q.Filter.TimestampType == "STATUS_CHANGED_AT" {
			at = p.current.changedAt
		}
		if !at.Before(from) && !at.After(until) && q.wants(p.current) {
			found = append(found, p.current)
		}
	}
	slices.SortStableFunc(found, func(x, y *v2Attempt) int {
		if q.Filter.SortBy == "STATUS_CHANGED_AT" {
			return x.changedAt.Compare(y.changedAt)
		}
		return cmp.Compare(x.payment.seq, y.payment.seq)
	})
	if q.Filter.SortOrder != "ASC" {
		slices.Reverse(found)
	}
	wires := []map[string]any{}
	for _, a := range found {
		wires = append(wires, s.v2Wire(a))
	}
	return q.Page.answer(wires)
}

// wants tells whether a payment fits what is asked for beside its time.
func (q v2PaymentsQuery) wants(a *v2Attempt) bool {
	f := q.Filter
	// The filter says PENDING where the object says PAY_PENDING (portone.md §4.6).
	status := strings.TrimPrefix(a.status, "PAY_")
	return (len(f.Status) == 0 || slices.Contains(f.Status, status)) &&
		(len(f.Methods) == 0 || slices.Contains(f.Methods, a.payMethod)) &&
		(len(f.PGProvider) == 0 || slices.Contains(f.PGProvider, v2Provider)) &&
		(f.IsTest == nil || *f.IsTest == a.channel.Test) &&
		(f.IsScheduled == nil || *f.IsScheduled == (a.schedule != "")) &&
		(f.IsEscrow == nil || *f.IsEscrow == (a.escrow != "")) &&
		(f.Version == "" || f.Version == "V2") &&
		(f.Currency == "" || f.Currency == a.currency) &&
		!slices.ContainsFunc(f.TextSearch, func(t v2Text) bool { return !t.in(a) })
}

// in tells whether the text stands in its field of a payment.
func (t v2Text) in(a *v2Attempt) bool {
	fields := map[string]string{"PAYMENT_ID": a.payment.id, "TX_ID": a.txID, "SCHEDULE_ID": a.schedule}
	for name, text := range fields {
		if (t.Field == "ALL" || t.Field == name) && strings.Contains(text, t.Value) {
			return true
		}
	}
	return false
}
