package portonev2

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// maxKey bounds a billing key, in bytes.
	maxKey = 128
	// needsConfirmation is what the browser is told in the place of a key that is not issued yet (portone.md 4.7).
	needsConfirmation = "NEEDS_CONFIRMATION"
	// keysPerPage and maxKeyPages bound the search for an attempt's key among the store's.
	keysPerPage = 100
	maxKeyPages = 20
	// keyMargin is how far PortOne's clock may be from ours, and keyWindow how long a page may be left open.
	keyMargin = 5 * time.Minute
	keyWindow = 25 * time.Hour
)

var _ adapters.KeyOwner = (*Driver)(nil)

// errNoKey tells that PortOne has no such key.
var errNoKey = errors.New("no such billing key")

// isBillingKey tells whether s may be a billing key; what is not never gets into a path.
func isBillingKey(s payment.Secret) bool {
	text := s.Reveal()
	//guard:v2-key-in-a-path-is-plain
	return text != "" && len(text) <= maxKey && plain(text) && text != needsConfirmation
}

func keyURL(pg *payment.PG, key payment.Secret) string {
	return root(pg) + "/billing-keys/" + url.PathEscape(key.Reveal())
}

// lookUpKey tells whether the attempt's key is there. PGTxID of the request is a hint at the key, from the browser or
// a webhook; without a good one the key is searched for. A key that was issued for something else is not ours,
// whoever names it. The key never becomes the result's PGTxID, which is written down plainly.
func (d *Driver) lookUpKey(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	const doing = "asking PortOne about a billing key"
	if req.Key.IsSet() {
		return d.lookUpIssued(ctx, req)
	}
	r, err := d.hintedKey(ctx, req)
	if errors.Is(err, errNoKey) {
		r, err = d.searchKey(ctx, req)
	}
	if errors.Is(err, errNoKey) {
		return adapters.Result{
			Outcome: payment.OutcomePending, OrderRef: req.Attempt.ID, Currency: payment.CurrencyKRW, Method: methodCard,
		}, nil
	}
	if err != nil {
		return adapters.Result{}, wire.ReadError(doing, err)
	}
	return r, nil
}

// hintedKey reads the key that the request names, if that is the attempt's.
func (d *Driver) hintedKey(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	hint := payment.Secret(req.PGTxID)
	if !isBillingKey(hint) {
		return adapters.Result{}, errNoKey
	}
	o, err := d.readKey(ctx, req.PG, hint)
	if err != nil {
		return adapters.Result{}, err
	}
	if !issuedFor(o, req.Attempt) { //guard:v2-hinted-key-is-its-attempts
		return adapters.Result{}, errNoKey
	}
	return parseKey(o, req)
}

// issuedFor tells whether a key is the attempt's.
func issuedFor(o wire.Object, a payment.Attempt) bool { return o.Text("issueId") == string(a.ID) }

// KeyOwner implements adapters.KeyOwner. The key is no attempt's when it was issued elsewhere.
func (d *Driver) KeyOwner(ctx context.Context, pg *payment.PG, key payment.Secret) (payment.AttemptID, error) {
	const doing = "asking PortOne whose a billing key is"
	if err := checkSecret(pg); err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	if !isBillingKey(key) {
		return "", nil
	}
	o, err := d.readKey(ctx, pg, key)
	if errors.Is(err, errNoKey) {
		return "", nil
	}
	if err != nil {
		return "", wire.ReadError(doing, err)
	}
	id := o.Text("issueId")
	if err := o.Err(); err != nil {
		return "", wire.ReadError(doing, err)
	}
	// Issued elsewhere, under a name that no attempt can have.
	if !payment.ValidID(id) {
		return "", nil
	}
	return payment.AttemptID(id), nil
}

func (d *Driver) readKey(ctx context.Context, pg *payment.PG, key payment.Secret) (wire.Object, error) {
	answer, err := d.call(ctx, pg, pg.ReadTimeout, http.MethodGet, keyURL(pg, key)+storeQuery(pg), "", nil)
	if err != nil {
		return wire.Object{}, err
	}
	return keyIn(answer)
}

