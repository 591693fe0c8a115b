package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// maxHook is the largest message of PortOne's that is read, in bytes.
	maxHook = 64 << 10
	// hookPatience is how long PortOne is kept waiting while an attempt is concluded. It gives up after 30 s; the
	// lifecycle goes on all the same.
	hookPatience = 25 * time.Second
	// hookHold is how long a message is believed to be worked on.
	hookHold = time.Minute
)

// hookRoutes adds the endpoints that PGs send to. Nothing else below their path reaches the shop.
func (g *Gateway) hookRoutes(app *fiber.App) {
	var folders []string
	for _, name := range slices.Sorted(maps.Keys(g.drivers)) {
		r := g.drivers[name].Spec().Routes
		for _, h := range []struct {
			path, route string
			run         fiber.Handler
		}{
			{r.Notifications, routeNotice, g.hook(name, g.notice)},
			{r.Questions, routeConfirm, g.hook(name, g.question)},
			{r.Deposits, routeDeposit, g.depositHook(name, r)},
		} {
			if h.path == "" {
				continue
			}
			app.Post(h.path, named(h.route, h.run))
			only(app, h.route, "POST", h.path)
			folders = append(folders, folderOf(h.path))
		}
	}
	for _, folder := range slices.Compact(slices.Sorted(slices.Values(folders))) {
		app.Use(folder, nothingBelow(folder))
	}
}

// folderOf is the part of a path that is its driver's alone: two segments.
func folderOf(path string) string {
	parts := strings.SplitN(path, "/", 4)
	return strings.Join(parts[:min(3, len(parts))], "/")
}

// nothingBelow refuses what is for a folder and for none of its endpoints.
func nothingBelow(folder string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if p := c.Path(); p != folder && !strings.HasPrefix(p, folder+"/") {
			return c.Next()
		}
		requestOf(c).route = routeHooks
		return fiber.ErrNotFound
	}
}

// hookURLs are where a PG reports and asks about a payment, when it can be expected to reach us.
func hookURLs(base string, r payment.Routes, pg *payment.PG, m *payment.Merchant) (notice, confirm string) {
	if !strings.HasPrefix(base, "https://") && pg.Environment != payment.EnvSandbox {
		return "", ""
	}
	if r.Notifications != "" {
		notice = base + payment.RouteOf(r.Notifications, pg.ID)
	}
	if r.Questions != "" && m.ConfirmHook {
		confirm = base + payment.RouteOf(r.Questions, pg.ID)
	}
	return notice, confirm
}

// depositURL is where a PG tells of money in an account that is opened in a window, when it can be expected to reach
// us.
func depositURL(base string, r payment.Routes, pg *payment.PG) string {
	if r.Deposits == "" || !strings.HasPrefix(base, "https://") && pg.Environment != payment.EnvSandbox {
		return ""
	}
	return base + payment.RouteOf(r.Deposits, pg.ID)
}

// told is a message that came for a PG, and who reads it.
type told struct {
	adapters.Message
	pg     *payment.PG
	driver adapters.Driver
}

// hook finds the PG that a message is for, reads the message and counts what came of it.
func (g *Gateway) hook(name payment.DriverName, do func(*fiber.Ctx, told) (string, error)) fiber.Handler {
	driver := g.drivers[name]
	_, signed := driver.(adapters.Verifier)
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
		if !signed && !g.isSource(c, pg) {
			// Nothing proves who sent it; what is signed is held when its signature is wrong.
			if err := g.admitHook(c); err != nil {
				g.metrics.Webhook(string(pg.ID), metrics.WebhookLimited)
				return again(err)
			}
		}
		if err := g.enterReturn(c); err != nil {
			g.metrics.Webhook(string(pg.ID), metrics.WebhookLimited)
			return err
		}
		result, err := do(c, told{Message: messageOf(c, raw, g.now()), pg: pg, driver: driver})
		g.metrics.Webhook(string(pg.ID), result)
		return err
	}
}

// messageOf is a message as drivers read it.
func messageOf(c *fiber.Ctx, raw []byte, now time.Time) adapters.Message {
	return adapters.Message{Header: c.GetReqHeaders(), Body: raw, Now: now}
}

// notice takes a PG's notification that something happened.
func (g *Gateway) notice(c *fiber.Ctx, t told) (string, error) {
	if verifier, ok := t.driver.(adapters.Verifier); ok {
		return g.signedNotice(c, t, verifier)
	}
	return g.hinted(c, t.pg, func(listed bool) (string, error) {
		n, err := readNotification(t)
		if err != nil {
			return metrics.WebhookInvalid, unreadableHook(err)
		}
		return g.follow(c, t, heard{Notification: n, unsigned: true, unlisted: !listed})
	})
}

