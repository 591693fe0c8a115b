package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// returnRoute is where browsers come back to from a driver's windows that carry the attempt.
type returnRoute struct {
	path   string
	driver payment.DriverName
	// phones tells that it is for the windows on phones and in apps, whose returns name neither order nor MID.
	phones bool
	read   func([]byte) (adapters.Return, error)
	check  func(*payment.PG, payment.Attempt, adapters.Return) error
	// conclude deals with what came back there.
	conclude func(context.Context, *view, returnRoute, []byte) (lifecycle.Result, error)
}

// notFor says why a return that came here is not for the attempt that its token carries; empty when it is.
func (r returnRoute) notFor(a payment.Attempt, ret adapters.Return) string {
	switch {
	case a.Driver != r.driver: //guard:token-is-its-drivers
		return "the token is for another PG's window"
	case r.phones != a.Device.Phone() && a.Purpose != payment.PurposeBillingKey: //guard:token-is-its-windows
		return "the token is for a window on another device"
	case a.ID != ret.OrderRef && ret.OrderRef != "": //guard:token-is-its-orders
		return "the order number belongs to another attempt"
	}
	return ""
}

// carriedReturns are the routes of a driver whose windows carry the attempt. That it can read what comes, checkRoutes
// has seen.
func (g *Gateway) carriedReturns(name payment.DriverName, r payment.Routes) []returnRoute {
	returner := g.drivers[name].(adapters.Returner) //nolint:forcetypeassert // see above
	check := func(pg *payment.PG, _ payment.Attempt, ret adapters.Return) error {
		return returner.CheckReturn(pg, ret)
	}
	routes := []returnRoute{
		{path: r.Return, driver: name, read: returner.ReadReturn, check: check, conclude: g.concludeReturn},
	}
	if keys, ok := returner.(adapters.KeyReturner); ok {
		routes = append(routes, returnRoute{path: r.KeyReturn, driver: name, read: keys.ReadKeyReturn, conclude: g.takeKey})
	}
	if phones, ok := returner.(adapters.PhoneReturner); ok {
		routes = append(routes, returnRoute{
			path: r.PhoneReturn, driver: name, phones: true, read: phones.ReadPhoneReturn, check: phones.CheckPhoneReturn,
			conclude: g.concludeReturn,
		})
	}
	return routes
}

// carriedReturn concludes what came back from a window that carries its attempt (design flow C). Nothing in the
// message is authenticated but our own token: a forged or stale one changes nothing. The returned attempt is set as
// soon as the token opened, so that the browser can be sent back to the shop.
func (g *Gateway) carriedReturn(ctx context.Context, v *view, route returnRoute, raw []byte) (lifecycle.Result, error) {
	return g.once(route.path, string(raw), func() (lifecycle.Result, error) {
		res, err := route.conclude(ctx, v, route, raw)
		return g.truth(ctx, res, err)
	})
}

// once follows up what a browser brings. The same notification that comes several times at once (a double click, a
// page that the browser loads twice) is followed up one time, and all hear the same.
func (g *Gateway) once(door, word string, do func() (lifecycle.Result, error)) (lifecycle.Result, error) {
	sum := sha256.Sum256([]byte(door + "\x00" + word))
	res, err, _ := g.words.Do(string(sum[:]), func() (any, error) { return do() })
	return res.(lifecycle.Result), err //nolint:forcetypeassert // do returns nothing else
}

// truth puts what the journal knows of an attempt in the place of what a return makes of it, when that concluded
// nothing: the buyer may close a second window, or come back by an old page, after he has paid in the first one.
func (g *Gateway) truth(ctx context.Context, res lifecycle.Result, err error) (lifecycle.Result, error) {
	if res.Attempt.ID == "" || err == nil && !res.Declined { //guard:return-after-approval-is-told-the-truth
		return res, err
	}
	known, ok, unread := g.machine.Known(ctx, res.Attempt.ID)
	switch {
	case ok:
		return known, nil
	case err == nil && unread != nil:
		// Nobody can say that it was not paid.
		return lifecycle.Result{Attempt: res.Attempt}, unread
	}
	return res, err
}

