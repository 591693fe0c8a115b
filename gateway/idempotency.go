package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/tidwall/gjson"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// Headers of idempotent requests.
const (
	headerIdempotencyKey = "Idempotency-Key"
	headerReplayed       = "Idempotent-Replayed"
)

const (
	// keyHold is how long a request is believed to run: longer than an approval with all that is around it.
	keyHold = 2 * time.Minute
	// keyKept is how long answers are kept.
	keyKept = 15 * 24 * time.Hour
	// maxKey is the longest key, in characters.
	maxKey = 256
)

// KeyStore keeps the answers of idempotent requests, for all pods.
type KeyStore interface {
	KeyBegin(
		ctx context.Context, scope, key, fingerprint string, now time.Time, hold time.Duration,
	) (journal.KeptAnswer, bool, error)
	KeyRenew(
		ctx context.Context, scope, key string, kept journal.KeptAnswer, now time.Time, hold time.Duration,
	) (journal.KeptAnswer, bool, error)
	KeyDone(ctx context.Context, scope, key string, a journal.KeptAnswer) error
	KeyDrop(ctx context.Context, scope, key string, heldUntil time.Time) error
	KeyPrune(ctx context.Context, before time.Time, limit int) (int, error)
}

// idempotent lets a caller repeat a request under an Idempotency-Key: the first one is carried out, later ones with
// the same body get its answer. Only answers that stand are kept; a refusal, or an outcome that is not certain,
// leaves the key free to ask again. A key belongs to what the body's member owner names, an order or an attempt, and
// to the body: anybody may use this door, and a key that was taken for all, or by whoever guesses it with another
// body first, would be taken from whom it was meant for. Another body under the same key is another request; that an
// order is charged once is the journal's to hold.
func (g *Gateway) idempotent(r keyedRequest, owner string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		key, given, err := idempotencyKey(c)
		if err != nil {
			return err
		}
		body, err := keptBody(c, g)
		if err != nil {
			return err
		}
		if r.admit != nil {
			// Before a row is written for it.
			if err := r.admit(c, body); err != nil {
				return err
			}
		}
		if !given {
			return r.run(c)
		}
		id := gjson.GetBytes(body, owner)
		if id.Type != gjson.String || !validOrderID(id.Str) {
			return r.run(c) // and be refused
		}
		print, err := r.print(body)
		if err != nil {
			return jsonProblem(err)
		}
		mine := r
		mine.scope, mine.key = r.scope+" "+id.Str+" "+print, key //guard:strangers-body-takes-no-key
		mine.print = func([]byte) (string, error) { return print, nil }
		return g.underKey(c, mine)
	}
}

// idempotencyKey reads the key of a request, and tells whether there is one. Of two nobody knows which is meant.
func idempotencyKey(c *fiber.Ctx) (key string, given bool, err error) {
	headers := c.Request().Header.PeekAll(headerIdempotencyKey)
	if len(headers) == 0 {
		return "", false, nil
	}
	key, ok := quotedString(string(headers[0]))
	if !ok || len(headers) > 1 { //guard:two-keys-none
		return "", false, &payment.Problem{Code: payment.CodeKeyInvalid, Field: headerIdempotencyKey}
	}
	return key, true, nil
}

// keyedRequest is a request that is carried out once under its key.
type keyedRequest struct {
	scope, key string
	// print names a body by what it says.
	print func([]byte) (string, error)
	// over tells whether a kept answer can no longer be used, so that the request is carried out anew; nil when
	// answers stay good.
	over func(ctx context.Context, answer []byte) (bool, error)
	// admit refuses what comes too often; nil admits all.
	admit func(c *fiber.Ctx, body []byte) error
	run   fiber.Handler
}

// keptBody reads a request's body and keeps it for the handler.
func keptBody(c *fiber.Ctx, g *Gateway) ([]byte, error) {
	body, err := jsonBody(c, g.view().rules.Limits().CheckoutBody)
	if err == nil {
		requestOf(c).body = body
	}
	return body, err
}

// underKey carries a request out once under its key.
func (g *Gateway) underKey(c *fiber.Ctx, r keyedRequest) error {
	body, err := keptBody(c, g)
	if err != nil {
		return err
	}
	named, err := r.print(body)
	if err != nil {
		return jsonProblem(err)
	}
	ctx := g.requestContext(c)
	kept, begun, err := g.keys.KeyBegin(ctx, r.scope, r.key, named, g.now(), keyHold)
	switch {
	case err != nil:
		return err
	case begun:
		return g.runOnce(c, r, kept.HeldUntil)
	case kept.Status == 0 && kept.Fingerprint == named:
		return &payment.Problem{Code: payment.CodeKeyInProgress, Field: headerIdempotencyKey}
	}
	answer, err := g.sealer.Open(lifecycle.AnswerName(r.scope, r.key), kept.Body)
	switch {
	case err != nil && kept.Status != 0: //guard:answers-of-another-token-key
		// token_key has changed since, and fingerprints with it. Whatever has a key may be carried out again: a window is
		// opened anew, what became of an attempt or a cancel is found as it is, and another body is refused there.
		kept.Fingerprint = named
		return g.runAnew(c, r, kept)
	case kept.Fingerprint != named:
		return &payment.Problem{Code: payment.CodeKeyReused, Field: headerIdempotencyKey}
	}
	if r.over != nil {
		over, err := r.over(ctx, answer)
		if err != nil {
			return err
		}
		if over { //guard:replay-of-a-window-that-is-over
			return g.runAnew(c, r, kept)
		}
	}
	return replay(c, kept, answer)
}

