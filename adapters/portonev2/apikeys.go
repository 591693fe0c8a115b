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
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// pendingPast is how late a schedule may be made that its time has come for, and pendingYears how far ahead one may
	// be.
	pendingPast  = 24 * time.Hour
	pendingYears = 10
	// pendingPage is how many are read; that there are more is not asked for.
	pendingPage = 100
)

// readDelete reads DELETE /billing-keys/{billingKey}.
func readDelete(pg *payment.PG, call adapters.APICall, key string, ask *adapters.APIAsk) error {
	ask.Key = payment.Secret(key)
	query, err := url.ParseQuery(call.Query)
	switch {
	case err != nil:
		return &adapters.FieldError{Field: "query", Msg: "cannot be read"}
	case !isBillingKey(ask.Key):
		return &adapters.FieldError{Field: "billingKey", Msg: "is none"}
	}
	for _, store := range query["storeId"] {
		if store != storeOf(pg) { //guard:v2-key-of-no-other-store
			return &adapters.FieldError{Field: "storeId", Msg: "is another store's"}
		}
	}
	return nil
}

// StoredKey implements adapters.KeyPassage. A key that was deleted is at no contract, and its body says when.
func (d *Driver) StoredKey(ctx context.Context, pg *payment.PG, key payment.Secret) (adapters.StoredKey, error) {
	const doing = "reading a billing key at PortOne"
	answer, err := d.call(ctx, pg, pg.ReadTimeout, http.MethodGet, keyURL(pg, key)+storeQuery(pg), "", nil)
	if err != nil {
		return adapters.StoredKey{}, wire.ReadError(doing, err)
	}
	o, err := keyIn(answer)
	if errors.Is(err, errNoKey) {
		return adapters.StoredKey{}, nil
	}
	if err != nil {
		return adapters.StoredKey{}, wire.ReadError(doing, err)
	}
	at, err := contractsOf(o, pg, key)
	if err != nil {
		return adapters.StoredKey{}, wire.ReadError(doing, err)
	}
	return adapters.StoredKey{At: at, Body: answer.Body}, nil
}

type pendingQuery struct {
	Page   keyPage       `json:"page"`
	Sort   keySort       `json:"sort"`
	Filter pendingFilter `json:"filter"`
}

type pendingFilter struct {
	StoreID string   `json:"storeId,omitempty"`
	Key     string   `json:"billingKey"`
	From    string   `json:"from"`
	Until   string   `json:"until"`
	Status  []string `json:"status"`
}

// PendingCharges implements adapters.KeyPassage. Without a time PortOne lists the last 90 days alone.
func (d *Driver) PendingCharges(ctx context.Context, req adapters.PendingRequest) ([]payment.PendingCharge, error) {
	const doing = "asking PortOne for the schedules of a billing key"
	text, err := wire.JSON(pendingQuery{
		Page: keyPage{Size: pendingPage}, Sort: keySort{By: "TIME_TO_PAY", Order: "ASC"},
		Filter: pendingFilter{
			StoreID: storeOf(req.PG), Key: req.Key.Reveal(), From: req.Now.Add(-pendingPast).UTC().Format(time.RFC3339),
			Until:  req.Now.AddDate(pendingYears, 0, 0).UTC().Format(time.RFC3339),
			Status: []string{"SCHEDULED", "STARTED", "PENDING"},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	answer, err := d.call(ctx, req.PG, req.PG.ReadTimeout, http.MethodGet,
		root(req.PG)+"/payment-schedules?"+url.Values{"requestBody": {text}}.Encode(), "", nil)
	if err != nil {
		return nil, wire.ReadError(doing, err)
	}
	o, ok := answerOf(answer)
	//guard:v2-unread-schedules-are-not-none
	if answer.Status != http.StatusOK || !ok || !o.Has("items") {
		return nil, wire.ReadError(doing, fmt.Errorf("%w: HTTP status %d", wire.ErrShape, answer.Status))
	}
	var found []payment.PendingCharge
	for _, item := range o.Objects("items") {
		at, err := time.Parse(time.RFC3339, item.Text("timeToPay"))
		if err != nil {
			return nil, wire.ReadError(doing, fmt.Errorf("%w: timeToPay is no time", wire.ErrShape))
		}
		found = append(found, payment.PendingCharge{ID: item.Text("paymentId"), At: at.UTC()})
	}
	if err := o.Err(); err != nil {
		return nil, wire.ReadError(doing, err)
	}
	return found, nil
}

// AnswerDeleted implements adapters.KeyPassage: V2 answers with when it was.
func (d *Driver) AnswerDeleted(_, after adapters.StoredKey) adapters.APIAnswer {
	var deleted struct {
		At string `json:"deletedAt"`
	}
	_ = json.Unmarshal(after.Body, &deleted) // without a time it is deleted all the same
	return apicalls.Answer(http.StatusOK, deleted)
}
