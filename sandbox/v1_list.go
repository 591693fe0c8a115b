package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// The bounds of V1's lists: how many payments a page has, how many are read by name, how long a window is.
const (
	v1PageDefault = 20
	v1PageMax     = 1000
	v1NamesMax    = 100
	v1WindowMax   = 90 * 24 * time.Hour
)

func v1BadParameters() answer {
	return v1Failure(http.StatusBadRequest, -1, "요청 파라미터가 올바르지 않습니다.")
}

// v1List reads up to 100 payments by imp_uid[] or merchant_uid[]; 207 tells that some are missing.
func (s *Sandbox) v1List(c *call) answer {
	query := v1BodyOfForm(c.r.URL.Query())
	impUIDs, merchantUIDs := query.texts("imp_uid"), query.texts("merchant_uid")
	if n := len(impUIDs) + len(merchantUIDs); n == 0 || n > v1NamesMax {
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
	return v1Some(found, missing, v1NotFound())
}

// v1Some answers what was found of several things asked for, or that it is nothing.
func v1Some(found []any, missing int, nothing answer) answer {
	status := http.StatusOK
	switch {
	case len(found) == 0:
		return nothing
	case missing > 0:
		status = http.StatusMultiStatus
	}
	return jsonAnswer(status, map[string]any{"code": 0, "message": nil, "response": found})
}

// v1Sorted puts payments into the order asked for, or returns false for one that V1 does not know. The list is in the
// order in which the payments were started.
func v1Sorted(list []*v1Payment, sorting string) bool {
	at := func(p *v1Payment) time.Time { return p.startedAt }
	switch sorting {
	// By when it was started, not paid: find answers the newest try, be another one paid (portone.md §6.1).
	case "", "-started", "started":
	case "-paid", "paid":
		at = func(p *v1Payment) time.Time { return p.paidAt }
	case "-updated", "updated":
		at = func(p *v1Payment) time.Time { return p.updatedAt }
	default:
		return false
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
	return true
}

func v1Status(status string) bool {
	return slices.Contains([]string{"ready", "paid", "cancelled", "failed"}, status)
}

// v1Matching returns a merchant_uid's payments of a status in the order asked for, or false for bad parameters.
func (s *Sandbox) v1Matching(c *call) ([]*v1Payment, bool) {
	c.ref = c.r.PathValue("uid")
	status := c.r.PathValue("status")
	if status != "" && !v1Status(status) {
		return nil, false
	}
	all, _ := s.v1.byOrder.get(c.ref)
	list := []*v1Payment{}
	for _, p := range all {
		if status == "" || p.status == status {
			list = append(list, p)
		}
	}
	return list, v1Sorted(list, c.r.URL.Query().Get("sorting"))
}

// v1Find reads the first match of a merchant_uid.
func (s *Sandbox) v1Find(c *call) answer {
	list, ok := s.v1Matching(c)
	if !ok {
		return v1BadParameters()
	}
	if len(list) == 0 {
		return v1NotFound()
	}
	return v1OK(list[0].wire())
}

// v1FindAll reads all matches of a merchant_uid, paged.
func (s *Sandbox) v1FindAll(c *call) answer {
	list, ok := s.v1Matching(c)
	if ok && len(list) == 0 {
		return v1NotFound()
	}
	return v1Page(c.r.URL.Query(), list, ok)
}

// v1ByStatus reads the payments of a status, paged, in a window of at most 90 days.
func (s *Sandbox) v1ByStatus(c *call) answer {
	query, status := c.r.URL.Query(), c.r.PathValue("status")
	window, ok := v1Window(query, c.now)
	if !ok || (status != "all" && !v1Status(status)) {
		return v1BadParameters()
	}
	list := []*v1Payment{}
	for _, p := range s.v1.payments.all() {
		at := p.statusAt()
		// Both ends count (portone.md §1.5), in whole seconds.
		if (status == "all" || p.status == status) && at.Unix() >= window.from.Unix() && at.Unix() <= window.to.Unix() {
			list = append(list, p)
		}
	}
	return v1Page(query, list, v1Sorted(list, query.Get("sorting")))
}

// statusAt is the moment by which a payment is found: of its status, not of its beginning.
func (p *v1Payment) statusAt() time.Time {
	switch p.status {
	case "paid":
		return p.paidAt
	case "cancelled":
		return p.cancelledAt
	case "failed":
		return p.failedAt
	}
	return p.startedAt
}

// span is a time from one moment to another.
type span struct{ from, to time.Time }

// v1Window reads a span in Unix seconds of at most 90 days; what is left out ends now and is 90 days long.
func v1Window(query url.Values, now time.Time) (w span, ok bool) {
	w.to, ok = unixOf(query.Get("to"), now)
	if !ok {
		return w, false
	}
	w.from, ok = unixOf(query.Get("from"), w.to.Add(-v1WindowMax))
	return w, ok && !w.from.After(w.to) && w.to.Unix()-w.from.Unix() <= int64(v1WindowMax/time.Second)
}

// unixOf reads Unix seconds, or takes what holds when they are left out.
func unixOf(text string, otherwise time.Time) (time.Time, bool) {
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(n, 0), err == nil && n >= 0
}

// wired is what V1 writes as an object.
type wired interface{ wire() map[string]any }

// v1Page answers one page of a list.
func v1Page[T wired](query url.Values, list []T, ok bool) answer {
	page, pageOK := pageNumber(query.Get("page"), 1)
	limit, limitOK := pageNumber(query.Get("limit"), v1PageDefault)
	// A page beyond the end is refused, the first one never (portone.md §1.5).
	if !ok || !pageOK || !limitOK || limit > v1PageMax || (page > 1 && (page-1)*limit >= len(list)) {
		return v1BadParameters()
	}
	from := min((page-1)*limit, len(list))
	to := min(from+limit, len(list))
	// Page numbers, with 0 for none (portone.md §1.5).
	out := map[string]any{"total": len(list), "previous": page - 1, "next": 0}
	if to < len(list) {
		out["next"] = page + 1
	}
	out["list"] = wires(list[from:to])
	return v1OK(out)
}

func wires[T wired](list []T) []any {
	out := []any{}
	for _, item := range list {
		out = append(out, item.wire())
	}
	return out
}

// pageNumber reads a number from 1.
func pageNumber(text string, otherwise int) (int, bool) {
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err == nil && n >= 1
}
