package portonev2

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// call sends one authorised request. key is the Idempotency-Key without its quotes; empty for reads.
func (d *Driver) call(
	ctx context.Context, pg *payment.PG, timeout time.Duration, method, address, key string, body any,
) (wire.Answer, error) {
	r := wire.Request{Method: method, URL: address, ContentType: "application/json"}
	if body != nil {
		text, err := wire.JSON(body)
		if err != nil {
			return wire.Answer{}, err
		}
		r.Body = text
	}
	r.Header = http.Header{"Authorization": {"PortOne " + apiSecretOf(pg).Reveal()}}
	// The quotes belong to the header's value: it is a structured field (RFC 8941).
	if key != "" {
		r.Header.Set("Idempotency-Key", `"`+key+`"`)
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(timeout))
	defer cancel()
	return wire.Send(ctx, d.client, r)
}

func checkSecret(pg *payment.PG) error {
	if !apiSecretOf(pg).IsSet() {
		return &adapters.FieldError{Field: "pgs.api_secret", Msg: "is missing"}
	}
	return nil
}

// IdempotencyKey derives the key of an operation from what it is done to, so that the same operation always has
// the same key. PortOne wants 16 to 256 characters; the padding is a character that no id holds.
func IdempotencyKey(operation, id string) string {
	if len(id) > 200 || !plain(id) {
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:])
	}
	key := operation + "-" + id
	if missing := 16 - len(key); missing > 0 {
		key += strings.Repeat(".", missing)
	}
	return key
}

func plain(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

// answerOf reads an answer as JSON. ok is false when it is not: then its status came from somebody in between.
func answerOf(a wire.Answer) (o wire.Object, ok bool) {
	if !a.IsJSON() {
		return wire.Object{}, false
	}
	o, err := wire.ParseObject(a.Body)
	return o, err == nil
}

// fault is an error answer of PortOne's.
type fault struct {
	status        int
	kind          string
	pgCode, pgMsg string
}

// faultOf reads an error answer. ok is false when it is not one that PortOne wrote.
func faultOf(a wire.Answer) (f fault, ok bool) {
	o, ok := answerOf(a)
	if !ok {
		return fault{status: a.Status}, false
	}
	f = fault{status: a.Status, kind: o.Required("type"), pgCode: o.Text("pgCode"), pgMsg: o.Text("pgMessage")}
	// PortOne's own message, where the PG behind it said nothing.
	if f.pgMsg == "" {
		f.pgMsg = o.Text("message")
	}
	return f, o.Err() == nil
}

// declined tells that the PG behind PortOne said no.
func (f fault) declined() bool { return f.status == http.StatusBadGateway && f.kind == "PG_PROVIDER" }

// code is the most telling code of an error answer.
func (f fault) code() string {
	if f.pgCode != "" {
		return f.pgCode
	}
	return f.kind
}

// err maps an error answer to a write into the adapters' vocabulary.
func (f fault) err(doing string) error {
	return fmt.Errorf("%s: %w: HTTP status %d, type %s", doing, f.sentinel(), f.status, f.printableKind())
}

func (f fault) printableKind() string {
	if len(f.kind) > 80 || !plain(f.kind) {
		return "(unreadable)"
	}
	return f.kind
}

func (f fault) sentinel() error {
	switch f.status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return adapters.ErrRejected
	case http.StatusTooManyRequests:
		return adapters.ErrUnavailable
	case http.StatusConflict:
		switch f.kind {
		case "ALREADY_PAID", "PAYMENT_ALREADY_CANCELLED", "IDEMPOTENCY_OUTSTANDING_REQUEST":
			// Something happened, or is happening, under this id: look it up.
			return adapters.ErrUnknownOutcome
		case "INFORMATION_MISMATCH", "PAYMENT_NOT_PAID", "PAYMENT_NOT_WAITING_FOR_DEPOSIT",
			"CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN", "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT",
			"CANCEL_TAX_FREE_AMOUNT_EXCEEDS_CANCELLABLE_TAX_FREE_AMOUNT",
			"CANCEL_TAX_AMOUNT_EXCEEDS_CANCELLABLE_TAX_AMOUNT", "SUM_OF_PARTS_EXCEEDS_CANCEL_AMOUNT",
			"SUM_OF_PARTS_EXCEEDS_TOTAL_AMOUNT", "MAX_CANCEL_COUNT_REACHED", "PAYMENT_SCHEDULE_ALREADY_EXISTS":
			return adapters.ErrRejected
		}
	}
	return adapters.ErrUnknownOutcome
}
