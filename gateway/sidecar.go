package gateway

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Paths of the sidecar listener.
const (
	pathAttempt       = "/attempts/:attempt"
	pathCancels       = "/attempts/:attempt/cancels"
	pathOrderAttempts = "/orders/:order/attempts"
)

const (
	// loopback is who calls when no tokens are set: whoever shares the pod.
	loopback = "loopback"
	bearer   = "Bearer "
)

// sidecarApp makes the listener for the order service: cancels, and where attempts stand. It is loopback or behind
// tokens, and never public.
func (g *Gateway) sidecarApp() *fiber.App {
	app := g.newApp(true)
	app.Use(g.observe, g.authenticate(g.store.Current().Server().Sidecar.Tokens))
	app.Post(pathCancels, named(routeCancels, g.handleCancel))
	app.Get(pathAttempt, named(routeAttempts, g.handleAttempt))
	app.Get(pathOrderAttempts, named(routeAttempts, g.handleOrderAttempts))
	only(app, routeCancels, "POST", pathCancels)
	only(app, routeAttempts, "GET, HEAD", pathAttempt, pathOrderAttempts)
	app.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
	return app
}

// serveSidecar serves the sidecar listener, when there is one, and returns what drains it.
func (g *Gateway) serveSidecar(l net.Listener, failed chan<- error) func(timeout time.Duration) error {
	if l == nil {
		return func(time.Duration) error { return nil }
	}
	app, side := g.sidecarApp(), g.newDoor(l, "sidecar", g.ownRoom(sidecarShare))
	go func() { failed <- serve(app, side, "sidecar") }()
	return func(timeout time.Duration) error { return drain(app, side, timeout, "sidecar") }
}

// authenticate wants one of the tokens, in a time that tells nothing of them. Without any, only the loopback
// interface is listened on, and pages of other machines are refused.
func (g *Gateway) authenticate(tokens []payment.Secret) fiber.Handler {
	sums := make([][sha256.Size]byte, len(tokens))
	for i, t := range tokens {
		sums[i] = sha256.Sum256([]byte(t.Reveal()))
	}
	return func(c *fiber.Ctx) error {
		if len(sums) == 0 {
			if ofOtherPage(c) { //guard:other-pages-send-nothing
				return &payment.Problem{Code: payment.CodeUnauthorized}
			}
			requestOf(c).caller = loopback
			return c.Next()
		}
		token, ok := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), bearer)
		sum := sha256.Sum256([]byte(token))
		known := 0
		for i := range sums {
			known |= subtle.ConstantTimeCompare(sum[:], sums[i][:])
		}
		if !ok || known != 1 { //guard:sidecar-wants-token
			c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
			return &payment.Problem{Code: payment.CodeUnauthorized}
		}
		requestOf(c).caller = hex.EncodeToString(sum[:8])
		return c.Next()
	}
}

// notFoundAs is an error of the journal, with its word for what is missing.
func notFoundAs(err error, code payment.Code) error {
	if errors.Is(err, journal.ErrNotFound) {
		return &payment.Problem{Code: code}
	}
	return err
}

// cancelledAtPG looks, after a PG's notification about an attempt that has ended, for money that was given back
// without us.
func (g *Gateway) cancelledAtPG(ctx context.Context, a payment.Attempt) error {
	return g.canceller.Notified(ctx, a)
}
