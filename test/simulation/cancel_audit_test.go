package simulation

import (
	"context"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// auditCancels holds the PGs' books of what was given back of paid attempts against the journal's and the shop's.
func (w *simWorld) auditCancels(ctx context.Context, books simBooks) {
	back, times := map[string]payment.Won{}, map[string]int{}
	for _, e := range w.box.Ledger().Entries {
		if e.Kind == sandbox.EntryCancel {
			back[e.TxID] += payment.Won(e.Amount)
			times[e.TxID]++
		}
	}
	heard := map[payment.CancelID]payment.Won{}
	for _, o := range w.box.Shop().Orders {
		for id, c := range o.Cancels {
			heard[payment.CancelID(id)] = payment.Won(c.Amount)
		}
	}
	done := map[payment.CancelID]payment.Won{}
	for _, order := range w.orders {
		attempts, err := books.AttemptsOf(ctx, order)
		if err != nil {
			w.wrong("reading %s: %v", w.nameIn(string(order)), err)
		}
		for _, a := range attempts {
			rows, err := books.CancelsOf(ctx, a.ID)
			if err != nil {
				w.wrong("reading cancels of %s: %v", w.nameIn(string(a.ID)), err)
			}
			if slices.Contains(w.closings, a.ID) && a.State != payment.StateCancelled {
				w.wrong("%s: the shop was told that its account is closed, it is %s", w.nameIn(string(a.ID)), a.State)
			}
			w.auditAPICancels(a, rows)
			w.auditCancelsOf(a, rows, back[a.PGTxID], times[a.PGTxID])
			for _, c := range rows {
				if c.State == payment.CancelDone {
					done[c.ID] = c.Amount
				}
			}
		}
	}
	for id, won := range done {
		if heard[id] != won {
			w.wrong("%s: %d were given back, the shop heard of %d", w.nameIn(string(id)), won, heard[id])
		}
	}
	for id := range heard {
		if _, ok := done[id]; !ok {
			w.wrong("%s: the shop heard of a cancel that is not done", w.nameIn(string(id)))
		}
	}
	for _, s := range w.asked {
		if won, ok := done[s.id]; !ok || won != s.won {
			w.wrong("%s: the shop was answered done, %d won, and it is not", w.nameIn(string(s.id)), s.won)
		}
	}
}

func (w *simWorld) auditCancelsOf(a payment.Attempt, rows []payment.Cancel, back payment.Won, times int) {
	name := w.nameIn(string(a.ID))
	if a.State != payment.StateApproved {
		if len(rows) > 0 {
			w.wrong("%s is %s and has %d cancels", name, a.State, len(rows))
		}
		return
	}
	var sum payment.Won
	done := 0
	for _, c := range rows {
		w.tally("final_cancel_" + string(c.State) + "_" + c.Code)
		switch {
		case c.State == payment.CancelDone:
			sum += c.Amount
			done++
		case !c.State.Final() && !waiting(c):
			w.wrong("%s: a cancel is still %s (%s)", name, c.State, c.Code)
		}
	}
	if a.PGTxID == "" {
		// People closed it as charged; what was given back of it is counted by its transaction, which is not on record.
		return
	}
	if sum != back || done != times || sum > a.Amount {
		w.wrong("%s: the PG gave back %d in %d cancels, on record are %d in %d, of %d", name, back, times, sum, done, a.Amount)
	}
}

// cancelPerson closes what PortOne promised to give back and did not, by two hands, once the gateway calls it unknown.
func (w *simWorld) cancelPerson(ctx context.Context) {
	p := w.alive()[0]
	if len(w.cancelsOpen(p)) == 0 {
		return
	}
	time.Sleep(8 * 24 * time.Hour)
	p.g.Worker().SweepCancels(ctx)
	for _, c := range w.cancelsOpen(p) {
		for i, who := range []string{"kim", "kim", "lee"} {
			done, err := lifecycle.ResolveCancel(ctx, p.books, c.ID, lifecycle.FindingNotApplied, who, "refused in PortOne's console", time.Now())
			if err != nil || done != (i == 2) {
				w.wrong("%s: after hand %d of kim, kim, lee it is done: %t, %v", w.nameIn(string(c.ID)), i, done, err)
			}
		}
		w.tally("person_closed_cancel")
	}
	w.settleDown(ctx)
	w.auditCancels(ctx, p.books)
}
