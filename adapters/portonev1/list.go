package portonev1

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.Lister = (*Driver)(nil)

const (
	// listSize is how many payments a page has, so that one stays below what is read of an answer.
	listSize = 250
	// listSmall is the size for payments that carry so much of the shop's own data that such a page is too long.
	listSmall = 10
)

// listPlace is where a page stands: V1 lists by status, page by page.
type listPlace struct {
	status string
	size   int
	page   int
}

// listed are the statuses that money moves by, in the order in which they are read. What is given back while they are
// read is then read twice, and not passed over.
func listed() []string { return []string{"paid", "cancelled", "ready"} }

func (p listPlace) String() string { return fmt.Sprintf("%s %d %d", p.status, p.size, p.page) }

func readPlace(next string) (p listPlace, err error) {
	if next == "" {
		return listPlace{listed()[0], listSize, 1}, nil
	}
	if _, err := fmt.Sscanf(next, "%s %d %d", &p.status, &p.size, &p.page); err != nil {
		return p, fmt.Errorf("%w: no place of a list", adapters.ErrRejected)
	}
	return p, nil
}

// after is the place behind a page; empty behind the last one.
func (p listPlace) after(more bool) string {
	if more {
		p.page++
		return p.String()
	}
	for i, status := range listed() {
		if status == p.status && i+1 < len(listed()) {
			return listPlace{listed()[i+1], listSize, 1}.String()
		}
	}
	return ""
}

// List implements adapters.Lister. Payments by test channels are in it too: V1 hides those from a look-up by imp_uid
// alone (portone.md §1.5). A period goes by when a payment was paid, or cancelled; for what is not paid yet by when its
// window was opened.
func (d *Driver) List(ctx context.Context, req adapters.ListRequest) (adapters.ListPage, error) {
	const doing = "listing the payments at PortOne"
	p, err := readPlace(req.Next)
	if err != nil {
		return adapters.ListPage{}, err
	}
	found, more, err := d.listOne(ctx, req, p)
	if errors.Is(err, onewrite.ErrTooLarge) && p.size > listSmall { //guard:too-long-a-page-is-read-in-parts
		p.page, p.size = (p.page-1)*(p.size/listSmall)+1, listSmall
		found, more, err = d.listOne(ctx, req, p)
	}
	if err != nil {
		return adapters.ListPage{}, readError(doing, err)
	}
	page := adapters.ListPage{Next: p.after(more)}
	for _, entry := range found {
		l, wanted, ok := entry.read(p.status)
		switch {
		case !ok:
			page.Odd++
		case wanted:
			page.Payments = append(page.Payments, l)
		}
	}
	return page, nil
}

// listAnswer is a page in V1's envelope.
type listAnswer struct {
	Code     *int `json:"code"`
	Response *struct {
		Next json.Number `json:"next"`
		List *[]entry    `json:"list"`
	} `json:"response"`
}

