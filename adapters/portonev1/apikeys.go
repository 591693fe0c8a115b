package portonev1

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.KeyIssuer = (*Driver)(nil)

const (
	// pendingPast is how late a schedule may be made that its time has come for, and pendingSpan how long a time V1 lists
	// at once: three months, whichever they are (portone.md §1.7). pendingSpans of them are looked through.
	pendingPast  = 24 * time.Hour
	pendingSpan  = 89 * 24 * time.Hour
	pendingSpans = 9
	// pendingPages bounds what is read of one span.
	pendingPages = 10
)

// readKeyName reads whose key a call is about.
func readKeyName(customer string, ask *adapters.APIAsk) error {
	ask.Key = payment.Secret(customer)
	if !isCustomer(ask.Key) {
		return &adapters.FieldError{Field: "customer_uid", Msg: "is none"}
	}
	return nil
}

// StoredKey implements adapters.KeyPassage.
func (d *Driver) StoredKey(ctx context.Context, pg *payment.PG, key payment.Secret) (adapters.StoredKey, error) {
	const doing = "reading a billing key at PortOne"
	answer, err := d.call(
		ctx, pg, pg.ReadTimeout, http.MethodGet, "/subscribe/customers/"+url.PathEscape(key.Reveal()), nil,
	)
	if err != nil {
		return adapters.StoredKey{}, readError(doing, err)
	}
	o, err := responseOf(answer)
	if errors.Is(err, errNotFound) {
		return adapters.StoredKey{}, nil
	}
	if err != nil {
		return adapters.StoredKey{}, readError(doing, err)
	}
	at, err := contractsOf(o, pg, key)
	if err != nil {
		return adapters.StoredKey{}, readError(doing, err)
	}
	return adapters.StoredKey{At: at, Body: answer.Body, Mark: markOf(o)}, nil
}

// AnswerDeleted implements adapters.KeyPassage: V1 answers with the key that it had.
func (d *Driver) AnswerDeleted(before, _ adapters.StoredKey) adapters.APIAnswer {
	return adapters.APIAnswer{Status: http.StatusOK, Body: before.Body}
}

// PendingCharges implements adapters.KeyPassage. V1 lists three months at once.
func (d *Driver) PendingCharges(ctx context.Context, req adapters.PendingRequest) ([]payment.PendingCharge, error) {
	const doing = "asking PortOne for the schedules of a billing key"
	from := req.Now.Add(-pendingPast)
	for range pendingSpans {
		until := from.Add(pendingSpan)
		found, err := d.pendingBetween(ctx, req, from, until)
		if err != nil {
			return nil, readError(doing, err)
		}
		if len(found) > 0 {
			slices.SortStableFunc(found, func(a, b payment.PendingCharge) int { return a.At.Compare(b.At) })
			return found, nil
		}
		from = until
	}
	return nil, nil
}

// pendingBetween reads the schedules of a span.
func (d *Driver) pendingBetween(
	ctx context.Context, req adapters.PendingRequest, from, until time.Time,
) (all []payment.PendingCharge, err error) {
	for page := 1; page <= pendingPages; page++ {
		query := url.Values{
			"from": {strconv.FormatInt(from.Unix(), 10)}, "to": {strconv.FormatInt(until.Unix(), 10)},
			"schedule-status": {"scheduled"}, "page": {strconv.Itoa(page)},
		}
		answer, err := d.call(ctx, req.PG, req.PG.ReadTimeout, http.MethodGet,
			"/subscribe/payments/schedule/customers/"+url.PathEscape(req.Key.Reveal())+"?"+query.Encode(), nil)
		if err != nil {
			return nil, err
		}
		if page > 1 && answer.Status == http.StatusBadRequest {
			return all, nil // there is no such page
		}
		found, more, err := readPending(answer)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if !more {
			return all, nil
		}
	}
	return all, nil
}

// schedule is what is read of one.
type schedule struct {
	MerchantUID string `json:"merchant_uid"`
	ScheduleAt  int64  `json:"schedule_at"`
	Status      string `json:"schedule_status"`
}

// readPending reads a page of schedules, and tells whether another one follows. PortOne's document has a bare list
// where its own client reads pages: both are read, and nothing else is taken for none.
func readPending(answer wire.Answer) (found []payment.PendingCharge, more bool, err error) {
	var e struct {
		Code     *int            `json:"code"`
		Response json.RawMessage `json:"response"`
	}
	if !answer.IsJSON() || json.Unmarshal(answer.Body, &e) != nil || e.Code == nil {
		return nil, false, fmt.Errorf("%w: HTTP status %d", wire.ErrShape, answer.Status)
	}
	var page struct {
		Next json.Number `json:"next"`
		List *[]schedule `json:"list"`
	}
	var list []schedule
	switch {
	case answer.Status != http.StatusOK || *e.Code != 0: //guard:v1-unread-schedules-are-not-none
		return nil, false, fmt.Errorf("%w: HTTP status %d, code %d", wire.ErrShape, answer.Status, *e.Code)
	case json.Unmarshal(e.Response, &list) == nil && list != nil:
		more = false
	case json.Unmarshal(e.Response, &page) == nil && page.List != nil:
		list, more = *page.List, page.Next != "" && page.Next != "0"
	default:
		return nil, false, fmt.Errorf("%w: no list", wire.ErrShape)
	}
	for _, s := range list {
		// Where the status is not told, it is one that was asked for.
		if s.Status == "" || s.Status == "scheduled" {
			found = append(found, payment.PendingCharge{ID: s.MerchantUID, At: time.Unix(s.ScheduleAt, 0).UTC()})
		}
	}
	return found, more, nil
}

