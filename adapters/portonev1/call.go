package portonev1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// envelope is what V1 wraps every answer in.
type envelope struct {
	status  int
	code    int
	message string
	// response is nil when PortOne sent null.
	response *wire.Object
}

func parseEnvelope(a wire.Answer) (envelope, error) {
	if !a.IsJSON() {
		return envelope{}, fmt.Errorf("%w: HTTP status %d without JSON", wire.ErrShape, a.Status)
	}
	o, err := wire.ParseObject(a.Body)
	if err != nil {
		return envelope{}, err
	}
	e := envelope{status: a.Status, message: o.Text("message")}
	e.code, err = strconv.Atoi(o.Required("code"))
	if err != nil && o.Err() == nil {
		return envelope{}, fmt.Errorf("%w: field code is not a whole number", wire.ErrShape)
	}
	// Beside an error's code a response proves nothing, whatever is in it.
	if e.code == 0 {
		if inner, ok := o.Object("response"); ok {
			e.response = &inner
		}
	}
	return e, o.Err()
}

// call sends one authorised request. A 401 means that PortOne executed nothing, whatever the method, so the
// request is sent once more with a fresh token; that is the only repetition.
func (d *Driver) call(
	ctx context.Context, pg *payment.PG, timeout time.Duration, method, path string, body any,
) (wire.Answer, error) {
	r := wire.Request{Method: method, URL: root(pg) + path, ContentType: "application/json"}
	if body != nil {
		text, err := wire.JSON(body)
		if err != nil {
			return wire.Answer{}, err
		}
		r.Body = text
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(timeout))
	defer cancel()
	for try := 1; ; try++ {
		tok, err := d.token(ctx, pg)
		if err != nil {
			return wire.Answer{}, &tokenError{err}
		}
		r.Header = http.Header{"Authorization": {"Bearer " + tok.text.Reveal()}}
		answer, err := wire.Send(ctx, d.client, r)
		if err != nil || answer.Status != http.StatusUnauthorized || try == 2 {
			return answer, err
		}
		d.forget(pg, tok)
	}
}

// tokenError tells that there was no token, so that the request itself was never sent.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }

// writeError puts the error of call into the adapters' vocabulary for a request that changes something.
func writeError(doing string, err error) error {
	if t, ok := errors.AsType[*tokenError](err); ok {
		return fmt.Errorf("%s: %w", doing, t.err)
	}
	return wire.WriteError(doing, err)
}

// readError is writeError for a request that only reads.
func readError(doing string, err error) error {
	if t, ok := errors.AsType[*tokenError](err); ok {
		return fmt.Errorf("%s: %w", doing, t.err)
	}
	return wire.ReadError(doing, err)
}

// refused maps the status of a refused write. Nothing happened on any of these.
func refused(doing string, e envelope) error {
	switch e.status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed:
		return fmt.Errorf("%s: %w: HTTP status %d, code %d", doing, adapters.ErrRejected, e.status, e.code)
	case http.StatusTooManyRequests:
		return fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnavailable, e.status)
	}
	// A 5xx, and what nobody has documented, may come after the work was done.
	return fmt.Errorf("%s: %w: HTTP status %d, code %d", doing, adapters.ErrUnknownOutcome, e.status, e.code)
}
