package gateway

import (
	"github.com/gofiber/fiber/v2"
)

// The routes' names, in logs and metrics. A route gets its name where it is registered, with named; those of returns
// are made of their paths. What is handed on to the order service is its own, and outside our error budget; an
// intercepted checkout is ours.
const (
	routeCheckout  = "checkout"
	routeComplete  = "complete"
	routePreflight = "preflight"
	routeApp       = "app_page"
	routeNotice    = "hooks_notice"
	routeConfirm   = "hooks_confirm"
	routeDeposit   = "hooks_deposit"
	routeHooks     = "hooks_unknown"
	routeCancels   = "cancels"
	routeAttempts  = "attempts"
	routeAPI       = "pg_api"
	// routeSubscriptions is the charge of a stored billing key, and the lists of recurring payments.
	routeSubscriptions = "subscriptions"
	routeX2BEE         = "x2bee"
	routeIntercept     = "intercept"
	routeShop          = "shop"
	routeNone          = "none"
)

// named gives a request its route's name in logs and metrics.
func named(route string, run fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		requestOf(c).route = route
		return run(c)
	}
}
