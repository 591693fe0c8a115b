package portonev2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.Lister = (*Driver)(nil)

const (
	// listSize is how many entries a page has, so that one stays below what is read of an answer.
	listSize = 150
	// listSmall is the size for entries that carry so much of the shop's own data that such a page is too long.
	listSmall = 10
	// detourFor is how long events are not asked for after they came in another form than is known.
	detourFor = 10 * time.Minute
)

// Ways to list. Events are PortOne's own log, of which nothing ever moves to another page, and which is read in one
// request for many; but PortOne calls it unstable. The search is stable, and slower.
const (
	byEvents = "events"
	bySearch = "search"
)

// errUnknownForm tells that events came in another form than is known, or not at all.
var errUnknownForm = errors.New("payment events are not as they are known")

// listPlace is where a page stands. At is a cursor of the events, or the number of a page of the search.
type listPlace struct {
	Way  string `json:"way"`
	Size int    `json:"size"`
	At   string `json:"at"`
	Page int    `json:"page"`
}

func (p listPlace) String() string {
	text, _ := json.Marshal(p)
	return string(text)
}

func (d *Driver) place(req adapters.ListRequest) (p listPlace, err error) {
	switch {
	case req.Next != "":
		if err := json.Unmarshal([]byte(req.Next), &p); err != nil {
			return p, fmt.Errorf("%w: no place of a list", adapters.ErrRejected)
		}
	case d.detours(req):
		p = listPlace{Way: bySearch, Size: listSize}
	default:
		p = listPlace{Way: byEvents, Size: listSize}
	}
	return p, nil
}

// List implements adapters.Lister: by the log of events, and where that is not as it is known by a search for what has
// changed. Events are of money that came in or went back; the search shows accounts that wait for a deposit too.
func (d *Driver) List(ctx context.Context, req adapters.ListRequest) (adapters.ListPage, error) {
	const doing = "listing the payments at PortOne"
	if err := checkSecret(req.PG); err != nil {
		return adapters.ListPage{}, fmt.Errorf("%s: %w", doing, err)
	}
	p, err := d.place(req)
	if err != nil {
		return adapters.ListPage{}, err
	}
	page, err := d.listPage(ctx, req, p)
	if errors.Is(err, errUnknownForm) { //guard:events-of-another-form-are-searched
		why := err.Error()
		d.detour(req)
		// From the beginning: where the log was left off says nothing of the search.
		page, err = d.listPage(ctx, req, listPlace{Way: bySearch, Size: listSize})
		page.Detour = why
	}
	if err != nil {
		return adapters.ListPage{}, wire.ReadError(doing, err)
	}
	return page, nil
}

func (d *Driver) listPage(ctx context.Context, req adapters.ListRequest, p listPlace) (adapters.ListPage, error) {
	read := d.events
	if p.Way == bySearch {
		read = d.search
	}
	page, err := read(ctx, req, p)
	if errors.Is(err, onewrite.ErrTooLarge) && p.Size > listSmall { //guard:too-long-a-list-is-read-in-parts
		p.Page, p.Size = p.Page*(p.Size/listSmall), listSmall
		page, err = read(ctx, req, p)
	}
	return page, err
}

// detours tells whether events came in another form a short while ago.
func (d *Driver) detours(req adapters.ListRequest) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return req.Now.Before(d.searched[root(req.PG)+storeOf(req.PG)])
}

func (d *Driver) detour(req adapters.ListRequest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.searched == nil {
		d.searched = map[string]time.Time{}
	}
	d.searched[root(req.PG)+storeOf(req.PG)] = req.Now.Add(detourFor)
}

// ask sends a list's question. PortOne takes it as a query, since bodies of a GET are lost on the way.
func (d *Driver) ask(ctx context.Context, req adapters.ListRequest, path string, body any) (wire.Answer, error) {
	text, err := wire.JSON(body)
	if err != nil {
		return wire.Answer{}, err
	}
	address := root(req.PG) + path + "?" + url.Values{"requestBody": {text}}.Encode()
	return d.call(ctx, req.PG, req.PG.ReadTimeout, http.MethodGet, address, "", nil)
}

type eventsBody struct {
	StoreID string `json:"storeId,omitempty"`
	From    string `json:"from"`
	Until   string `json:"until"`
	Cursor  string `json:"cursor,omitempty"`
	Size    int    `json:"size"`
}