// runAnew carries a request out again whose kept answer can no longer be used.
func (g *Gateway) runAnew(c *fiber.Ctx, r keyedRequest, kept journal.KeptAnswer) error {
	held, begun, err := g.keys.KeyRenew(g.requestContext(c), r.scope, r.key, kept, g.now(), keyHold)
	switch {
	case err != nil:
		return err
	case !begun:
		return &payment.Problem{Code: payment.CodeKeyInProgress, Field: headerIdempotencyKey}
	}
	return g.runOnce(c, r, held.HeldUntil)
}

// windowOver tells whether the window in a kept answer of POST /checkout is none that can still be paid in: it has
// expired, its attempt has gone on, or its order is paid or held by another. What the shop settles itself is decided
// anew.
func (g *Gateway) windowOver(ctx context.Context, answer []byte) (bool, error) {
	var kept struct {
		OrderID   payment.OrderID   `json:"order_id"`
		AttemptID payment.AttemptID `json:"attempt_id"`
		ExpiresAt time.Time         `json:"expires_at"`
	}
	//guard:expired-window-is-over
	if err := json.Unmarshal(answer, &kept); err != nil || !g.now().Before(kept.ExpiresAt) {
		return true, nil //nolint:nilerr // an answer that cannot be read, or has no window, is not handed out
	}
	attempts, err := g.journal.AttemptsOf(ctx, kept.OrderID)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(attempts, func(a payment.Attempt) bool {
		//guard:paid-orders-window-is-over
		return a.State == payment.StateApproved || a.State.Blocks() ||
			a.ID == kept.AttemptID && a.State != payment.StateOpened
	}), nil
}

// runOnce carries a request out and keeps its answer when that stands. Who took longer than his hold finds the key
// taken by another, whose answer it is that stands.
func (g *Gateway) runOnce(c *fiber.Ctx, r keyedRequest, held time.Time) error {
	requestOf(c).held = held
	err := r.run(c)
	ctx := context.WithoutCancel(g.requestContext(c))
	if err != nil || !requestOf(c).stands {
		if dropping := g.keys.KeyDrop(ctx, r.scope, r.key, held); dropping != nil {
			g.log.Error(
				"an idempotency key stays taken until its hold ends", slog.String("request_id", requestID(c)),
				slog.Any("err", dropping),
			)
		}
		return err
	}
	res := c.Response()
	sealed, err := g.sealer.Seal(lifecycle.AnswerName(r.scope, r.key), res.Body())
	if err == nil {
		err = g.keys.KeyDone(ctx, r.scope, r.key, journal.KeptAnswer{
			Status: res.StatusCode(), ContentType: string(res.Header.ContentType()), Body: sealed, HeldUntil: held,
		})
	}
	// An answer that is not kept is not given either: a repeat would be carried out again and get another one.
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return &payment.Problem{Code: payment.CodeKeyInProgress, Field: headerIdempotencyKey}
	case err != nil: //guard:answer-is-kept-before-given
		return fmt.Errorf("keeping the answer of an idempotent request: %w", err)
	}
	return nil
}

// replay gives a kept answer again.
func replay(c *fiber.Ctx, kept journal.KeptAnswer, answer []byte) error {
	c.Set(headerReplayed, "true")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Status(kept.Status)
	c.Response().Header.SetContentType(kept.ContentType)
	return c.Send(answer)
}

// answerStands marks the answer being given as one that a repeat may be given too.
func answerStands(c *fiber.Ctx) { requestOf(c).stands = true }

// quotedString reads an RFC 8941 string: printable ASCII in double quotes, with \" and \\ as escapes.
func quotedString(s string) (string, bool) {
	s = strings.Trim(s, " ")
	if len(s) < 3 || len(s) > maxKey+2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	var out []byte
	inner := s[1 : len(s)-1]
	for i := 0; i < len(inner); i++ {
		c := inner[i]
		switch {
		case c == '\\':
			if i++; i == len(inner) || inner[i] != '"' && inner[i] != '\\' {
				return "", false
			}
			c = inner[i]
		case c == '"' || c < 0x20 || c > 0x7e:
			return "", false
		}
		out = append(out, c)
	}
	return string(out), true
}

// fingerprint names a JSON body by what it says, not by how it is written: order of keys and white space do
// not count.
func fingerprint(body []byte) (string, error) {
	if err := strictjson.Check(body); err != nil {
		return "", err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	canonical, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}
