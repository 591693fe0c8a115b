package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Where PortOne reaches us; the PG's id of the configuration comes behind, and confirm behind that.
const (
	pathHooks   = "/hooks/portone"
	pathHooksV1 = pathHooks + "/v1/"
	pathHooksV2 = pathHooks + "/v2/"
	hookConfirm = "/confirm"
)

const (
	// maxHook is the largest message of PortOne's that is read, in bytes.
	maxHook = 64 << 10
	// hookPatience is how long PortOne is kept waiting while an attempt is settled. It gives up after 30 s; the
	// settle goes on all the same.
	hookPatience = 25 * time.Second
	// hookHold is how long a message is believed to be worked on.
	hookHold = time.Minute
)

// hookRoutes adds the endpoints that PGs send to. Nothing else below their path reaches the shop.
func (g *Gateway) hookRoutes(app *fiber.App) {
	app.Post(pathHooksV1+":pg", named(routeNotice, g.hook(payment.DriverPortOneV1, g.noticeV1)))
	app.Post(pathHooksV2+":pg", named(routeNotice, g.hook(payment.DriverPortOneV2, g.noticeV2)))
	app.Post(pathHooksV1+":pg"+hookConfirm, named(routeConfirm, g.hook(payment.DriverPortOneV1, g.confirmV1)))
	app.Post(pathHooksV2+":pg"+hookConfirm, named(routeConfirm, g.hook(payment.DriverPortOneV2, g.confirmV2)))
	app.Post(pathHooksInicis+":pg"+hookDeposit, named(routeDeposit, g.handleDeposit))
	only(app, routeNotice, "POST", pathHooksV1+":pg", pathHooksV2+":pg")
	only(app, routeConfirm, "POST", pathHooksV1+":pg"+hookConfirm, pathHooksV2+":pg"+hookConfirm)
	only(app, routeDeposit, "POST", pathHooksInicis+":pg"+hookDeposit)
	app.Use(strings.TrimSuffix(pathHooksInicis, "/"), func(c *fiber.Ctx) error {
		if !strings.HasPrefix(c.Path(), pathHooksInicis) {
			return c.Next()
		}
		c.Locals(localRoute, routeHooks)
		return fiber.ErrNotFound
	})
	app.Use(pathHooks, func(c *fiber.Ctx) error {
		if p := c.Path(); p != pathHooks && !strings.HasPrefix(p, pathHooks+"/") {
			return c.Next()
		}
		c.Locals(localRoute, routeHooks)
		return fiber.ErrNotFound
	})
}

// hookURLs are where PortOne reports and asks about a payment, when it can be expected to reach us and we to
// know it.
func hookURLs(base string, pg *payment.PG, m *payment.Merchant) (notice, confirm string) {
	if !strings.HasPrefix(base, "https://") && pg.Environment != payment.EnvSandbox {
		return "", ""
	}
	path := pathHooksV1
	switch pg.Driver {
	case payment.DriverPortOneV1:
	case payment.DriverPortOneV2:
		if len(pg.WebhookSecrets) == 0 {
			return "", ""
		}
		path = pathHooksV2
	case payment.DriverInicis:
		return "", ""
	}
	notice = base + path + string(pg.ID)
	if m.ConfirmHook {
		confirm = notice + hookConfirm
	}
	return notice, confirm
}

// hook finds the PG that a message is for, reads the message and counts what came of it.
func (g *Gateway) hook(driver payment.DriverName, do func(*fiber.Ctx, *payment.PG, []byte) (string, error)) fiber.Handler {
	return func(c *fiber.Ctx) error {
		pg, ok := g.view().rules.PG(payment.PGID(c.Params("pg")))
		if !ok || pg.Driver != driver {
			return fiber.ErrNotFound
		}
		raw, err := readBody(c, maxHook)
		if err != nil {
			g.metrics.Webhook(string(pg.ID), metrics.WebhookInvalid)
			return err
		}
		if driver != payment.DriverPortOneV2 && !g.isSource(c, pg) {
			// Nothing proves who sent it; V2 is held when its signature is wrong.
			if err := g.admitHook(c); err != nil {
				g.metrics.Webhook(string(pg.ID), metrics.WebhookLimited)
				return again(err)
			}
		}
		result, err := do(c, pg, raw)
		g.metrics.Webhook(string(pg.ID), result)
		return err
	}
}