type eventsAnswer struct {
	Items *[]struct {
		Event  *entry `json:"paymentEvent"`
		Cursor string `json:"cursor"`
	} `json:"items"`
}

// events reads a page of the log. Whatever in it is not as it is known, of one entry only, matches errUnknownForm: what
// such an entry is about, nobody can say.
func (d *Driver) events(ctx context.Context, req adapters.ListRequest, p listPlace) (adapters.ListPage, error) {
	answer, err := d.ask(ctx, req, "/payment-events-by-cursor", eventsBody{
		StoreID: storeOf(req.PG), From: stamp(req.From), Until: stampAfter(req.Until), Cursor: p.At, Size: p.Size,
	})
	switch {
	case err != nil:
		return adapters.ListPage{}, err
	case answer.Status == http.StatusUnauthorized || answer.Status == http.StatusTooManyRequests:
		return adapters.ListPage{}, fmt.Errorf("%w: HTTP status %d", wire.ErrShape, answer.Status)
	case answer.Status != http.StatusOK || !answer.IsJSON():
		return adapters.ListPage{}, fmt.Errorf("%w: HTTP status %d", errUnknownForm, answer.Status)
	}
	var a eventsAnswer
	if err := json.Unmarshal(answer.Body, &a); err != nil || a.Items == nil { //guard:events-have-a-list
		return adapters.ListPage{}, fmt.Errorf("%w: no list of events", errUnknownForm)
	}
	page := adapters.ListPage{}
	for _, item := range *a.Items {
		if item.Event == nil || item.Cursor == "" || !item.Event.isEvent() { //guard:an-event-is-as-it-is-known
			return adapters.ListPage{}, fmt.Errorf("%w: an event lacks what it had", errUnknownForm)
		}
		d.take(&page, req.PG, *item.Event, item.Event.event)
	}
	if n := len(*a.Items); n > 0 && n >= p.Size {
		next := (*a.Items)[n-1].Cursor
		if next == p.At { //guard:events-that-stand-still
			return adapters.ListPage{}, fmt.Errorf("%w: the cursor does not move", errUnknownForm)
		}
		page.Next = listPlace{Way: byEvents, Size: p.Size, At: next}.String()
	}
	return page, nil
}

type searchBody struct {
	Page   searchPage   `json:"page"`
	Filter searchFilter `json:"filter"`
}

type searchPage struct {
	Number int `json:"number"`
	Size   int `json:"size"`
}

type searchFilter struct {
	StoreID       string   `json:"storeId,omitempty"`
	TimestampType string   `json:"timestampType"`
	From          string   `json:"from"`
	Until         string   `json:"until"`
	Status        []string `json:"status"`
	SortBy        string   `json:"sortBy"`
	SortOrder     string   `json:"sortOrder"`
}

type searchAnswer struct {
	Items *[]entry `json:"items"`
	Page  struct {
		Total int `json:"totalCount"`
	} `json:"page"`
}

// search reads a page of the payments whose status changed in the period.
func (d *Driver) search(ctx context.Context, req adapters.ListRequest, p listPlace) (adapters.ListPage, error) {
	answer, err := d.ask(ctx, req, "/payments", searchBody{
		Page: searchPage{p.Page, p.Size},
		Filter: searchFilter{
			StoreID: storeOf(req.PG), TimestampType: "STATUS_CHANGED_AT", From: stamp(req.From), Until: stampAfter(req.Until),
			Status: []string{"PAID", "PARTIAL_CANCELLED", "CANCELLED", "VIRTUAL_ACCOUNT_ISSUED"},
			SortBy: "STATUS_CHANGED_AT", SortOrder: "ASC",
		},
	})
	if err != nil {
		return adapters.ListPage{}, err
	}
	if answer.Status != http.StatusOK || !answer.IsJSON() {
		return adapters.ListPage{}, fmt.Errorf("%w: HTTP status %d", wire.ErrShape, answer.Status)
	}
	var a searchAnswer
	// A field of another type leaves its entry unread, and the others are read.
	err = json.Unmarshal(answer.Body, &a)
	if _, odd := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !odd || a.Items == nil {
		return adapters.ListPage{}, fmt.Errorf("%w: no list of payments", wire.ErrShape)
	}
	page := adapters.ListPage{}
	for _, e := range *a.Items {
		d.take(&page, req.PG, e, e.payment)
	}
	if read := p.Page*p.Size + len(*a.Items); len(*a.Items) > 0 && read < a.Page.Total {
		page.Next = listPlace{Way: bySearch, Size: p.Size, Page: p.Page + 1}.String()
	}
	return page, nil
}

