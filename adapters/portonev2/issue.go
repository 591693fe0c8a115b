package portonev2

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.KeyIssuer = (*Driver)(nil)

// issueMark begins what an issued key is found by while its answer is lost: V2 takes no name for it, but shows the
// customData that it was issued with (portone.md §4.5).
const issueMark = "pg-gateway:"

// isMark tells a mark from a billing key.
func isMark(key payment.Secret) bool { return strings.HasPrefix(key.Reveal(), issueMark) }

// readIssue reads POST /billing-keys (portone.md §4.5). Each call makes a key of its own, so that nothing is
// overwritten. No complaint of it says what a field holds.
func readIssue(pg *payment.PG, call adapters.APICall, issue *adapters.APIKeyIssue) error {
	f, err := apicalls.Read(call, false)
	if err != nil {
		return err
	}
	checkStore(pg, f)
	issue.ChannelKey = f.Text("channelKey")
	if f.Has("channelGroupId") { //guard:v2-issue-is-at-one-channel
		f.Refuse("channelGroupId", "is not taken: name one channel")
	}
	if issue.ChannelKey == "" {
		f.Refuse("channelKey", "is missing")
	}
	number, birth := requireCard(f)
	issue.Number, issue.Holder = number, readHolder(f, birth)
	issue.Key = payment.Secret(issueMark + rand.Text())
	if own := f.Text("customData"); own != "" {
		issue.Mark = hashOf(own)
	}
	fields, err := f.With(nil)
	if err != nil {
		return err
	}
	issue.Fields = payment.Secret(fields)
	return f.Err()
}

// requireCard refuses an issue without a card's number, and reads it and whose birthday the card's is.
func requireCard(f *apicalls.Fields) (number payment.Secret, birth string) {
	method := f.Object("method")
	if method == nil {
		f.Refuse("method", "is missing")
		return "", ""
	}
	if card := method.Object("card"); card == nil {
		method.Refuse("card", "is missing")
	} else {
		number, birth = readCredential(card)
		method.Join("card", card)
	}
	f.Join("method", method)
	return number, birth
}

// readCredential reads a card's digits, and whose birthday the card's is, where that is said.
func readCredential(card *apicalls.Fields) (number payment.Secret, birth string) {
	credential := card.Object("credential")
	if credential == nil {
		card.Refuse("credential.number", "is missing")
		return "", ""
	}
	number = apicalls.Digits(credential.Required("number"))
	birth = credential.Text("birthOrBusinessRegistrationNumber")
	card.Join("credential", credential) //guard:v2-card-is-read-in-one-way
	return number, birth
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// issueBody is what the gateway says of an issue itself.
type issueBody struct {
	StoreID    string `json:"storeId,omitempty"`
	ChannelKey string `json:"channelKey"`
	CustomData string `json:"customData,omitempty"`
}

func issueBodyOf(req adapters.IssueRequest) (any, error) {
	if err := checkSecret(req.PG); err != nil {
		return nil, err
	}
	if req.Merchant.ChannelKey == "" {
		return nil, &adapters.FieldError{Field: "merchants.channel_key", Msg: "is missing"}
	}
	own := issueBody{StoreID: storeOf(req.PG), ChannelKey: req.Merchant.ChannelKey}
	var callers struct {
		CustomData string `json:"customData"`
	}
	if err := json.Unmarshal([]byte(req.Fields.Reveal()), &callers); err != nil {
		return nil, &adapters.FieldError{Field: "body", Msg: "cannot be read"}
	}
	if callers.CustomData == "" {
		own.CustomData = req.Key.Reveal()
	}
	return wire.Overlay([]byte(req.Fields.Reveal()), []string{"storeId", "channelKey", "channelGroupId"}, own)
}

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
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodPost, root(req.PG)+"/billing-keys",
		IdempotencyKey("issue", string(req.Attempt.ID)), body)
	if err != nil {
		return adapters.Result{}, wire.WriteError(doing, err)
	}
	r, err := parseIssue(answer, req)
	r.Said = wire.SaidOf(answer)
	if err != nil {
		return r, fmt.Errorf("%s: %w", doing, err)
	}
	return r, nil
}