// noticeV1 takes V1's unsigned word that something happened.
func (g *Gateway) noticeV1(c *fiber.Ctx, pg *payment.PG, raw []byte) (string, error) {
	return g.hinted(c, pg, func(listed bool) (string, error) { return g.noticeOfV1(c, pg, raw, listed) })
}

func (g *Gateway) noticeOfV1(c *fiber.Ctx, pg *payment.PG, raw []byte, listed bool) (string, error) {
	n, err := portonev1.ParseNotice(c.Get(fiber.HeaderContentType), raw)
	switch {
	case err != nil:
		return metrics.WebhookInvalid, unreadableHook(err)
	case n.Event == portonev1.EventCvsConfirm:
		// A 200 would let a barcode be paid that nobody here waits for.
		return metrics.WebhookRefused, refuseHook(c, "reason", lifecycle.Answer{})
	case n.Event == portonev1.EventEscrow:
		return g.noteEscrow(c, pg, n)
	case n.Event != "":
		return metrics.WebhookIgnored, c.SendStatus(fiber.StatusOK)
	}
	if !listed {
		if err := g.turn(n.MerchantUID); err != nil {
			return metrics.WebhookLimited, again(err)
		}
	}
	return g.followUp(c, pg, lifecycle.Notice{ID: n.MerchantUID, PGTxID: n.ImpUID, Says: n.Says(), Unsigned: true})
}

// eventEscrow is the record of how far an escrow has come; Code holds PortOne's number for it (portone.md §3.1).
const eventEscrow = "escrow_changed"

// noteEscrow writes down how far an escrow has come. It moves no money of ours: the buyer's confirmation is between
// him and the PG, and what a cancel may do is the PG's to say.
func (g *Gateway) noteEscrow(c *fiber.Ctx, pg *payment.PG, n portonev1.Notice) (string, error) {
	ctx := g.requestContext(c)
	a, _, err := g.journal.Attempt(ctx, n.MerchantUID)
	switch {
	case errors.Is(err, journal.ErrNotFound), err == nil && (a.PG != pg.ID || a.Purpose != payment.PurposeEscrow || !n.KnownEscrow()):
		return metrics.WebhookNobodys, c.SendStatus(fiber.StatusOK)
	case err != nil:
		return metrics.WebhookFailed, again(err)
	}
	events, err := g.journal.Events(ctx, a.ID)
	if err != nil {
		return metrics.WebhookFailed, again(err)
	}
	if i := slices.IndexFunc(events, func(e journal.Event) bool { return e.Kind == eventEscrow && e.Code == n.EscrowStatus }); i >= 0 {
		return metrics.WebhookDuplicate, c.SendStatus(fiber.StatusOK)
	}
	if shown, err := g.settler.Shows(ctx, a, n.ImpUID); err != nil || !shown.Paid() {
		return metrics.WebhookFailed, again(errors.Join(errNotShown, err))
	}
	if err := g.late.Note(ctx, a.ID, journal.Event{At: g.now(), Kind: eventEscrow, Code: n.EscrowStatus, PGTxID: n.ImpUID}); err != nil {
		return metrics.WebhookFailed, again(err)
	}
	return metrics.WebhookAccepted, c.SendStatus(fiber.StatusOK)
}

