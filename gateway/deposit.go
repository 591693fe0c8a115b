package gateway

import (
	"errors"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Where Inicis tells of deposits into virtual accounts; the PG's id of the configuration is in between.
const (
	pathHooksInicis = "/hooks/inicis/"
	hookDeposit     = "/deposit"
)

// DepositPath is where Inicis is to send a PG's notices of deposits, on the public listener.
func DepositPath(pg payment.PGID) string { return pathHooksInicis + string(pg) + hookDeposit }

// What Inicis reads: exactly OK, or anything else to be told again (inicis.md §7).
const (
	depositTaken   = "OK"
	depositRefused = "FAIL"
)

// handleDeposit takes Inicis' notice that money came into an account. Its answer is for a machine that reads the
// body only: OK once everything in the notice is on record.
func (g *Gateway) handleDeposit(c *fiber.Ctx) error {
	pg, ok := g.view().rules.PG(payment.PGID(c.Params("pg")))
	if !ok || pg.Driver != payment.DriverInicis {
		return fiber.ErrNotFound
	}
	raw, err := readBody(c, maxHook)
	if err != nil {
		g.metrics.Webhook(string(pg.ID), metrics.WebhookInvalid)
		return err
	}
	status, result := g.deposit(c, pg, raw)
	g.metrics.Webhook(string(pg.ID), result)
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlain)
	if status != fiber.StatusOK {
		return c.Status(status).SendString(depositRefused)
	}
	return c.SendString(depositTaken)
}

// deposit follows a notice up and says with which status it is answered, and what came of it.
func (g *Gateway) deposit(c *fiber.Ctx, pg *payment.PG, raw []byte) (status int, result string) {
	log := g.log.With(slog.String("request_id", requestID(c)), slog.Any("pg", pg.ID))
	if !g.isFrom(c, depositSources(pg)) {
		log.Warn("a deposit's notice came from an address that is not Inicis'")
		return fiber.StatusForbidden, metrics.WebhookForged
	}
	d, err := inicis.ParseDeposit(c.Get(fiber.HeaderContentType), raw)
	switch {
	case err != nil:
		log.Warn("a deposit's notice cannot be read", slog.Any("err", err))
		return fiber.StatusBadRequest, metrics.WebhookInvalid
	case d.Kind != inicis.DepositPaid:
		// An account was issued, which its approval has told us.
		return fiber.StatusOK, metrics.WebhookIgnored
	case !payment.ValidID(string(d.OID)):
		return fiber.StatusNotFound, metrics.WebhookNobodys
	}
	if g.admitHook(c) != nil {
		// Inicis says it again, ten times.
		return fiber.StatusTooManyRequests, metrics.WebhookLimited
	}
	word, err := g.settler.Deposited(g.requestContext(c), g.late, lifecycle.Deposit{
		ID: d.OID, PG: pg.ID, MID: d.MID, TID: d.TID, IssueTID: d.IssueTID, Amount: d.Amount,
	})
	isAbout(c, word.Attempt.OrderID, d.OID)
	log = slog.New(log.Handler().WithAttrs(aboutOf(c).attrs()))
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
	case word.Late:
		return fiber.StatusOK, metrics.WebhookLateMoney
	}
	return fiber.StatusOK, metrics.WebhookAccepted
}

// depositSources are where a PG's notices may come from: as configured, else the addresses that Inicis states, or
// this machine's own for the sandbox.
func depositSources(pg *payment.PG) []string {
	switch {
	case len(pg.WebhookSources) > 0:
		return pg.WebhookSources
	case pg.Environment == payment.EnvSandbox:
		return []string{"127.0.0.0/8", "::1"}
	}
	return inicis.DepositSources()
}