// keyIn is the key that an answer holds.
func keyIn(answer wire.Answer) (wire.Object, error) {
	if answer.Status != http.StatusOK {
		if f, ok := faultOf(answer); ok && f.status == http.StatusNotFound && f.kind == "BILLING_KEY_NOT_FOUND" {
			return wire.Object{}, errNoKey
		}
		return wire.Object{}, fmt.Errorf("%w: HTTP status %d", wire.ErrShape, answer.Status)
	}
	o, ok := answerOf(answer)
	if !ok {
		return wire.Object{}, fmt.Errorf("%w: an answer without JSON", wire.ErrShape)
	}
	return o, nil
}

// parseKey reads the billing key that an attempt's window issued.
func parseKey(o wire.Object, req adapters.LookUpRequest) (adapters.Result, error) {
	id := payment.AttemptID(o.Required("issueId"))
	r, err := keyResult(o, req)
	r.OrderRef = id
	return r, err
}

// readChannels reads where a key is: of several channels the merchant's own counts.
func readChannels(o wire.Object, a payment.Attempt, own string, r *adapters.Result) {
	for _, channel := range o.Objects("channels") {
		if r.ChannelKey == "" || channel.Text("key") == own {
			readChannel(channel, a, r)
		}
	}
}

// keyResult reads a billing key but for whose it is.
func keyResult(o wire.Object, req adapters.LookUpRequest) (adapters.Result, error) {
	r := adapters.Result{
		Currency: payment.CurrencyKRW, Method: methodCard,
		Code: o.Required("status"), BillingKey: payment.Secret(o.Required("billingKey")),
	}
	readChannels(o, req.Attempt, req.Merchant.ChannelKey, &r)
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	switch r.Code {
	case "ISSUED":
		r.Outcome = payment.OutcomeApproved
	case "DELETED":
		r.Outcome = payment.OutcomeCancelled
	default:
		r.Outcome = payment.OutcomeUnknown
	}
	if !isBillingKey(r.BillingKey) {
		return adapters.Result{}, fmt.Errorf("%w: field billingKey is odd", wire.ErrShape)
	}
	return r, nil
}

type keyQuery struct {
	Page   keyPage   `json:"page"`
	Sort   keySort   `json:"sort"`
	Filter keyFilter `json:"filter"`
}

type keyPage struct {
	Number int `json:"number"`
	Size   int `json:"size"`
}

type keySort struct {
	By    string `json:"by"`
	Order string `json:"order"`
}

type keyFilter struct {
	StoreID string `json:"storeId,omitempty"`
	Field   string `json:"timeRangeField"`
	From    string `json:"from,omitempty"`
	Until   string `json:"until,omitempty"`
}

// searchKey looks for the key that an attempt's window issued: PortOne has no search by issueId.
func (d *Driver) searchKey(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	o, err := d.findKey(ctx, req, func(o wire.Object) bool { return issuedFor(o, req.Attempt) })
	if err != nil {
		return adapters.Result{}, err
	}
	return parseKey(o, req)
}

// findKey looks for a key among those that were issued while the attempt could be open. A window may have issued
// several; one that still stands counts before those that were deleted.
func (d *Driver) findKey(
	ctx context.Context, req adapters.LookUpRequest, is func(wire.Object) bool,
) (deleted wire.Object, err error) {
	q := keyQuery{
		Page:   keyPage{Size: keysPerPage},
		Sort:   keySort{By: "ISSUED_AT", Order: "DESC"},
		Filter: keyFilter{StoreID: storeOf(req.PG), Field: "ISSUED_AT"},
	}
	if !req.Attempt.CreatedAt.IsZero() {
		q.Filter.From = req.Attempt.CreatedAt.Add(-keyMargin).UTC().Format(time.RFC3339)
	}
	if end := req.Attempt.ExpiresAt.Add(keyWindow); !req.Attempt.ExpiresAt.IsZero() && end.Before(req.Now) {
		q.Filter.Until = end.UTC().Format(time.RFC3339)
	}
	was := false
	for ; q.Page.Number < maxKeyPages; q.Page.Number++ {
		items, err := d.listKeys(ctx, req.PG, q)
		if err != nil {
			return wire.Object{}, err
		}
		for _, item := range items {
			if !is(item) {
				continue
			}
			if item.Text("status") != "DELETED" {
				return item, nil
			}
			deleted, was = item, true
		}
		switch {
		case len(items) == q.Page.Size:
		case was:
			return deleted, nil
		default:
			return wire.Object{}, errNoKey
		}
	}
	//guard:v2-short-search-is-no-answer
	return wire.Object{}, fmt.Errorf("%w: too many billing keys to search", wire.ErrShape)
}