// noticeV2 takes V2's signed word that something happened.
func (g *Gateway) noticeV2(c *fiber.Ctx, pg *payment.PG, raw []byte) (string, error) {
	id, err := g.verifyHook(c, pg, raw)
	if err != nil {
		if err := g.admitHook(c); err != nil {
			return metrics.WebhookLimited, err
		}
		return metrics.WebhookForged, err
	}
	ev, err := portonev2.ParseEvent(c.Get(fiber.HeaderContentType), raw, false)
	switch {
	case err != nil:
		return metrics.WebhookInvalid, unreadableHook(err)
	case ev.StoreID != "" && ev.StoreID != pg.StoreID:
		return metrics.WebhookIgnored, c.SendStatus(fiber.StatusOK)
	case ev.Type == portonev2.EventKeyIssued && ev.BillingKey.IsSet():
		return g.onceByID(c, pg, id, raw, func() (string, error) { return g.followKey(c, pg, ev.BillingKey) })
	case ev.PaymentID == "":
		return metrics.WebhookIgnored, c.SendStatus(fiber.StatusOK)
	case ev.Type == portonev2.EventReady:
		// A window was opened, which is nothing new but for a payment that is paid.
		approved, err := g.isApproved(c, ev.PaymentID)
		switch {
		case err != nil:
			return metrics.WebhookFailed, again(err)
		case !approved:
			return metrics.WebhookIgnored, c.SendStatus(fiber.StatusOK)
		}
	}
	return g.onceByID(c, pg, id, raw, func() (string, error) {
		return g.followUp(c, pg, lifecycle.Notice{ID: ev.PaymentID, PGTxID: ev.TxID, Says: ev.Says()})
	})
}

// isApproved tells whether the journal has an attempt as approved.
func (g *Gateway) isApproved(c *fiber.Ctx, id payment.AttemptID) (bool, error) {
	a, _, err := g.journal.Attempt(g.requestContext(c), id)
	if errors.Is(err, journal.ErrNotFound) {
		return false, nil
	}
	return a.State == payment.StateApproved, err
}

// onceByID follows a message up once by its id. Without that a repeat is harmless too: it is only not worked on
// again.
func (g *Gateway) onceByID(c *fiber.Ctx, pg *payment.PG, id string, raw []byte, do func() (string, error)) (string, error) {
	sum := sha256.Sum256(raw)
	ctx, scope, print := g.requestContext(c), "webhook v2 "+string(pg.ID), hex.EncodeToString(sum[:])
	kept, begun, err := g.keys.KeyBegin(ctx, scope, id, print, g.now(), hookHold)
	switch {
	case err != nil:
		return metrics.WebhookFailed, err
	case !begun && kept.Status != 0 && kept.Fingerprint == print:
		return metrics.WebhookDuplicate, c.SendStatus(fiber.StatusOK)
	case !begun:
		return do()
	}
	result, err := do()
	if err != nil {
		if dropping := g.keys.KeyDrop(ctx, scope, id, kept.HeldUntil); dropping != nil {
			g.log.Error("a webhook's id stays taken until its hold ends", slog.String("request_id", requestID(c)), slog.Any("err", dropping))
		}
		return result, err
	}
	if err := g.keys.KeyDone(ctx, scope, id, journal.KeptAnswer{Status: fiber.StatusOK, Body: []byte{}, HeldUntil: kept.HeldUntil}); err != nil {
		g.log.Warn("a webhook's id was not kept; a repeat is worked on again", slog.String("request_id", requestID(c)), slog.Any("err", err))
	}
	return result, nil
}

// followKey wakes the settle of the attempt that a billing key was issued for, which the webhook does not name.
func (g *Gateway) followKey(c *fiber.Ctx, pg *payment.PG, key payment.Secret) (string, error) {
	owner, ok := g.drivers[pg.Driver].(adapters.KeyOwner)
	if !ok {
		return metrics.WebhookIgnored, c.SendStatus(fiber.StatusOK)
	}
	id, err := owner.KeyOwner(g.requestContext(c), pg, key)
	if err != nil {
		return metrics.WebhookFailed, again(err)
	}
	return g.followUp(c, pg, lifecycle.Notice{ID: id, PGTxID: key.Reveal()})
}

