package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// simTruth is what a person finds in the PGs' back offices about an attempt.
type simTruth struct {
	captured, cancelled payment.Won
	captures            int
}

// truth reads the PGs' books; a second payment under one id counts to it.
func (w *simWorld) truth() map[payment.AttemptID]simTruth {
	found := map[payment.AttemptID]simTruth{}
	for _, e := range w.box.Ledger().Entries {
		id := payment.AttemptID(w.unalias([]byte(e.OrderRef)))
		t := found[id]
		switch e.Kind {
		case sandbox.EntryCapture:
			t.captured += payment.Won(e.Amount)
			t.captures++
		case sandbox.EntryCancel:
			t.cancelled += payment.Won(e.Amount)
		}
		found[id] = t
	}
	return found
}

// leftOf is what the PGs hold of each transaction.
func (w *simWorld) leftOf() map[string]payment.Won {
	left := map[string]payment.Won{}
	for _, e := range w.box.Ledger().Entries {
		switch e.Kind {
		case sandbox.EntryCapture:
			left[e.TxID] += payment.Won(e.Amount)
		case sandbox.EntryCancel:
			left[e.TxID] -= payment.Won(e.Amount)
		}
	}
	return left
}

func (t simTruth) finding() lifecycle.Finding {
	if t.captured == 0 {
		return lifecycle.FindingNotCharged
	}
	if t.captured == t.cancelled {
		return lifecycle.FindingGivenBack
	}
	return lifecycle.FindingCharged
}

// unknownPerson lets people look into what the gateway is not certain of, in half of the schedules: they close it
// by two hands with what the PG's back office says, and meanwhile its order must stay closed to others.
func (w *simWorld) unknownPerson(ctx context.Context) {
	r := w.draw("person")
	if r.Float64() < 0.5 {
		return
	}
	// They come when nothing that was sent can still be under way.
	time.Sleep(9*time.Minute + time.Duration(r.Int64N(int64(time.Minute))))
	books := w.alive()[0].books
	open, err := simOpen(ctx, books)
	if err != nil {
		w.wrong("listing what is unknown: %v", err)
	}
	for _, a := range open {
		// Of a key there is nothing in the books of money.
		if w.isBank(a) || simIssued(a) || a.State != payment.StateUnknown && a.State != payment.StateCancelling {
			continue
		}
		w.closedOrder(ctx, a)
		t := w.truth()[a.ID]
		f := t.finding()
		if t.captures > 1 {
			continue
		}
		w.twoHands(ctx, books, a, f)
	}
}

// closedOrder tries to pay an order whose outcome is not known.
func (w *simWorld) closedOrder(ctx context.Context, a payment.Attempt) {
	p := w.alive()[0]
	payments := append([]payment.MethodAmount{{Method: "card", Amount: a.Amount}}, a.Secondary.List()...)
	answer := p.http(simCheckoutPath, simJSON(), w.checkoutBody(a.OrderID, a.OrderAmount, payments, "main", time.Time{}, payment.DevicePC))
	if now, _, reading := p.books.Attempt(ctx, a.ID); reading == nil && now.State.Final() {
		return
	}
	if answer.status == http.StatusOK {
		w.wrong("%s is %s, and its order can be paid meanwhile", w.nameIn(string(a.ID)), a.State)
		return
	}
	w.tally("order_closed_meanwhile")
}

// twoHands closes an attempt by what was found.
func (w *simWorld) twoHands(ctx context.Context, books simBooks, a payment.Attempt, f lifecycle.Finding) {
	name := w.nameIn(string(a.ID))
	if f == lifecycle.FindingCharged && a.State == payment.StateCancelling {
		_, err := lifecycle.Resolve(ctx, books, a.ID, f, "kim", "seen in the PG's back office", time.Now())
		if !errors.Is(err, lifecycle.ErrFinding) && !errors.Is(err, lifecycle.ErrNotUnknown) {
			w.wrong("%s is to be given back, and could be found charged: %v", name, err)
		}
		return
	}
	for i, who := range []string{"kim", "kim", "lee"} {
		done, err := lifecycle.Resolve(ctx, books, a.ID, f, who, "seen in the PG's back office", time.Now())
		switch {
		case errors.Is(err, lifecycle.ErrNotUnknown), errors.Is(err, journal.ErrConflict):
			return
		case err != nil:
			w.wrong("%s cannot be closed as %s by hand: %v", name, f, err)
		case done != (i == 2):
			w.wrong("%s: after hand %d of kim, kim, lee it is done: %t", name, i, done)
		}
	}
	w.tally("person_closed_unknown")
	w.tracef("a person finds %s %s", name, f)
}

// unmatchedPerson closes an unmatched payment that is on the list: a person gives it back in the PG's back office, or finds it
// given back, and two hands say so. After that the books must agree without any list.
func (w *simWorld) unmatchedPerson(ctx context.Context) {
	books := w.alive()[0].books
	open, err := books.UnmatchedOpen(ctx, 1000)
	if err != nil {
		w.wrong("listing unmatched payments: %v", err)
	}
	watched := func(l journal.Unmatched) bool { return !l.State.Open() }
	open = slices.DeleteFunc(open, watched)
	for _, l := range open {
		w.giveBackByHand(ctx, books, l)
	}
	// PortOne tells of cancels that were made there, too.
	w.sayAgain()
	if len(open) > 0 {
		w.settleDown(ctx) // an attempt whose account was emptied ends with it
	}
	if open, err = books.UnmatchedOpen(ctx, 1000); err != nil {
		w.wrong("listing unmatched payments: %v", err)
	}
	for _, l := range slices.DeleteFunc(open, watched) {
		w.tally("person_closed_unmatched_" + string(l.State))
		for i, who := range []string{"kim", "kim", "lee"} {
			done, err := lifecycle.ResolveUnmatched(ctx, books, l.AttemptID, l.PGTxID, who, "given back in the PG's back office", time.Now())
			if err != nil || done != (i == 2) {
				w.wrong("an unmatched payment of %s: after hand %d of kim, kim, lee it is done: %t, %v", w.nameIn(string(l.AttemptID)), i, done, err)
			}
		}
	}
	w.auditMoney(ctx, books)
}

// giveBackByHand cancels in the PG's back office what is still there.
func (w *simWorld) giveBackByHand(ctx context.Context, books simBooks, l journal.Unmatched) {
	a, _, err := books.Attempt(ctx, l.AttemptID)
	if err != nil {
		w.wrong("reading the attempt of an unmatched payment: %v", err)
	}
	if w.isBank(a) {
		w.emptyAccount(a)
		return
	}
	if left := w.leftOf()[l.PGTxID]; left == 0 {
		return
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if a.Driver == portonev2.Name {
		header.Set("Authorization", "PortOne sandbox-v2-secret")
		w.handle(http.MethodPost, "/portone/v2/payments/"+string(a.ID)+"/cancel", header, []byte(`{"reason":"kim"}`))
		return
	}
	var token struct {
		Response struct {
			AccessToken string `json:"access_token"`
		} `json:"response"`
	}
	w.post("/portone/v1/users/getToken", `{"imp_key":"sandbox-imp-key","imp_secret":"sandbox-imp-secret"}`, &token)
	header.Set("Authorization", "Bearer "+token.Response.AccessToken)
	ans := w.handle(http.MethodPost, "/portone/v1/payments/cancel", header, []byte(fmt.Sprintf(`{"imp_uid":%q,"reason":"kim"}`, l.PGTxID)))
	var env struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(ans.body, &env) != nil || env.Code != 0 {
		w.wrong("a person cannot cancel at PortOne: %s", ans.body)
	}
}