// listOne reads one page, and tells whether another one follows.
func (d *Driver) listOne(ctx context.Context, req adapters.ListRequest, p listPlace) ([]entry, bool, error) {
	// Newest first means nothing in a period that is over; the oldest first is what the fewest changes move.
	sorting := "updated"
	if p.status == "paid" {
		sorting = "paid"
	}
	query := url.Values{
		"limit": {strconv.Itoa(p.size)}, "page": {strconv.Itoa(p.page)}, "sorting": {sorting},
		"from": {strconv.FormatInt(req.From.Unix(), 10)}, "to": {strconv.FormatInt(req.Until.Unix(), 10)},
	}
	answer, err := d.call(
		ctx, req.PG, req.PG.ReadTimeout, http.MethodGet, "/payments/status/"+p.status+"?"+query.Encode(), nil,
	)
	if err != nil {
		return nil, false, err
	}
	if !answer.IsJSON() {
		return nil, false, fmt.Errorf("%w: HTTP status %d without JSON", wire.ErrShape, answer.Status)
	}
	switch {
	case answer.Status == http.StatusUnauthorized:
		return nil, false, &tokenError{fmt.Errorf("%w: PortOne refuses a fresh token", adapters.ErrUnavailable)}
	case answer.Status == http.StatusNotFound, answer.Status == http.StatusBadRequest && p.page > 1:
		// Nothing in the period, or nothing behind the page before. A 404 is believed of PortOne alone, whose answers
		// have a code.
		var a listAnswer
		if err := json.Unmarshal(answer.Body, &a); err != nil || a.Code == nil {
			return nil, false, fmt.Errorf("%w: HTTP status %d", wire.ErrShape, answer.Status)
		}
		return nil, false, nil
	case answer.Status != http.StatusOK:
		return nil, false, fmt.Errorf("%w: HTTP status %d", wire.ErrShape, answer.Status)
	}
	var a listAnswer
	// A field of another type leaves its entry unread, and the others are read.
	err = json.Unmarshal(answer.Body, &a)
	if _, odd := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !odd {
		return nil, false, fmt.Errorf("%w: not JSON", wire.ErrShape)
	}
	if a.Code == nil || *a.Code != 0 || a.Response == nil || a.Response.List == nil { //guard:v1-list-needs-its-envelope
		return nil, false, fmt.Errorf("%w: no list", wire.ErrShape)
	}
	next := a.Response.Next.String()
	return *a.Response.List, next != "" && next != "0", nil
}

// entry is what is read of a payment in a list, which is many times shorter than the payment.
type entry struct {
	ImpUID      string          `json:"imp_uid"`
	MerchantUID string          `json:"merchant_uid"`
	Status      string          `json:"status"`
	Amount      json.RawMessage `json:"amount"`
	Cancelled   json.RawMessage `json:"cancel_amount"`
	Currency    string          `json:"currency"`
	Sandbox     bool            `json:"sandbox"`
	Account     string          `json:"vbank_num"`
	StartedAt   int64           `json:"started_at"`
	PaidAt      int64           `json:"paid_at"`
	CancelledAt int64           `json:"cancelled_at"`
}

// read is an entry as others read it. wanted is false for a window that was opened and for what was closed before
// anybody paid; ok is false when it cannot be read.
func (e entry) read(status string) (l adapters.Listed, wanted, ok bool) {
	l = adapters.Listed{OrderRef: payment.AttemptID(e.MerchantUID), PGTxID: e.ImpUID, Test: e.Sandbox}
	if e.MerchantUID == "" || !impUID(e.ImpUID) || e.Currency == "" || !e.amounts(&l) {
		return l, false, false
	}
	switch status {
	case "ready":
		l.Outcome, l.At = payment.OutcomeIssued, unix(e.StartedAt)
		return l, e.Account != "", true
	case "cancelled":
		l.At = unix(e.CancelledAt)
		if e.PaidAt == 0 && l.Cancelled == 0 && !l.Foreign {
			return l, false, true
		}
	default:
		l.At = unix(e.PaidAt)
	}
	l.Outcome = payment.OutcomeApproved
	// What was cancelled decides: V1 has no status for a cancel of a part (portone.md §1.5).
	all := l.Cancelled == l.Amount && l.Amount > 0 || l.Foreign && string(e.Cancelled) == string(e.Amount)
	if all { //guard:v1-listed-cancel-goes-by-its-sum
		l.Outcome = payment.OutcomeCancelled
	}
	return l, true, true
}

// amounts reads what was paid and given back; false when it cannot be read. A buyer may have changed the currency in
// his window, and what he paid then is money under our id.
func (e entry) amounts(l *adapters.Listed) bool {
	if l.Foreign = e.Currency != "KRW"; l.Foreign { //guard:v1-other-currency-is-listed
		return true
	}
	var err1, err2 error
	l.Amount, err1 = payment.ParseWon(string(e.Amount))
	if len(e.Cancelled) > 0 {
		l.Cancelled, err2 = payment.ParseWon(string(e.Cancelled))
	}
	return errors.Join(err1, err2) == nil && l.Cancelled <= l.Amount
}

func unix(sec int64) time.Time {
	if sec <= 0 || sec >= maxUnix {
		return time.Time{}
	}
	return time.Unix(sec, 0).UTC()
}