func (d *Driver) listKeys(ctx context.Context, pg *payment.PG, q keyQuery) ([]wire.Object, error) {
	text, err := wire.JSON(q)
	if err != nil {
		return nil, err
	}
	address := root(pg) + "/billing-keys?" + url.Values{"requestBody": {text}}.Encode()
	answer, err := d.call(ctx, pg, pg.ReadTimeout, http.MethodGet, address, "", nil)
	if err != nil {
		return nil, err
	}
	o, ok := answerOf(answer)
	if answer.Status != http.StatusOK || !ok {
		return nil, fmt.Errorf("%w: HTTP status %d", wire.ErrShape, answer.Status)
	}
	if !o.Has("items") {
		return nil, fmt.Errorf("%w: field items is missing", wire.ErrShape)
	}
	items := o.Objects("items")
	return items, o.Err()
}

// deleteKey has the attempt's key forgotten, with one DELETE after it was found to be the attempt's own.
func (d *Driver) deleteKey(ctx context.Context, req adapters.CancelRequest) (adapters.Result, error) {
	const doing = "deleting a billing key at PortOne"
	switch err := checkSecret(req.PG); {
	case err != nil:
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	case req.OperationID == "":
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, &adapters.FieldError{Field: "operation_id", Msg: "is missing"})
	}
	r, err := d.lookUpKey(ctx,
		adapters.LookUpRequest{
			Account: req.Account, Attempt: req.Attempt, PGTxID: req.PGTxID, Key: req.Key, Now: req.Now,
		})
	switch {
	case err != nil:
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	case r.Outcome == payment.OutcomeCancelled:
		return r, nil
	case r.Outcome != payment.OutcomeApproved:
		return adapters.Result{}, fmt.Errorf("%s: %w: there is no key to delete", doing, adapters.ErrUnavailable)
	}
	query := url.Values{"reason": {reasonOf(req)}}
	if store := storeOf(req.PG); store != "" {
		query.Set("storeId", store)
	}
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodDelete,
		keyURL(req.PG, r.BillingKey)+"?"+query.Encode(), IdempotencyKey("delete", req.OperationID), nil)
	if err != nil {
		return adapters.Result{}, wire.WriteError(doing, err)
	}
	if err := parseDelete(answer, &r); err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	return r, nil
}

func parseDelete(answer wire.Answer, r *adapters.Result) error {
	if answer.Status == http.StatusOK {
		o, ok := answerOf(answer)
		if !ok {
			return fmt.Errorf("%w: an answer without JSON", adapters.ErrUnknownOutcome)
		}
		if o.Required("deletedAt"); o.Err() != nil {
			return fmt.Errorf("%w: %w", adapters.ErrUnknownOutcome, o.Err())
		}
		r.Outcome = payment.OutcomeCancelled
		return nil
	}
	f, ok := faultOf(answer)
	switch {
	case !ok:
		return fmt.Errorf("%w: HTTP status %d", adapters.ErrUnknownOutcome, answer.Status)
	case f.status == http.StatusConflict && f.kind == "BILLING_KEY_ALREADY_DELETED":
		r.Outcome, r.Code = payment.OutcomeCancelled, f.kind
		return nil
	case f.declined():
		r.Outcome, r.Code, r.Message, r.Why = payment.OutcomeDeclined, f.code(), f.pgMsg, wire.Decline(f.pgMsg)
		return nil
	}
	return f.err("reading the answer")
}