// signedNotice takes a notification that the PG has signed.
func (g *Gateway) signedNotice(c *fiber.Ctx, t told, verifier adapters.Verifier) (string, error) {
	id, err := g.verifyHook(c, t, verifier)
	if err != nil {
		if err := g.admitHook(c); err != nil {
			return metrics.WebhookLimited, err
		}
		return metrics.WebhookForged, err
	}
	n, err := readNotification(t)
	if err != nil {
		return metrics.WebhookInvalid, unreadableHook(err)
	}
	return g.follow(c, t, heard{Notification: n, id: id})
}

// readNotice has a message read by its driver. That it can, checkRoutes has seen.
func readNotification(t told) (adapters.Notification, error) {
	return t.driver.(adapters.Notifier).ReadNotification(t.pg, t.Message) //nolint:forcetypeassert // see above
}

// heard is a notification that was read, and how far it may be believed.
type heard struct {
	adapters.Notification
	// id is the message's own, the same when it is said again; empty when nobody signed it.
	id string
	// unsigned tells that nobody signed it, unlisted that it came from an address that its PG is not known to send from.
	unsigned, unlisted bool
}

// follow does what a notification is there for.
func (g *Gateway) follow(c *fiber.Ctx, t told, n heard) (string, error) {
	switch n.Kind {
	case adapters.NotificationAsks:
		return metrics.WebhookRefused, refuseHook(c, t.driver, lifecycle.Answer{})
	case adapters.NotificationEscrow:
		return g.noteEscrow(c, t.pg, n.Notification)
	case adapters.NotificationOther:
		return metrics.WebhookIgnored, c.SendStatus(fiber.StatusOK)
	case adapters.NotificationKey:
		return g.onceByID(c, t, n, func() (string, error) { return g.followKey(c, t, n.BillingKey) })
	case adapters.NotificationOpened:
		// A window was opened, which is nothing new but for a payment that is paid.
		approved, err := g.isApproved(c, n.Attempt)
		switch {
		case err != nil: //guard:opening-waits-for-the-journal
			return metrics.WebhookFailed, again(err)
		case !approved: //guard:opening-of-approved-is-looked-up
			return metrics.WebhookIgnored, c.SendStatus(fiber.StatusOK)
		}
	case adapters.NotificationPayment, adapters.NotificationDeposit:
	default:
		return metrics.WebhookInvalid, unreadableHook(
			fmt.Errorf("driver %s read a notification of kind %q", t.pg.Driver, n.Kind),
		)
	}
	if n.unlisted {
		if err := g.turn(n.Attempt); err != nil {
			return metrics.WebhookLimited, again(err)
		}
	}
	return g.onceByID(c, t, n, func() (string, error) {
		return g.followUp(
			c, t.pg, lifecycle.Notification{ID: n.Attempt, PGTxID: n.PGTxID, Says: n.Says, Unsigned: n.unsigned},
		)
	})
}

// noteEscrow writes down how far an escrow has come. It moves no money of ours: the buyer's confirmation is between
// him and the PG, and what a cancel may do is the PG's to say.
func (g *Gateway) noteEscrow(c *fiber.Ctx, pg *payment.PG, n adapters.Notification) (string, error) {
	ctx := g.requestContext(c)
	a, _, err := g.journal.Attempt(ctx, n.Attempt)
	switch {
	case errors.Is(err, journal.ErrNotFound),
		err == nil && (a.PG != pg.ID || a.Purpose != payment.PurposeEscrow || n.Escrow == ""):
		return metrics.WebhookNobodys, c.SendStatus(fiber.StatusOK)
	case err != nil:
		return metrics.WebhookFailed, again(err)
	}
	events, err := g.journal.Events(ctx, a.ID)
	if err != nil {
		return metrics.WebhookFailed, again(err)
	}
	if i := slices.IndexFunc(
		events, func(e journal.Event) bool { return e.Kind == journal.EventEscrow && e.Code == n.Escrow },
	); i >= 0 {
		return metrics.WebhookDuplicate, c.SendStatus(fiber.StatusOK)
	}
	if shown, err := g.machine.Shows(ctx, a, n.PGTxID); err != nil || !shown.Paid() { //guard:escrow-is-shown-by-pg
		return metrics.WebhookFailed, again(errors.Join(errNotShown, err))
	}
	if err := g.unmatched.Note(
		ctx, a.ID, journal.Event{At: g.now(), Kind: journal.EventEscrow, Code: n.Escrow, PGTxID: n.PGTxID},
	); err != nil {
		return metrics.WebhookFailed, again(err)
	}
	return metrics.WebhookAccepted, c.SendStatus(fiber.StatusOK)
}

// isApproved tells whether the journal has an attempt as approved.
func (g *Gateway) isApproved(c *fiber.Ctx, id payment.AttemptID) (bool, error) {
	a, _, err := g.journal.Attempt(g.requestContext(c), id)
	if errors.Is(err, journal.ErrNotFound) {
		return false, nil
	}
	return a.State == payment.StateApproved, err //guard:uncompared-notification-is-asked-for-again
}