// readIssue reads POST /subscribe/customers/{customer_uid} (portone.md §1.7). Which contract it is for is said by a
// channel or by a MID: of a pg that it does not know V1 makes the default one.
func readIssue(call adapters.APICall, customer string, ask *adapters.APIAsk) error {
	if err := readKeyName(customer, ask); err != nil {
		return err
	}
	f, err := apicalls.Read(call, true)
	if err != nil {
		return err
	}
	ask.Issue.Key, ask.Issue.Named, ask.Issue.ChannelKey = ask.Key, true, f.Text("channel_key")
	pg := f.Text("pg")
	_, ask.Issue.MID, _ = strings.Cut(pg, ".")
	if pg != "" && ask.Issue.MID == "" && ask.Issue.ChannelKey == "" { //guard:v1-issue-is-at-a-named-contract
		f.Refuse("pg", "does not say which contract: name the MID too, as in html5_inicis.MID, or send channel_key")
	}
	for _, name := range []string{"channel_group_id", "channelGroupId"} {
		if f.Has(name) { //guard:v1-issue-is-at-one-channel
			f.Refuse(name, "is not taken: name one channel")
		}
	}
	ask.Issue.Number = apicalls.Digits(f.Required("card_number"))
	f.Required("expiry")
	ask.Issue.Holder = adapters.Person{
		Name: payment.Secret(f.Text("customer_name")), Birth: payment.Secret(f.Text("birth")),
	}
	fields, err := f.With(nil)
	if err != nil {
		return err
	}
	ask.Issue.Fields = payment.Secret(fields)
	return f.Err()
}

// issueBody is what the gateway says of an issue itself.
type issueBody struct {
	ChannelKey string `json:"channel_key"`
}

func issueBodyOf(req adapters.IssueRequest) (any, error) {
	switch {
	case !isCustomer(req.Key) || len(req.Key.Reveal()) > maxIssued:
		return nil, &adapters.FieldError{Field: "customer_uid", Msg: "must be 1 to 80 characters"}
	case req.Merchant.ChannelKey == "":
		return nil, &adapters.FieldError{Field: "merchants.channel_key", Msg: "is missing"}
	}
	not := []string{"customer_uid", "channel_key", "pg", "channel_group_id", "channelGroupId"}
	return wire.Overlay([]byte(req.Fields.Reveal()), not, issueBody{ChannelKey: req.Merchant.ChannelKey})
}

// maxIssued bounds a customer_uid that a key is issued under, in bytes.
const maxIssued = 80

// CheckIssue implements adapters.KeyIssuer.
func (d *Driver) CheckIssue(req adapters.IssueRequest) error {
	_, err := issueBodyOf(req)
	return err
}

// IssueKey implements adapters.KeyIssuer with one POST.
func (d *Driver) IssueKey(ctx context.Context, req adapters.IssueRequest) (adapters.Result, error) {
	const doing = "issuing a billing key at PortOne"
	body, err := issueBodyOf(req)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodPost, keyPath(req.Key), body)
	if err != nil {
		return adapters.Result{}, writeError(doing, err)
	}
	r, err := parseIssue(doing, answer, req)
	r.Said = wire.SaidOf(answer)
	return r, err
}

// parseIssue reads the answer to an issue: the key, or the card company's no.
func parseIssue(doing string, answer wire.Answer, req adapters.IssueRequest) (adapters.Result, error) {
	shown, no, err := askedCard(doing, answer, req.Attempt.ID)
	if shown == nil {
		return no, err
	}
	r, err := parseKey(*shown, req.Attempt, req.Key)
	if err != nil {
		return adapters.Result{}, lost(doing, err)
	}
	return r, nil
}

// AnswerIssued implements adapters.KeyIssuer: V1 answers with the key, as to a look-up.
func (d *Driver) AnswerIssued(key adapters.StoredKey) adapters.APIAnswer {
	return adapters.APIAnswer{Status: http.StatusOK, Body: key.Body}
}

// markOf tells one card under a customer_uid from the next.
func markOf(o wire.Object) string {
	h := sha256.New()
	for _, name := range []string{"inserted", "updated", "card_number", "card_code", "pg_id"} {
		fmt.Fprintf(h, "%q ", o.Text(name))
	}
	return hex.EncodeToString(h.Sum(nil))
}