// followUp wakes the settle of an attempt. PortOne is told 200 once there is nothing that it should say again:
// the attempt is settled, or is in the journal with a next check, or is nobody's here. A word of money that went back may
// come while another request of ours has the attempt approved.
func (g *Gateway) followUp(c *fiber.Ctx, pg *payment.PG, n lifecycle.Notice) (string, error) {
	ctx, id := g.requestContext(c), n.ID
	if !payment.ValidID(string(id)) {
		return metrics.WebhookNobodys, c.SendStatus(fiber.StatusOK)
	}
	a, _, err := g.journal.Attempt(ctx, id)
	switch {
	case errors.Is(err, journal.ErrNotFound), err == nil && a.PG != pg.ID:
		if err != nil {
			g.others.notFound(id, c.Query(journalParam))
		}
		return metrics.WebhookNobodys, c.SendStatus(fiber.StatusOK)
	case err != nil:
		return metrics.WebhookFailed, again(err)
	}
	isAbout(c, a.OrderID, a.ID)
	word, err := g.notified(ctx, a, n)
	switch {
	case err != nil:
		g.log.Error("a webhook was not followed up", slog.String("request_id", requestID(c)), a.LogAttr(), slog.Any("err", err))
		return metrics.WebhookFailed, again(err)
	case word.Late:
		return metrics.WebhookLateMoney, c.SendStatus(fiber.StatusOK)
	}
	return metrics.WebhookAccepted, c.SendStatus(fiber.StatusOK)
}

// errStillFollowing tells that a word was not followed up in time although nothing else would: nobody looks at
// attempts that have ended, for V1's second payments, or for money that came in beside an undo. PortOne must say it again.
var errStillFollowing = errors.New("the word is still being followed up")

// notified settles in the background and waits as long as PortOne does.
func (g *Gateway) notified(ctx context.Context, a payment.Attempt, n lifecycle.Notice) (lifecycle.Word, error) {
	given := n.Says == payment.OutcomeCancelled
	type outcome struct {
		word lifecycle.Word
		err  error
	}
	done := make(chan outcome, 1)
	g.following.Go(func() {
		word, err := g.settler.Notified(ctx, g.late, n)
		if err == nil && (given || a.State.Final()) {
			err = g.cancelledAtPG(ctx, word.Attempt)
		}
		if err != nil {
			g.log.ErrorContext(ctx, "a PG's word could not be followed up", a.LogAttr(), slog.Any("err", err))
		}
		done <- outcome{word, err}
	})
	t := time.NewTimer(hookPatience)
	defer t.Stop()
	select {
	case o := <-done:
		return o.word, o.err
	case <-t.C:
		waits := a.State == payment.StateOpened || a.State == payment.StateApproving || a.State == payment.StateIssued
		if !waits || given || a.Driver == payment.DriverPortOneV1 {
			return lifecycle.Word{}, errStillFollowing
		}
		return lifecycle.Word{}, nil
	}
}

// again is an error as PortOne must hear of it: by its rules a 4xx is final, and it would not say it again.
func again(err error) error {
	if p := asProblem(err); p.Code.Describe().Status < 500 {
		return &payment.Problem{Code: payment.CodeInternal, OrderID: p.OrderID}
	}
	return err
}

// confirmV1 answers V1's question before it approves.
func (g *Gateway) confirmV1(c *fiber.Ctx, pg *payment.PG, raw []byte) (string, error) {
	return g.hinted(c, pg, func(listed bool) (string, error) {
		q, err := portonev1.ParseQuestion(c.Get(fiber.HeaderContentType), raw)
		if err != nil {
			return metrics.WebhookInvalid, unreadableHook(err)
		}
		return g.answerHook(c, "reason", lifecycle.Question{ID: q.MerchantUID, PG: pg.ID, PGTxID: q.ImpUID, Amount: q.Amount, Unlisted: !listed})
	})
}

