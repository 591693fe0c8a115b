package portonev2_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

// lists serves V2's two ways of listing.
type lists struct {
	events, search func(q map[string]any) (int, string)
	asked          []string
}

func (s *lists) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q map[string]any
	_ = json.Unmarshal([]byte(r.URL.Query().Get("requestBody")), &q)
	s.asked = append(s.asked, strings.TrimPrefix(r.URL.Path, "/portone/v2")+" "+r.URL.Query().Get("requestBody"))
	answer := s.events
	if r.URL.Path == "/portone/v2/payments" {
		answer = s.search
	}
	status, body := http.StatusNotFound, `{"type":"NOT_FOUND"}`
	if answer != nil {
		status, body = answer(q)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// changed is an object with some members in place of others, as in `,"amount":1`.
func changed(object, changes string) string {
	var fields map[string]json.RawMessage
	for _, text := range []string{object, "{" + strings.TrimPrefix(changes, ",") + "}"} {
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			panic(err)
		}
	}
	text, _ := json.Marshal(fields)
	return string(text)
}

func listEvent(changes string) string {
	return `{"cursor":"c1","paymentEvent":` + changed(
		`{"type":"PAID","id":"e1","paymentId":"A1","transactionId":"tx-1","storeId":"store-1","version":"V2","channel":{"type":"LIVE"},`+
			`"createdAt":"2026-03-01T00:00:00Z","currency":"KRW","totalAmount":{"total":1000,"cancelled":0}}`, changes) + `}`
}

func listPayment(changes string) string {
	return changed(
		`{"status":"PAID","id":"A1","transactionId":"tx-1","storeId":"store-1","version":"V2","channel":{"type":"TEST"},`+
			`"statusChangedAt":"2026-03-01T00:00:00Z","currency":"KRW","amount":{"total":1000,"cancelled":0}}`, changes)
}

func listItems(items ...string) func(map[string]any) (int, string) {
	return func(map[string]any) (int, string) {
		return 200, `{"items":[` + strings.Join(items, ",") + `],"page":{"number":0,"size":150,"totalCount":` + fmt.Sprint(len(items)) + `}}`
	}
}

type listing struct {
	Payments []adapters.Listed
	Odd      int
	Detour   bool
}

func lister(t *testing.T, s *lists) func(now time.Time) (listing, error) {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	acc := account(srv.URL)
	acc.PG.ReadTimeout = 5 * time.Second
	d := portonev2.New(onewrite.New(onewrite.Options{}))
	return func(now time.Time) (listing, error) {
		var l listing
		req := adapters.ListRequest{PG: acc.PG, From: listFrom(), Until: listFrom().Add(time.Minute), Now: now}
		for range 60 {
			page, err := d.List(t.Context(), req)
			if err != nil {
				return l, err
			}
			l.Payments, l.Odd, l.Detour = append(l.Payments, page.Payments...), l.Odd+page.Odd, l.Detour || page.Detour != ""
			if req.Next = page.Next; req.Next == "" {
				return l, nil
			}
		}
		t.Fatal("the list does not end")
		return l, nil
	}
}

func listFrom() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }

func TestListReadsTheLogOfEvents(t *testing.T) {
	t.Parallel()
	s := &lists{events: func(q map[string]any) (int, string) {
		if q["cursor"] == nil {
			var page []string
			for range 150 {
				page = append(page, listEvent(""))
			}
			return listItems(page...)(nil)
		}
		return listItems(
			listEvent(`,"type":"PARTIAL_CANCELLED","totalAmount":{"total":1000,"cancelled":300}`),
			listEvent(`,"type":"CANCELLED","channel":{"type":"TEST"}`), listEvent(`,"storeId":"another"`), listEvent(`,"version":"V1"`),
			listEvent(`,"currency":"USD"`), listEvent(`,"type":"DISPUTED"`),
		)(nil)
	}}
	got, err := lister(t, s)(listFrom())
	if err != nil || got.Odd != 1 || got.Detour || len(got.Payments) != 153 || !got.Payments[152].Foreign || got.Payments[152].Won() != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	paid := adapters.Listed{OrderRef: "A1", PGTxID: "tx-1", Outcome: payment.OutcomeApproved, Amount: 1000, At: listFrom()}
	part, back := paid, paid
	part.Cancelled = 300
	back.Outcome, back.Cancelled, back.Test = payment.OutcomeCancelled, 1000, true
	if diff := cmp.Diff([]adapters.Listed{paid, part, back}, got.Payments[149:152]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		`/payment-events-by-cursor {"storeId":"store-1","from":"2026-03-01T00:00:00.000Z","until":"2026-03-01T00:01:00.001Z","size":150}`,
		`/payment-events-by-cursor {"storeId":"store-1","from":"2026-03-01T00:00:00.000Z","until":"2026-03-01T00:01:00.001Z","cursor":"c1","size":150}`,
	}, s.asked); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
}

