package gateway

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
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
	// pathSubscriptionCharge charges a stored billing key.
	pathSubscriptionCharge = "/subscriptions/charge"
	// The lists of recurring payments.
	pathSubscriptionKeys      = "/subscriptions/keys"
	pathSubscriptionCharges   = "/subscriptions/charges"
	pathSubscriptionSchedules = "/subscriptions/schedules"
	// Recoveries of declined charges: all, and that of one order.
	pathRecoveries = "/subscriptions/recoveries"
	pathRecovery   = pathRecoveries + "/:order"
)

const (
	// loopback is who calls when no tokens are set: whoever shares the pod.
	loopback = "loopback"
	bearer   = "Bearer "
)

// sidecarApp makes the listener for the order service: PGs' own APIs, cancels, charges, and where attempts stand. It is
// loopback or behind tokens, and never public.
func (g *Gateway) sidecarApp() *fiber.App {
	app := g.newApp(true)
	known := knownCallersOf(g.store.Current().Server().Sidecar.Tokens)
	app.Use(g.observe, g.apiPaths(known), g.authenticate(known))
	app.Post(pathCancels, named(routeCancels, g.handleCancel))
	app.Get(pathAttempt, named(routeAttempts, g.handleAttempt))
	app.Get(pathOrderAttempts, named(routeAttempts, g.handleOrderAttempts))
	app.Post(pathSubscriptionCharge, named(routeSubscriptions, g.handleSubscriptionCharge))
	lists := map[string]journal.Subscriptions{
		pathSubscriptionKeys: journal.SubscriptionKeys, pathSubscriptionCharges: journal.SubscriptionCharges,
		pathSubscriptionSchedules: journal.SubscriptionSchedules,
	}
	for path, what := range lists {
		app.Get(path, named(routeSubscriptions, g.handleSubscriptions(what)))
		only(app, routeSubscriptions, "GET, HEAD", path)
	}
	app.Get(pathRecoveries, named(routeSubscriptions, g.handleRecoveries))
	app.Delete(pathRecovery, named(routeSubscriptions, g.handleStopRecovery))
	only(app, routeSubscriptions, "GET, HEAD", pathRecoveries)
	only(app, routeSubscriptions, "DELETE", pathRecovery)
	only(app, routeCancels, "POST", pathCancels)
	only(app, routeSubscriptions, "POST", pathSubscriptionCharge)
	only(app, routeAttempts, "GET, HEAD", pathAttempt, pathOrderAttempts)
	app.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
	return app
}

// sideDoor is one listener for the order service, as it is served.
type sideDoor struct {
	app  *fiber.App
	door *door
	name string
}

// serveSidecar serves the listeners for the order service, and returns what drains them.
func (g *Gateway) serveSidecar(l Listeners, failed chan<- error) func(timeout time.Duration) error {
	var doors []sideDoor
	serveOne := func(app *fiber.App, l net.Listener, name string) {
		side := sideDoor{app, g.newDoor(l, name, g.ownRoom(sidecarShare)), name}
		doors = append(doors, side)
		go func() { failed <- serve(side.app, side.door, side.name) }()
	}
	for _, one := range []net.Listener{l.Sidecar, l.Socket} {
		if one != nil {
			serveOne(g.sidecarApp(), one, "sidecar")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.APIs)) {
		serveOne(g.apiApp(id), l.APIs[id], "sidecar")
	}
	return func(timeout time.Duration) error {
		var drained sync.WaitGroup
		errs := make([]error, len(doors))
		for i, d := range doors {
			drained.Go(func() { errs[i] = drain(d.app, d.door, timeout, d.name) })
		}
		drained.Wait()
		return errors.Join(errs...)
	}
}

// authenticate wants one of the tokens. Without any, pages of other machines are refused.
func (g *Gateway) authenticate(known knownCallers) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if len(known) == 0 {
			if ofOtherPage(c) { //guard:other-pages-send-nothing
				return &payment.Problem{Code: payment.CodeUnauthorized}
			}
			requestOf(c).caller = loopback
			return c.Next()
		}
		token, ok := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), bearer)
		caller, one := known.nameOf(token)
		if !ok || !one { //guard:sidecar-wants-token
			c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
			return &payment.Problem{Code: payment.CodeUnauthorized}
		}
		requestOf(c).caller = caller
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