func (g *Gateway) concludeReturn(
	ctx context.Context, v *view, route returnRoute, raw []byte,
) (lifecycle.Result, error) {
	ret, err := route.read(raw)
	if err != nil {
		return lifecycle.Result{}, forged("the returned form cannot be read")
	}
	a, err := g.opened(ret.Token)
	switch {
	case err != nil && a.ID != "":
		return lifecycle.Result{Attempt: a}, err
	case err != nil:
		return lifecycle.Result{}, err
	}
	res := lifecycle.Result{Attempt: a}
	switch {
	case a.Purpose == payment.PurposeBillingKey: //guard:keys-token-for-a-payment
		return lifecycle.Result{}, forged("the token is for a billing key")
	case route.notFor(a, ret) != "":
		return lifecycle.Result{}, forged(route.notFor(a, ret))
	}
	if !ret.Through {
		// By this window no money moved and none can: the buyer did not get through it. The attempt has no row in the
		// journal before that, so that opening windows costs nothing; the log and pg_gateway_returns_total have it.
		return g.notThrough(ctx, a, ret), nil
	}
	acc, err := v.account(a)
	if err != nil {
		return res, err
	}
	if !route.phones && (ret.OrderRef == "" || ret.MID != a.MID) { //guard:return-states-our-mid
		return lifecycle.Result{}, forged("the MID or the order number is missing or another")
	}
	if !ret.Proof.AuthToken.IsSet() {
		return lifecycle.Result{}, forged("the proof is missing")
	}
	switch err := route.check(acc.PG, a, ret); {
	case errors.Is(err, adapters.ErrForged):
		return lifecycle.Result{}, forged("the transaction or the amount is another payment's")
	case err != nil: //guard:return-held-to-idc-rule
		g.log.ErrorContext(ctx, "a return broke the idc rule", a.LogAttr(), slog.Any("err", err))
		return lifecycle.Result{}, &payment.Problem{Code: payment.CodeAuthURLRefused, OrderID: a.OrderID}
	}
	if err := g.others.problem(a.OrderID); err != nil { //guard:one-of-several-approves-nothing
		return res, err
	}
	if err := g.proofTurn(ctx, a.ID); err != nil {
		return g.fromJournal(ctx, a.ID, err)
	}
	proof := ret.Proof
	proof.AuthenticatedAt = g.now()
	return g.machine.Authenticated(ctx, a, proof)
}

// notThrough is what a return makes of an attempt whose buyer did not come through the window.
func (g *Gateway) notThrough(ctx context.Context, a payment.Attempt, ret adapters.Return) lifecycle.Result {
	g.leftWindow(ctx, a, ret.BuyerCancelled, ret.Code)
	return lifecycle.Result{Attempt: a, Declined: true, BuyerCancelled: ret.BuyerCancelled, Why: ret.Why}
}

// opened opens the token of a window. A problem that comes with an attempt is one whose browser can be sent back to
// the shop.
func (g *Gateway) opened(token string) (payment.Attempt, error) {
	a, with, err := g.sealer.openAttempt(token, g.now())
	switch {
	case err != nil && !errors.Is(err, errTokenExpired):
		return payment.Attempt{}, forged("the token is not ours")
	case g.others.foreign(a.ID, with): //guard:foreign-return-is-forged
		return payment.Attempt{}, forged("the token is of another environment")
	case g.others.check(a, with) != nil: //guard:return-of-another-journal
		return a, g.others.refused(a.OrderID)
	case err != nil:
		return a, &payment.Problem{Code: payment.CodeReturnExpired, OrderID: a.OrderID}
	}
	return a, nil
}

// takeKey takes the billing key that a window issued (inicis.md §4). As with a payment's return only our own token is
// believed; the key itself proves nothing until it is charged, and moves no money here.
func (g *Gateway) takeKey(ctx context.Context, _ *view, route returnRoute, raw []byte) (lifecycle.Result, error) {
	ret, err := route.read(raw)
	if err != nil {
		return lifecycle.Result{}, forged("the returned form cannot be read")
	}
	a, err := g.opened(ret.Token)
	switch {
	case err != nil && a.ID != "":
		return lifecycle.Result{Attempt: a}, err
	case err != nil || a.Purpose != payment.PurposeBillingKey: //guard:payments-token-for-a-key
		return lifecycle.Result{}, forged("the token is not ours")
	case route.notFor(a, ret) != "":
		return lifecycle.Result{}, forged(route.notFor(a, ret))
	case !ret.Through:
		return g.notThrough(ctx, a, ret), nil
	case ret.MID != a.MID:
		return lifecycle.Result{}, forged("the MID is another")
	}
	if err := g.proofTurn(ctx, a.ID); err != nil {
		return g.fromJournal(ctx, a.ID, err)
	}
	return g.machine.KeyIssued(ctx, a, ret.BillingKey, ret.PGTxID)
}

func forged(why string) error {
	return &payment.Problem{Code: payment.CodeReturnForged, DetailEn: why, DetailKo: "결제 결과의 형식이나 서명이 맞지 않습니다"}
}