// confirmV2 answers V2's question before it approves.
func (g *Gateway) confirmV2(c *fiber.Ctx, pg *payment.PG, raw []byte) (string, error) {
	if _, err := g.verifyHook(c, pg, raw); err != nil {
		return metrics.WebhookForged, err
	}
	ev, err := portonev2.ParseEvent(c.Get(fiber.HeaderContentType), raw, true)
	switch {
	case err != nil:
		return metrics.WebhookInvalid, unreadableHook(err)
	case ev.StoreID != "" && ev.StoreID != pg.StoreID:
		return metrics.WebhookRefused, refuseHook(c, "errorMessage", lifecycle.Answer{})
	}
	return g.answerHook(c, "errorMessage", lifecycle.Question{ID: ev.PaymentID, PG: pg.ID, PGTxID: ev.TxID, Amount: ev.Amount})
}

// answerHook says yes with a 200 and no with a 409 whose body tells why under the given name.
func (g *Gateway) answerHook(c *fiber.Ctx, name string, q lifecycle.Question) (string, error) {
	isAbout(c, "", q.ID)
	ans := lifecycle.Answer{Reason: lifecycle.ReasonNoSuchPayment}
	switch {
	case !payment.ValidID(string(q.ID)):
	case g.others.problem("") != nil:
		ans = lifecycle.Answer{Reason: reasonSeveralJournals}
	default:
		ans = g.settler.Allow(g.requestContext(c), q)
	}
	if ans.Reason == lifecycle.ReasonNoSuchPayment {
		g.others.notFound(q.ID, c.Query(journalParam))
	}
	if ans.Yes {
		return metrics.WebhookGoOn, c.Status(fiber.StatusOK).JSON(struct{}{})
	}
	g.log.Warn("a payment was refused at PortOne's question", slog.String("request_id", requestID(c)), slog.Any("attempt_id", q.ID), slog.Any("pg", q.PG), slog.Any("reason", ans.Reason))
	return metrics.WebhookRefused, refuseHook(c, name, ans)
}

func refuseHook(c *fiber.Ctx, name string, ans lifecycle.Answer) error {
	why := ans.DetailKo
	if why == "" {
		why = "결제를 진행할 수 없는 주문입니다"
	}
	return c.Status(fiber.StatusConflict).JSON(map[string]string{name: why})
}

// isSource tells whether a request comes from where PortOne V1 sends, which is all that V1 gives to know it by.
func (g *Gateway) isSource(c *fiber.Ctx, pg *payment.PG) bool { return g.isFrom(c, pg.WebhookSources) }

// isFrom tells whether a request comes from one of these addresses or CIDR ranges.
func (g *Gateway) isFrom(c *fiber.Ctx, sources []string) bool {
	ip, err := netip.ParseAddr(g.clientIP(c))
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	for _, s := range sources {
		if alone, err := netip.ParseAddr(s); err == nil && alone == ip {
			return true
		}
		if p, err := netip.ParsePrefix(s); err == nil && p.Contains(ip) {
			return true
		}
	}
	return false
}

// verifyHook checks a V2 message's signature and returns its id.
func (g *Gateway) verifyHook(c *fiber.Ctx, pg *payment.PG, raw []byte) (string, error) {
	header := http.Header{}
	for _, name := range []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"} {
		for _, value := range c.Request().Header.PeekAll(name) {
			header.Add(name, string(value))
		}
	}
	id, err := portonev2.VerifyWebhook(pg.WebhookSecrets, header, raw, g.now())
	if err != nil {
		g.log.Warn("a webhook was refused", slog.String("request_id", requestID(c)), slog.Any("pg", pg.ID), slog.Any("err", err))
		return "", &payment.Problem{Code: payment.CodeWebhookForged}
	}
	return id, nil
}

func unreadableHook(err error) error {
	return errors.Join(&payment.Problem{Code: payment.CodeWebhookInvalid}, err)
}
