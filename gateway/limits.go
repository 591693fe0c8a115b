package gateway

import (
	"context"
	"math"
	"net/netip"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/tidwall/gjson"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// limits hold strangers: what one of them may do, and what may be done to one order or attempt.
type limits struct{ clients, hooks, orders, guesses, attempts, windows *buckets }

func newLimits() *limits {
	return &limits{newBuckets(), newBuckets(), newBuckets(), newBuckets(), newBuckets(), newBuckets()}
}

// tooOften refuses what came too often, by whom it was counted.
func (g *Gateway) tooOften(by string, order payment.OrderID, wait time.Duration) error {
	g.metrics.RateLimited(by)
	return &payment.Problem{Code: payment.CodeRateLimited, OrderID: order, RetryAfter: wait}
}

// client is whom a request is counted for: an address, of IPv6 the network that one customer gets.
func (g *Gateway) client(c *fiber.Ctx) string {
	r := requestOf(c)
	if r.client == "" {
		if d, ok := c.Context().Conn().(*doorConn); ok {
			r.client = d.called.as(g.clientIP(c), 64)
		} else {
			r.client = network(g.clientIP(c), 64)
		}
	}
	return r.client
}

// payer is whom a request about one order is counted for. Of IPv6 it is the largest network that one customer gets,
// who has 65,536 smaller ones in it: two buyers behind it do not pay the same order.
func (g *Gateway) payer(c *fiber.Ctx) string {
	if g.clientIP(c).Is4() {
		return g.client(c)
	}
	return network(g.clientIP(c), 48) //guard:ipv6-guesses-as-one
}

// callers remembers whom the last request of a connection was counted for: mostly the next one is, too.
type callers struct {
	last netip.Addr
	text string
}

// as is network of an address, which it remembers.
func (r *callers) as(ip netip.Addr, bits int) string {
	if r.text == "" || r.last != ip {
		r.last, r.text = ip, network(ip, bits)
	}
	return r.text
}

// network is an address, of IPv6 its first bits.
func network(ip netip.Addr, bits int) string {
	if !ip.IsValid() {
		return ""
	}
	if ip.Is6() {
		if prefix, err := ip.WithZone("").Prefix(bits); err == nil {
			return prefix.Addr().String()
		}
	}
	return ip.String()
}

// admit holds a client to its rate at the doors of payments.
func (g *Gateway) admit(c *fiber.Ctx) error {
	wait, ok := g.limits.clients.take(g.client(c), g.view().rules.Limits().Rates.Client, g.now())
	if !ok {
		return g.tooOften(metrics.LimitedClient, "", wait)
	}
	return nil
}

// admitted is admit in front of a handler.
func (g *Gateway) admitted(c *fiber.Ctx) error {
	if err := g.admit(c); err != nil {
		return err
	}
	return c.Next()
}

// admitHook holds an address to its rate for messages that no signature proves to come from a PG.
func (g *Gateway) admitHook(c *fiber.Ctx) error {
	wait, ok := g.limits.hooks.take(g.client(c), g.view().rules.Limits().Rates.Hooks, g.now())
	if !ok {
		return g.tooOften(metrics.LimitedHooks, "", wait)
	}
	return nil
}

// admitOrder holds checkouts of one order. A bucket is one client's for one method, so that nobody can use it up for
// the buyer, and who wore out one method leaves the others.
func (g *Gateway) admitOrder(c *fiber.Ctx, v *view, order payment.OrderID, method string) error {
	if order == "" {
		return nil // and be refused
	}
	known, _ := v.rules.ResolveMethod(method)
	r, payer := v.rules.Limits().Rates, g.payer(c)
	// One text for both keys.
	of := string(order) + " " + payer + " " + string(known)
	who := of[:len(order)+1+len(payer)]
	if wait, empty := g.limits.guesses.empty(who, r.Guesses, g.now()); empty { //guard:amount-is-guessed-seldom
		return g.tooOften(metrics.LimitedGuesses, order, wait)
	}
	if wait, ok := g.limits.orders.take(of, r.Order, g.now()); !ok {
		return g.tooOften(metrics.LimitedOrder, order, wait)
	}
	return nil
}

// windowRate is for windows of one order that one client opens at one PG. It stays below maxOpened for as long as a
// window is open (half an hour): whoever opens all that he can has not taken the buyer's.
func windowRate() rules.Rate { return rules.Rate{N: 12, Per: time.Hour} }

// windowBurst is how many of those may come at once.
const windowBurst = 10

type clientKey struct{}

// windowKey names the bucket of the windows that one client opens of one order at one PG.
func windowKey(a payment.Attempt, client string) string {
	return string(a.OrderID) + " " + string(a.PG) + " " + client
}

// admitWindow holds the windows of one order that one client opens at one PG.
func (g *Gateway) admitWindow(ctx context.Context, a payment.Attempt) error {
	client, ok := ctx.Value(clientKey{}).(string)
	if !ok {
		return nil // nobody from outside
	}
	if wait, ok := g.limits.windows.takeOf(windowKey(a, client), windowRate(), windowBurst, g.now()); !ok {
		g.metrics.RateLimited(metrics.LimitedOrder)
		return &payment.Problem{Code: payment.CodeTooManyAttempts, OrderID: a.OrderID, RetryAfter: wait}
	}
	return nil
}

// guessed counts a checkout whose figures were not the order's, and hands err on.
func (g *Gateway) guessed(c *fiber.Ctx, v *view, order payment.OrderID, err error) error {
	if p, ok := payment.AsProblem(
		err,
	); ok &&
		(p.Code == payment.CodeAmountMismatch || p.Code == payment.CodeSplitMismatch) {
		g.limits.guesses.take(string(order)+" "+g.payer(c), v.rules.Limits().Rates.Guesses, g.now())
	}
	return err
}

// turn holds what anybody may send about one attempt, since it makes us ask the PG. The bucket is the attempt's,
// whoever sends.
func (g *Gateway) turn(id payment.AttemptID) error { return g.turnOf(string(id)) }

// proofTurn is turn for what brings a proof from the window. The bucket is one client's, so that nobody can use up
// the buyer's and have him refused after he has authenticated.
func (g *Gateway) proofTurn(ctx context.Context, id payment.AttemptID) error {
	client, _ := ctx.Value(clientKey{}).(string)
	return g.turnOf(string(id) + " " + client)
}

func (g *Gateway) turnOf(key string) error {
	//guard:strangers-seldom-ask-a-pg
	if wait, ok := g.limits.attempts.take(key, g.view().rules.Limits().Rates.Attempt, g.now()); !ok {
		return g.tooOften(metrics.LimitedAttempt, "", wait)
	}
	return nil
}

// fromJournal answers a browser that comes too often for us to ask the PG once more: what the journal knows is the
// truth too, and a buyer who reloads the page after he has paid must read that. Without a row the refusal stays.
func (g *Gateway) fromJournal(ctx context.Context, id payment.AttemptID, refused error) (lifecycle.Result, error) {
	if known, ok, err := g.machine.Known(ctx, id); ok && err == nil {
		return known, nil
	}
	return lifecycle.Result{}, refused
}

// checkoutBody admits a checkout by what its body names, before anything is written for it.
func (g *Gateway) checkoutBody(c *fiber.Ctx, body []byte) error {
	if co, err := parseCheckout(body); err == nil {
		requestOf(c).checkout = &co
		return g.admitOrder(c, g.view(), co.OrderID, string(firstMethod(co.Payments)))
	}
	// It will be refused, and is held to the rates all the same, by what can be read of it.
	order := gjson.GetBytes(body, "order_id").String()
	if !validOrderID(order) {
		return nil // and be refused
	}
	return g.admitOrder(c, g.view(), payment.OrderID(order), gjson.GetBytes(body, "payments.0.method").String())
}

// completeBody admits what a window's callback says, by its attempt, before anything is written for it.
func (g *Gateway) completeBody(c *fiber.Ctx, body []byte) error {
	id := gjson.GetBytes(body, "attempt_id").String()
	if !payment.ValidID(id) {
		return nil // and be refused
	}
	wait, ok := g.limits.orders.take("attempt "+id+" "+g.payer(c), g.view().rules.Limits().Rates.Order, g.now())
	if !ok {
		return g.tooOften(metrics.LimitedAttempt, "", wait)
	}
	return nil
}

func firstMethod(parts []payment.MethodAmount) payment.Method {
	if len(parts) == 0 {
		return ""
	}
	return parts[0].Method
}

// retryAfter is the header's value for a wait: whole seconds, at least one.
func retryAfter(wait time.Duration) string {
	return strconv.Itoa(max(int(math.Ceil(wait.Seconds())), 1))
}