// completeRequest is the body of POST /checkout/complete: what the SDK's callback said. All of it is a hint
// but the payment token, which only ever approves the very attempt.
type completeRequest struct {
	AttemptID    payment.AttemptID
	PGTxID       string
	PaymentToken payment.Secret
	Code         string
	// Refused tells that the window called itself unsuccessful, be it without a code.
	Refused bool
}

// complete concludes what a callback or a redirect told.
func (g *Gateway) complete(ctx context.Context, req completeRequest) (lifecycle.Result, error) {
	word := strings.Join([]string{
		string(req.AttemptID), req.PGTxID, req.PaymentToken.Reveal(), req.Code, strconv.FormatBool(req.Refused),
	}, "\x00")
	return g.once("complete", word, func() (lifecycle.Result, error) { return g.completeOnce(ctx, req) })
}

func (g *Gateway) completeOnce(ctx context.Context, req completeRequest) (lifecycle.Result, error) {
	turn := g.turn
	if req.PaymentToken.IsSet() {
		turn = func(id payment.AttemptID) error { return g.proofTurn(ctx, id) }
	}
	if err := turn(req.AttemptID); err != nil {
		return g.fromJournal(ctx, req.AttemptID, err)
	}
	if req.PaymentToken.IsSet() {
		// The token is there to approve with, and nothing is approved by one of several.
		if err := g.others.problem(""); err != nil {
			return lifecycle.Result{}, err
		}
	}
	res, err := g.machine.Complete(ctx, req.AttemptID, adapters.Proof{
		AuthToken: req.PaymentToken, PGTxID: req.PGTxID, AuthenticatedAt: g.now(),
	})
	if err == nil && (req.Code != "" || req.Refused) && res.Attempt.State == payment.StateOpened {
		// The window says that it ended without a payment, and the PG knows of none: a hint good enough for wording.
		// The attempt stays open. One that somebody has in hand may be paid any moment, whatever a window says.
		res.Declined = true
		g.leftWindow(ctx, res.Attempt, false, req.Code)
		g.noteWindowLeft(ctx, res.Attempt, req.Code)
	}
	return res, err
}

// leftWindow logs that a buyer came back from a window without having paid. The code is what the browser says.
func (g *Gateway) leftWindow(ctx context.Context, a payment.Attempt, cancelled bool, code string) {
	g.log.InfoContext(ctx, "the buyer left the window without paying", a.LogAttr(),
		slog.Bool("cancelled", cancelled), slog.String("pg_code", payment.PGCode(code)))
}

// noteWindowLeft adds that to the history of an attempt, once: anybody may say it as often as he likes.
func (g *Gateway) noteWindowLeft(ctx context.Context, a payment.Attempt, code string) {
	events, err := g.journal.Events(ctx, a.ID)
	if err == nil &&
		!slices.ContainsFunc(events, func(e journal.Event) bool { return e.Kind == journal.EventWindowLeft }) {
		err = g.unmatched.Note(
			ctx,
			a.ID,
			journal.Event{
				Kind: journal.EventWindowLeft, Code: payment.PGCode(code), Detail: "the browser came back without a payment",
			},
		)
	}
	if err != nil {
		g.log.WarnContext(ctx, "that a buyer left the window was not noted", a.LogAttr(), slog.Any("err", err))
	}
}

// redirectURL is the shop's page, or its app, that a concluded attempt's browser goes to, and what the buyer may be
// told there when he has not paid.
func redirectURL(res lifecycle.Result, end payment.Ending) string {
	if _, ok := appPage(res.Attempt.ReturnURL); ok {
		// No URL to others: an app's own part may be empty, or what no host is.
		page, query, _ := strings.Cut(res.Attempt.ReturnURL, "?")
		q, _ := url.ParseQuery(query) // what cannot be read is left out, as of a page's query
		return page + "?" + resultQuery(q, res, end)
	}
	u, err := url.Parse(res.Attempt.ReturnURL)
	if err != nil || res.Attempt.ReturnURL == "" {
		return ""
	}
	u.RawQuery = resultQuery(u.Query(), res, end)
	return u.String()
}

// resultQuery adds to a query how an attempt ended.
func resultQuery(q url.Values, res lifecycle.Result, end payment.Ending) string {
	q.Set("order_id", string(res.Attempt.OrderID))
	q.Set("attempt_id", string(res.Attempt.ID))
	q.Set("status", res.Status())
	if end.Code != "" {
		q.Set("code", string(end.Code))
		q.Set("detail_ko", end.Ko)
		q.Set("detail_en", end.En)
	}
	return q.Encode()
}