// onceByID follows a message up once by its id, where it has one. Without that a repeat is harmless too: it is only
// not worked on again.
func (g *Gateway) onceByID(c *fiber.Ctx, t told, n heard, do func() (string, error)) (string, error) {
	if n.unsigned {
		return do()
	}
	sum := sha256.Sum256(t.Body)
	// The scope is called as older versions have it in the journal.
	ctx, id, scope, print := g.requestContext(c), n.id, "webhook v2 "+string(t.pg.ID), hex.EncodeToString(sum[:])
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
			g.log.Error(
				"a webhook's id stays taken until its hold ends", slog.String("request_id", requestID(c)),
				slog.Any("err", dropping),
			)
		}
		return result, err
	}
	if err := g.keys.KeyDone(
		ctx, scope, id, journal.KeptAnswer{Status: fiber.StatusOK, Body: []byte{}, HeldUntil: kept.HeldUntil},
	); err != nil {
		g.log.Warn(
			"a webhook's id was not kept; a repeat is worked on again", slog.String("request_id", requestID(c)),
			slog.Any("err", err),
		)
	}
	return result, nil
}

// followKey wakes the machine for the attempt that a billing key was issued for, which the webhook does not name.
func (g *Gateway) followKey(c *fiber.Ctx, t told, key payment.Secret) (string, error) {
	owner, ok := t.driver.(adapters.KeyOwner)
	if !ok {
		return metrics.WebhookIgnored, c.SendStatus(fiber.StatusOK)
	}
	id, err := owner.KeyOwner(g.requestContext(c), t.pg, key)
	if err != nil {
		return metrics.WebhookFailed, again(err)
	}
	return g.followUp(c, t.pg, lifecycle.Notification{ID: id, PGTxID: key.Reveal()})
}

// followUp wakes the machine for an attempt. PortOne is told 200 once there is nothing that it should say again: the
// attempt is concluded, or is in the journal with a next check, or is nobody's here. A notification of money that
// went back may come while another request of ours has the attempt approved.
func (g *Gateway) followUp(c *fiber.Ctx, pg *payment.PG, n lifecycle.Notification) (string, error) {
	ctx, id := g.requestContext(c), n.ID
	if !payment.ValidID(string(id)) {
		return metrics.WebhookNobodys, c.SendStatus(fiber.StatusOK)
	}
	a, sealed, err := g.journal.Attempt(ctx, id)
	switch {
	case errors.Is(err, journal.ErrNotFound), err == nil && a.PG != pg.ID:
		if err != nil {
			g.others.notFound(id, c.Query(journalParam)) //guard:webhook-tells-of-another-journal
		}
		return metrics.WebhookNobodys, c.SendStatus(fiber.StatusOK)
	case err != nil:
		return metrics.WebhookFailed, again(err)
	}
	isAbout(c, a.OrderID, a.ID)
	told, err := g.notified(ctx, a, sealed, n)
	switch {
	case err != nil:
		g.log.Error(
			"a webhook was not followed up", slog.String("request_id", requestID(c)), a.LogAttr(), slog.Any("err", err),
		)
		return metrics.WebhookFailed, again(err)
	case told.Unmatched:
		return metrics.WebhookUnmatched, c.SendStatus(fiber.StatusOK)
	}
	return metrics.WebhookAccepted, c.SendStatus(fiber.StatusOK)
}

// errStillFollowing tells that a notification was not followed up in time although nothing else would: nobody looks
// at attempts that have ended, for V1's second payments, or for money that came in beside an undo. PortOne must say
// it again.
var errStillFollowing = errors.New("the notification is still being followed up")

// notified concludes in the background and waits as long as PortOne does.
func (g *Gateway) notified(
	ctx context.Context, a payment.Attempt, sealed []byte, n lifecycle.Notification,
) (lifecycle.NotificationResult, error) {
	given := n.Says == payment.OutcomeCancelled
	type outcome struct {
		told lifecycle.NotificationResult
		err  error
	}
	done := make(chan outcome, 1)
	g.following.Go(func() {
		told, err := g.machine.NotifiedOf(ctx, g.unmatched, a, sealed, n)
		if err == nil && (given || a.State.Final()) {
			err = g.cancelledAtPG(ctx, told.Attempt)
		}
		if err != nil {
			g.log.ErrorContext(ctx, "a PG's notification could not be followed up", a.LogAttr(), slog.Any("err", err))
		}
		done <- outcome{told, err}
	})
	t := time.NewTimer(hookPatience)
	defer t.Stop()
	select {
	case o := <-done:
		return o.told, o.err
	case <-t.C:
		waits := a.State == payment.StateOpened || a.State == payment.StateApproving || a.State == payment.StateIssued
		if !waits || given || adapters.SharesIDs(g.drivers, a) {
			return lifecycle.NotificationResult{}, errStillFollowing
		}
		return lifecycle.NotificationResult{}, nil
	}
}