func TestListSearchesWhereEventsAreNotAsTheyAreKnown(t *testing.T) {
	t.Parallel()
	full := make([]string, 150)
	for i := range full {
		full[i] = listEvent("")
	}
	for name, events := range map[string]func(map[string]any) (int, string){
		"there are none":               nil,
		"a failure":                    func(map[string]any) (int, string) { return 500, `{"type":"X"}` },
		"not JSON":                     func(map[string]any) (int, string) { return 200, `{` },
		"no list":                      func(map[string]any) (int, string) { return 200, `{"events":[]}` },
		"an entry of another form":     listItems(`{"cursor":"c1","event":{}}`),
		"an entry without its cursor":  listItems(strings.Replace(listEvent(""), "cursor", "next", 1)),
		"no payment":                   listItems(listEvent(""), strings.Replace(listEvent(""), "paymentId", "payment", 1)),
		"no amount":                    listItems(strings.Replace(listEvent(""), "totalAmount", "amounts", 1)),
		"an amount of another form":    listItems(listEvent(`,"totalAmount":"1000"`)),
		"a time of another form":       listItems(listEvent(`,"createdAt":1234`)),
		"a cursor that does not move":  listItems(full...),
		"another store is not allowed": func(map[string]any) (int, string) { return 403, `{"type":"FORBIDDEN"}` },
	} {
		s := &lists{events: events, search: listItems(
			listPayment(""), listPayment(`,"status":"CANCELLED"`), listPayment(`,"status":"VIRTUAL_ACCOUNT_ISSUED"`),
			listPayment(`,"status":"SOMETHING"`), listPayment(`,"amount":{"total":"x"}`),
		)}
		list := lister(t, s)
		got, err := list(listFrom())
		if err != nil || !got.Detour || got.Odd != 2 || len(got.Payments) < 3 {
			t.Errorf("%s: %d payments, %d odd, %v", name, len(got.Payments), got.Odd, err)
		}
		asked := len(s.asked)
		if _, err := list(listFrom().Add(time.Minute)); err != nil || len(s.asked) != asked+1 {
			t.Errorf("%s: events were asked for again at once: %q, %v", name, s.asked[asked:], err)
		}
		if _, err := list(listFrom().Add(time.Hour)); err != nil || len(s.asked) < asked+3 {
			t.Errorf("%s: events were not tried again later: %q, %v", name, s.asked[asked:], err)
		}
	}
}

func TestListSearchesPageByPage(t *testing.T) {
	t.Parallel()
	s := &lists{search: func(q map[string]any) (int, string) {
		page := q["page"].(map[string]any)
		n, size := int(page["number"].(float64)), int(page["size"].(float64))
		var items []string
		for i := n * size; i < min((n+1)*size, 400); i++ {
			changes := ""
			if size == 150 && i == 200 {
				changes = `,"customData":"` + strings.Repeat("x", 1<<20) + `"`
			}
			items = append(items, listPayment(changes+fmt.Sprintf(`,"transactionId":"tx-%d"`, i)))
		}
		return 200, `{"items":[` + strings.Join(items, ",") + `],"page":{"totalCount":400}}`
	}}
	list := lister(t, s)
	got, err := list(listFrom())
	if err != nil || len(got.Payments) != 400 {
		t.Fatalf("%d payments, %v", len(got.Payments), err)
	}
	for i, l := range got.Payments {
		if l.PGTxID != fmt.Sprintf("tx-%d", i) {
			t.Fatalf("the payment at %d is %s", i, l.PGTxID)
		}
	}
}

func TestListFailsWhereNothingCanBeAsked(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 429} {
		answer := func(map[string]any) (int, string) { return status, `{"type":"X"}` }
		s := &lists{events: answer, search: listItems()}
		if _, err := lister(t, s)(listFrom()); !errors.Is(err, adapters.ErrUnavailable) || len(s.asked) != 1 {
			t.Errorf("%d: %v, asked %q", status, err, s.asked)
		}
	}
	s := &lists{search: func(map[string]any) (int, string) { return 500, `{}` }}
	if _, err := lister(t, s)(listFrom()); !errors.Is(err, adapters.ErrUnavailable) {
		t.Error(err)
	}
}