// entry is what is read of an event or of a payment, which are many times longer. The two call some things alike.
type entry struct {
	// An event has type and paymentId, a payment status and id.
	Type          string       `json:"type"`
	PaymentID     string       `json:"paymentId"`
	TotalAmount   *entryAmount `json:"totalAmount"`
	CreatedAt     time.Time    `json:"createdAt"`
	Status        string       `json:"status"`
	ID            string       `json:"id"`
	Amount        *entryAmount `json:"amount"`
	ChangedAt     time.Time    `json:"statusChangedAt"`
	TransactionID string       `json:"transactionId"`
	StoreID       string       `json:"storeId"`
	Version       string       `json:"version"`
	Currency      string       `json:"currency"`
	Channel       struct {
		Type string `json:"type"`
	} `json:"channel"`
}

// entryAmount is read as it is written: a number of another type would come out as nothing.
type entryAmount struct {
	Total     json.RawMessage `json:"total"`
	Cancelled json.RawMessage `json:"cancelled"`
}

// won are the amount and what was given back of it; ok is false when that is no amount of won.
func (a *entryAmount) won() (total, cancelled payment.Won, ok bool) {
	if a == nil {
		return 0, 0, false
	}
	total, err := payment.ParseWon(string(a.Total))
	if err == nil && len(a.Cancelled) > 0 {
		cancelled, err = payment.ParseWon(string(a.Cancelled))
	}
	return total, cancelled, err == nil && cancelled <= total
}

// isEvent tells whether an entry has all that an event is known to have.
func (e entry) isEvent() bool {
	return e.Type != "" && e.PaymentID != "" && e.TransactionID != "" && !e.CreatedAt.IsZero() && e.Currency != "" &&
		e.TotalAmount != nil && len(e.TotalAmount.Total) > 0 && e.TotalAmount.Total[0] != '"'
}

// take adds an entry to a page. What is of another store is nobody's here, and V1's payments are listed by V1's driver.
func (d *Driver) take(page *adapters.ListPage, pg *payment.PG, e entry, as func() (adapters.Listed, bool)) {
	if store := storeOf(pg); e.StoreID != "" && store != "" && e.StoreID != store || e.Version == "V1" {
		return
	}
	l, ok := as()
	l.PGTxID, l.Test = e.TransactionID, e.Channel.Type == "TEST"
	// A buyer may have changed the currency in his window, and what he paid then is money under our id.
	if l.Foreign = e.Currency != "KRW"; l.Foreign {
		l.Amount, l.Cancelled = 0, 0
	}
	if !ok || e.Currency == "" || l.OrderRef == "" || l.PGTxID == "" {
		page.Odd++
		return
	}
	page.Payments = append(page.Payments, l)
}

// event is an entry of the log. How much of a payment had gone back by then, only the events of cancels say.
func (e entry) event() (adapters.Listed, bool) {
	total, cancelled, ok := e.TotalAmount.won()
	l := adapters.Listed{OrderRef: payment.AttemptID(e.PaymentID), Amount: total, At: e.CreatedAt.UTC()}
	switch e.Type {
	case "PAID":
		l.Outcome = payment.OutcomeApproved
	case "PARTIAL_CANCELLED":
		l.Outcome, l.Cancelled = payment.OutcomeApproved, cancelled
	case "CANCELLED":
		l.Outcome, l.Cancelled = payment.OutcomeCancelled, l.Amount
	default:
		return l, false
	}
	return l, ok
}

// payment is an entry of the search.
func (e entry) payment() (adapters.Listed, bool) {
	l := adapters.Listed{OrderRef: payment.AttemptID(e.ID), At: e.ChangedAt.UTC(), Outcome: outcome(e.Status)}
	var ok bool
	l.Amount, l.Cancelled, ok = e.Amount.won()
	switch l.Outcome { //nolint:exhaustive // the search asks for no other
	case payment.OutcomeApproved, payment.OutcomeIssued:
		return l, ok
	case payment.OutcomeCancelled:
		l.Cancelled = l.Amount
		return l, ok
	}
	return l, false
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// stampAfter is stamp with what happened within its millisecond in it.
func stampAfter(t time.Time) string { return stamp(t.Add(time.Millisecond)) }
