package gateway

import (
	"errors"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

// depositHook takes a PG's notice that money came into an account. Its answer is for a machine that reads the body
// only: that it is taken once everything in the notice is on record, or that it is to be told again (inicis.md §7).
func (g *Gateway) depositHook(name payment.DriverName, r payment.Routes) fiber.Handler {
	driver := g.drivers[name]
	return func(c *fiber.Ctx) error {
		pg, ok := g.view().rules.PG(payment.PGID(c.Params("pg")))
		if !ok || pg.Driver != name {
			return fiber.ErrNotFound
		}
		raw, err := readBody(c, maxHook)
		if err != nil {
			g.metrics.Webhook(string(pg.ID), metrics.WebhookInvalid)
			return err
		}
		status, result := g.deposit(c, told{Message: messageOf(c, raw, g.now()), pg: pg, driver: driver})
		g.metrics.Webhook(string(pg.ID), result)
		c.Set(fiber.HeaderContentType, fiber.MIMETextPlain)
		if status != fiber.StatusOK {
			return c.Status(status).SendString(r.DepositRefused)
		}
		return c.SendString(r.DepositTaken)
	}
}

// deposit follows a notice up and says with which status it is answered, and what came of it.
func (g *Gateway) deposit(c *fiber.Ctx, t told) (status int, result string) {
	log := g.log.With(slog.String("request_id", requestID(c)), slog.Any("pg", t.pg.ID))
	if !g.isSource(c, t.pg) { //guard:notices-source
		log.Warn("a deposit's notice came from an address that is not listed")
		return fiber.StatusForbidden, metrics.WebhookForged
	}
	d, err := readNotification(t)
	switch {
	case err != nil:
		log.Warn("a deposit's notice cannot be read", slog.Any("err", err))
		return fiber.StatusBadRequest, metrics.WebhookInvalid
	case d.Kind != adapters.NotificationDeposit:
		return fiber.StatusOK, metrics.WebhookIgnored
	case !payment.ValidID(string(d.Attempt)):
		return fiber.StatusNotFound, metrics.WebhookNobodys
	}
	if g.admitHook(c) != nil {
		// Inicis says it again, ten times.
		return fiber.StatusTooManyRequests, metrics.WebhookLimited
	}
	if g.enterReturn(c) != nil { //guard:notices-have-seats
		return fiber.StatusServiceUnavailable, metrics.WebhookLimited
	}
	word, err := g.machine.Deposited(g.requestContext(c), g.unmatched, lifecycle.Deposit{
		ID: d.Attempt, PG: t.pg.ID, MID: d.MID, TID: d.PGTxID, IssueTID: d.IssueTxID, Amount: d.Amount,
	})
	isAbout(c, word.Attempt.OrderID, d.Attempt)
	log = slog.New(log.Handler().WithAttrs(requestOf(c).about.attrs(nil)))
	switch {
	case errors.Is(err, lifecycle.ErrNotOurs):
		// It may be about an approval that is just being written; Inicis asks ten times at most.
		log.Warn("a deposit's notice is about no account of ours", slog.Any("err", err))
		return fiber.StatusNotFound, metrics.WebhookNobodys
	case errors.Is(err, lifecycle.ErrDepositNotSeen):
		log.Warn("a deposit's notice is not confirmed by the PG's inquiry yet")
		return fiber.StatusServiceUnavailable, metrics.WebhookFailed
	case err != nil:
		log.Error("a deposit's notice was not followed up", slog.Any("err", err))
		return fiber.StatusServiceUnavailable, metrics.WebhookFailed
	case word.Unmatched:
		return fiber.StatusOK, metrics.WebhookUnmatched
	}
	return fiber.StatusOK, metrics.WebhookAccepted
}
