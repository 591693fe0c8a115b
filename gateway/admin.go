package gateway

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

// adminApp makes the listener for SREs: metrics, health and reload. It is never on the public port.
func (g *Gateway) adminApp() *fiber.App {
	app := g.newApp(false)
	app.Get("/metrics", adaptor.HTTPHandler(metrics.Handler(g.registry)))
	app.Get("/livez", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	app.Get("/readyz", g.handleReady)
	app.Get("/healthz", g.handleReady)
	// Whoever may only look needs no token; whoever changes what is sold does.
	mayWrite := g.authenticate(knownCallersOf(g.store.Current().Server().Admin.Tokens))
	app.Post("/-/reload", mayWrite, g.handleReload) //guard:reload-needs-token
	app.Get("/-/config/history", g.handleHistory)
	app.Post("/-/config/rollback", mayWrite, g.handleRollback) //guard:rollback-needs-token
	app.Post("/-/listing", mayWrite, g.handleListing)          //guard:listing-needs-token
	return app
}

// The words of readyz. A warning is for people: the pod serves the shop's pages and refuses checkouts by itself.
const (
	checkPass = "pass"
	checkWarn = "warn"
	checkFail = "fail"
)

type readiness struct {
	Status string            `json:"status"`
	Rules  string            `json:"rules_version"`
	Checks map[string]string `json:"checks"`
	// Refused is the first complaint about the file on disk, which is not in force; the rules above decide.
	Refused  string         `json:"config_refused,omitempty"`
	Rollback *rollbackState `json:"config_rollback,omitempty"`
}

// rollbackState is a rollback in force.
type rollbackState struct {
	Since    string `json:"since"`
	Trigger  string `json:"trigger"`
	SetAside string `json:"set_aside_version,omitempty"`
	Note     string `json:"note"`
}

// rollbackNote is what a rollback does not do.
const rollbackNote = "the file on disk still holds the rules that were set aside; a restart or a reload takes them"

// handleReady tells whether requests should be sent here. What is away elsewhere does not count, be it a PG or the
// journal: all pods would leave the service at once, and the shop's pages with them. It is told all the same.
func (g *Gateway) handleReady(c *fiber.Ctx) error {
	r := readiness{Status: checkPass, Rules: g.view().rules.Version(), Checks: map[string]string{
		"config": checkPass, "listener": checkPass, "journal": g.checkJournal(), "order_service": g.checkOrderService(),
	}}
	r.Refused, _, _ = strings.Cut(g.store.Refused(), "\n")
	if back := g.store.RolledBack(); back != nil {
		r.Rollback = &rollbackState{back.At.In(payment.KST()).Format(time.RFC3339), back.Trigger, back.SetAside, rollbackNote}
	}
	if r.Checks["journal"] != checkPass || r.Checks["order_service"] != checkPass {
		r.Status = checkWarn
	}
	if g.leaving.Load() {
		r.Status, r.Checks["listener"] = checkFail, "draining"
		c.Status(fiber.StatusServiceUnavailable)
	}
	return c.JSON(r)
}

// checkOrderService warns when an address of the order service is left out.
func (g *Gateway) checkOrderService() string {
	if l, err := g.shops.listOf(g.view()); err != nil || !l.allUp() {
		return checkWarn
	}
	return checkPass
}

type reloadAnswer struct {
	OK            bool     `json:"ok"`
	Changed       bool     `json:"changed"`
	Version       string   `json:"version"`
	RestartNeeded []string `json:"restart_needed,omitempty"`
	Error         string   `json:"error,omitempty"`
	// Reach tells whom a rollback has reached.
	Reach string `json:"reach,omitempty"`
}

// handleReload reads the rules again: 200, or 422 with every complaint so that a deploy script can see it.
func (g *Gateway) handleReload(c *fiber.Ctx) error {
	res := g.store.Reload("api")
	a := reloadAnswer{
		OK: res.Err == nil, Changed: res.Changed, Version: g.view().rules.Version(), RestartNeeded: res.RestartNeeded,
	}
	if res.Err != nil {
		a.Error = res.Err.Error()
		c.Status(fiber.StatusUnprocessableEntity)
	}
	return c.JSON(a)
}