// parseIssue reads the answer to an issue: the key, or the card company's no.
func parseIssue(answer wire.Answer, req adapters.IssueRequest) (adapters.Result, error) {
	a := req.Attempt
	if answer.Status == http.StatusOK {
		o, ok := answerOf(answer)
		if !ok {
			return adapters.Result{}, fmt.Errorf("%w: an answer without JSON", adapters.ErrUnknownOutcome)
		}
		info, _ := o.Object("billingKeyInfo")
		r := adapters.Result{
			Outcome: payment.OutcomeApproved, OrderRef: a.ID, Currency: payment.CurrencyKRW, Method: methodCard,
			BillingKey: payment.Secret(info.Required("billingKey")),
		}
		readChannels(info, a, req.Merchant.ChannelKey, &r)
		if o.Err() != nil || !isBillingKey(r.BillingKey) {
			return adapters.Result{}, fmt.Errorf("%w: no key in the answer", adapters.ErrUnknownOutcome)
		}
		return r, nil
	}
	f, ok := faultOf(answer)
	switch {
	case !ok:
		return adapters.Result{}, fmt.Errorf("%w: HTTP status %d", adapters.ErrUnknownOutcome, answer.Status)
	case f.declined():
		return adapters.Result{
			Outcome: payment.OutcomeDeclined, OrderRef: a.ID, Code: f.code(), Message: f.pgMsg, Why: wire.Decline(f.pgMsg),
		}, nil
	}
	return adapters.Result{}, f.err("reading the answer")
}

// AnswerIssued implements adapters.KeyIssuer.
func (d *Driver) AnswerIssued(key adapters.StoredKey) adapters.APIAnswer {
	var shown struct {
		Key      json.RawMessage `json:"billingKey"`
		Channels json.RawMessage `json:"channels"`
		IssuedAt json.RawMessage `json:"issuedAt"`
	}
	_ = json.Unmarshal(key.Body, &shown) // StoredKey has read it
	return apicalls.Answer(http.StatusOK, map[string]any{"billingKeyInfo": shown, "channelSpecificFailures": []any{}})
}

// lookUpIssued tells whether a key is there that was issued for a card by a call: by itself once it is known, else by
// what it was marked with. With customData of the caller's own it has no mark; then none with the same is proof that
// it was not issued, and one with the same proves nothing.
func (d *Driver) lookUpIssued(ctx context.Context, req adapters.LookUpRequest) (adapters.Result, error) {
	const doing = "asking PortOne about a billing key"
	var o wire.Object
	var err error
	if isMark(req.Key) {
		o, err = d.findKey(ctx, req, func(o wire.Object) bool { return isMarked(o, req) })
	} else {
		o, err = d.readKey(ctx, req.PG, req.Key)
	}
	switch {
	case errors.Is(err, errNoKey):
		// Nobody has a page open that could still have it issued.
		return adapters.Result{Outcome: payment.OutcomeNotFound, OrderRef: req.Attempt.ID}, nil
	case err != nil:
		return adapters.Result{}, wire.ReadError(doing, err)
	case isMark(req.Key) && req.Mark != "": //guard:v2-key-alike-is-not-ours
		return adapters.Result{Outcome: payment.OutcomeUnknown, OrderRef: req.Attempt.ID}, nil
	}
	r, err := keyResult(o, req)
	if err != nil {
		return adapters.Result{}, wire.ReadError(doing, err)
	}
	r.OrderRef = req.Attempt.ID // it has no name of the shop's
	return r, nil
}

// isMarked tells whether a key may be the one that an attempt's call issued. A window's has an issueId.
func isMarked(o wire.Object, req adapters.LookUpRequest) bool {
	data := o.Text("customData")
	if data == "" || o.Text("issueId") != "" {
		return false
	}
	if req.Mark != "" {
		return hashOf(data) == req.Mark
	}
	return data == req.Key.Reveal() //guard:v2-issued-key-has-its-mark
}