// again is an error as PortOne must hear of it: by its rules a 4xx is final, and it would not say it again.
func again(err error) error {
	if p := asProblem(err); p.Code.Describe().Status < 500 {
		return &payment.Problem{Code: payment.CodeInternal, OrderID: p.OrderID}
	}
	return err
}

// question answers a PG that asks before it approves.
func (g *Gateway) question(c *fiber.Ctx, t told) (string, error) {
	if verifier, ok := t.driver.(adapters.Verifier); ok {
		if _, err := g.verifyHook(c, t, verifier); err != nil {
			return metrics.WebhookForged, err
		}
		return g.answerTo(c, t, true)
	}
	return g.hinted(c, t.pg, func(listed bool) (string, error) { return g.answerTo(c, t, listed) })
}

// answerTo reads a question and answers it. known tells that it is signed, or from where its PG is known to send.
func (g *Gateway) answerTo(c *fiber.Ctx, t told, known bool) (string, error) {
	q, err := t.driver.(adapters.Asker).ReadQuestion(t.pg, t.Message) //nolint:forcetypeassert // checkRoutes has seen it
	switch {
	case err != nil:
		return metrics.WebhookInvalid, unreadableHook(err)
	case q.Elsewhere:
		return metrics.WebhookRefused, refuseHook(c, t.driver, lifecycle.Answer{})
	}
	return g.answerHook(
		c, t.driver, lifecycle.Question{ID: q.Attempt, PG: t.pg.ID, PGTxID: q.PGTxID, Amount: q.Amount, Unlisted: !known},
	)
}

// answerHook says yes or no as the PG reads it.
func (g *Gateway) answerHook(c *fiber.Ctx, driver adapters.Driver, q lifecycle.Question) (string, error) {
	isAbout(c, "", q.ID)
	ans := lifecycle.Answer{Reason: payment.ReasonNoSuchPayment}
	switch {
	case !payment.ValidID(string(q.ID)):
	case g.others.problem("") != nil:
		ans = lifecycle.Answer{Reason: payment.ReasonSeveralJournals}
	default:
		ans = g.machine.Allow(g.requestContext(c), q)
	}
	if ans.Reason == payment.ReasonNoSuchPayment {
		g.others.notFound(q.ID, c.Query(journalParam))
	}
	if ans.Yes {
		return metrics.WebhookGoOn, replyTo(c, driver, true, "")
	}
	g.log.Warn(
		"a payment was refused at the PG's question before approval",
		slog.String(
			"request_id", requestID(c),
		),
		slog.Any("attempt_id", q.ID),
		slog.Any("pg", q.PG),
		slog.Any("reason", ans.Reason),
	)
	return metrics.WebhookRefused, refuseHook(c, driver, ans)
}

func refuseHook(c *fiber.Ctx, driver adapters.Driver, ans lifecycle.Answer) error {
	why := ans.DetailKo
	if why == "" {
		why = "결제를 진행할 수 없는 주문입니다"
	}
	return replyTo(c, driver, false, why)
}

func replyTo(c *fiber.Ctx, driver adapters.Driver, yes bool, why string) error {
	asker, ok := driver.(adapters.Asker)
	if !ok {
		return c.SendStatus(fiber.StatusConflict)
	}
	r := asker.AnswerQuestion(yes, why)
	return c.Status(r.Status).JSON(r.Body)
}

// isSource tells whether a request comes from where its PG sends, which is all there is to know one by that signs
// nothing: as configured, else, by the rules, as its driver says.
func (g *Gateway) isSource(c *fiber.Ctx, pg *payment.PG) bool { return g.isFrom(c, pg.WebhookSources) }

// isFrom tells whether a request comes from one of these addresses or CIDR ranges.
func (g *Gateway) isFrom(c *fiber.Ctx, sources []string) bool {
	ip := g.clientIP(c)
	if !ip.IsValid() {
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

// verifyHook checks a message's signature and returns its id.
func (g *Gateway) verifyHook(c *fiber.Ctx, t told, verifier adapters.Verifier) (string, error) {
	id, err := verifier.VerifyMessage(t.pg, t.Message)
	if err != nil { //guard:signed-is-verified-at-the-door
		g.log.Warn(
			"a webhook was refused", slog.String("request_id", requestID(c)), slog.Any("pg", t.pg.ID), slog.Any("err", err),
		)
		return "", &payment.Problem{Code: payment.CodeWebhookForged}
	}
	return id, nil
}

func unreadableHook(err error) error {
	return errors.Join(&payment.Problem{Code: payment.CodeWebhookInvalid}, err)
}
