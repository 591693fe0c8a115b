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
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/gateway/strictjson"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
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
	KeyBegin(ctx context.Context, scope, key, fingerprint string, now time.Time, hold time.Duration) (journal.KeptAnswer, bool, error)
	KeyDone(ctx context.Context, scope, key string, a journal.KeptAnswer) error
	KeyDrop(ctx context.Context, scope, key string, heldUntil time.Time) error
	KeyPrune(ctx context.Context, before time.Time, limit int) (int, error)
}

// idempotent lets a caller repeat a request under an Idempotency-Key: the first one is carried out, later ones
// with the same body get its answer. Only answers that stand are kept; a refusal, or an outcome that is not
// certain, leaves the key free to ask again.
func (g *Gateway) idempotent(route string, run fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if c.Get(headerIdempotencyKey) == "" {
			return run(c)
		}
		key, err := idempotencyKey(c)
		if err != nil {
			return err
		}
		return g.underKey(c, route, key, fingerprint, run)
	}
}

// idempotencyKey reads the key of a request.
func idempotencyKey(c *fiber.Ctx) (string, error) {
	key, ok := quotedString(c.Get(headerIdempotencyKey))
	if !ok {
		return "", &payment.Problem{Code: payment.CodeKeyInvalid, Field: headerIdempotencyKey}
	}
	return key, nil
}

// underKey carries a request out once under its key. print names its body.
func (g *Gateway) underKey(c *fiber.Ctx, scope, key string, print func([]byte) (string, error), run fiber.Handler) error {
	body, err := jsonBody(c, g.view().rules.Limits().CheckoutBody)
	if err != nil {
		return err
	}
	c.Locals(localBody, body)
	named, err := print(body)
	if err != nil {
		return jsonProblem(err)
	}
	kept, begun, err := g.keys.KeyBegin(g.requestContext(c), scope, key, named, g.now(), keyHold)
	switch {
	case err != nil:
		return err
	case begun:
		return g.runOnce(c, scope, key, kept.HeldUntil, run)
	case kept.Fingerprint != named:
		return &payment.Problem{Code: payment.CodeKeyReused, Field: headerIdempotencyKey}
	case kept.Status == 0:
		return &payment.Problem{Code: payment.CodeKeyInProgress, Field: headerIdempotencyKey}
	}
	return g.replay(c, scope, key, kept)
}

// runOnce carries a request out and keeps its answer when that stands. Who took longer than his hold finds the key
// taken by another, whose answer it is that stands.
func (g *Gateway) runOnce(c *fiber.Ctx, route, key string, held time.Time, run fiber.Handler) error {
	err := run(c)
	ctx := context.WithoutCancel(g.requestContext(c))
	stands, _ := c.Locals(localStands).(bool)
	if err != nil || !stands {
		if dropping := g.keys.KeyDrop(ctx, route, key, held); dropping != nil {
			g.log.Error("an idempotency key stays taken until its hold ends", slog.String("request_id", requestID(c)), slog.Any("err", dropping))
		}
		return err
	}
	res := c.Response()
	sealed, err := g.sealer.Seal(payment.AttemptID(route+key), res.Body())
	if err == nil {
		err = g.keys.KeyDone(ctx, route, key, journal.KeptAnswer{
			Status: res.StatusCode(), ContentType: string(res.Header.ContentType()), Body: sealed, HeldUntil: held,
		})
	}
	// An answer that is not kept is not given either: a repeat would be carried out again and get another one.
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return &payment.Problem{Code: payment.CodeKeyInProgress, Field: headerIdempotencyKey}
	case err != nil:
		return fmt.Errorf("keeping the answer of an idempotent request: %w", err)
	}
	return nil
}

func (g *Gateway) replay(c *fiber.Ctx, route, key string, kept journal.KeptAnswer) error {
	body, err := g.sealer.Open(payment.AttemptID(route+key), kept.Body)
	if err != nil {
		return err
	}
	c.Set(headerReplayed, "true")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Status(kept.Status)
	c.Response().Header.SetContentType(kept.ContentType)
	return c.Send(body)
}

// answerStands marks the answer being given as one that a repeat may be given too.
func answerStands(c *fiber.Ctx) { c.Locals(localStands, true) }

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
