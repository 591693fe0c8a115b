package simulation

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// simHorizon is how long after healing everything must have come to its end: a window that was left open is
// watched for a day after it expired.
const simHorizon = 80 * time.Hour

// settleDown lets time pass on a healed world until nothing is open and nothing is to be told.
func (w *simWorld) settleDown(ctx context.Context) {
	began := time.Now()
	for turn := 0; ; turn++ {
		// All of them once, and then by turns: what one has looked at there is nothing to see of for another.
		for i, p := range w.alive() {
			if turn > 0 && i != turn%len(w.slots) {
				continue
			}
			p.g.Worker().SweepAttempts(ctx)
			if len(w.unmatchedOpen(p)) > 0 {
				p.g.Worker().SweepUnmatched(ctx)
			}
			if len(w.cancelsOpen(p)) > 0 {
				p.g.Worker().SweepCancels(ctx)
			}
			if len(w.recoveriesOpen(p)) > 0 {
				p.g.Worker().SweepRecoveries(ctx)
			}
			p.g.Listing().Once(ctx)
			p.g.Worker().DeliverDue(ctx)
		}
		books := w.alive()[0].books
		open, err := simOpen(ctx, books)
		if err != nil {
			w.wrong("listing open attempts: %v", err)
			return
		}
		stats, err := books.Stats(ctx)
		if err != nil {
			w.wrong("summing up: %v", err)
			return
		}
		every := slices.Clone(open)
		open = w.withoutPerson(open)
		// What is flagged waits for a person.
		unmatched := slices.DeleteFunc(w.unmatchedOpen(w.alive()[0]), func(l journal.Unmatched) bool {
			return waitsForPerson(ctx, books, l, began) || slices.ContainsFunc(every, func(a payment.Attempt) bool { return a.ID == l.AttemptID && w.behindPerson(a, every) })
		})
		cancels := slices.DeleteFunc(w.cancelsOpen(w.alive()[0]), w.stuck)
		recoveries := w.recoveriesOpen(w.alive()[0])
		if len(open) == 0 && len(unmatched) == 0 && len(cancels) == 0 && len(recoveries) == 0 && stats.Pending == 0 {
			return
		}
		if time.Since(began) > simHorizon {
			for _, a := range open {
				w.wrong("%s (%s) is still %s (%s) after %s, checked %d times", w.nameIn(string(a.ID)), a.PG, a.State, a.Reason, simHorizon, a.Checks)
			}
			for _, l := range unmatched {
				w.wrong("an unmatched payment of %s is still %s after %s, %d tries, %d checks", w.nameIn(string(l.AttemptID)), l.State, simHorizon, l.Tries, l.Checks)
			}
			for _, c := range cancels {
				w.wrong("%s is still %s (%s) after %s, %d checks", w.nameIn(string(c.ID)), c.State, c.Code, simHorizon, c.Checks)
			}
			for _, r := range recoveries {
				w.wrong("the recovery of %s is still %s after %s, %d tries", w.nameIn(string(r.OrderID)), r.State, simHorizon, r.Tries)
			}
			if stats.Pending > 0 {
				w.wrong("%d messages were not delivered after %s", stats.Pending, simHorizon)
			}
			return
		}
		time.Sleep(w.nextMoment(open, unmatched, cancels, recoveries, stats))
	}
}

// waitsForPerson tells whether an unmatched payment waits for a person. A payment that its PG contradicted is looked up again by
// itself first: the PG may have erred twice.
func waitsForPerson(ctx context.Context, books simBooks, l journal.Unmatched, began time.Time) bool {
	a, _, err := books.Attempt(ctx, l.AttemptID)
	doubted := err == nil && a.State == payment.StateApproved && a.PGTxID == l.PGTxID
	return l.State == journal.UnmatchedFlagged && (!doubted || time.Since(began) > 2*longestLook)
}

// nextMoment is how long nothing will happen.
func (w *simWorld) nextMoment(open []payment.Attempt, unmatched []journal.Unmatched, cancels []payment.Cancel, recoveries []payment.Recovery, stats journal.Stats) time.Duration {
	wait := 2 * time.Hour
	if stats.Pending > 0 {
		wait = 5 * time.Minute
	}
	for _, a := range open {
		if a.NextCheck.IsZero() {
			w.wrong("%s is %s without a next check", w.nameIn(string(a.ID)), a.State)
		}
		wait = min(wait, time.Until(a.NextCheck))
	}
	for _, l := range unmatched {
		if l.NextCheck.IsZero() {
			w.wrong("an unmatched payment of %s is %s without a next check", w.nameIn(string(l.AttemptID)), l.State)
		}
		wait = min(wait, time.Until(l.NextCheck))
	}
	for _, c := range cancels {
		if c.NextCheck.IsZero() {
			w.wrong("%s is %s without a next check", w.nameIn(string(c.ID)), c.State)
		}
		wait = min(wait, time.Until(c.NextCheck))
	}
	for _, r := range recoveries {
		wait = min(wait, time.Until(r.NextCheck))
	}
	// Clocks of pods differ by a few seconds, and leases of dead ones last for two minutes.
	return max(wait+5*time.Second, 5*time.Second)
}

// audit checks every promise against the sandbox's books and the journal's.
func (w *simWorld) audit(ctx context.Context) {
	books := w.alive()[0].books
	if stats, err := books.Stats(ctx); err != nil || stats.Parked > 0 {
		w.wrong("%d messages are parked, %v", stats.Parked, err)
	}
	w.auditMoney(ctx, books)
	w.auditCancels(ctx, books)
	final := map[payment.AttemptID]payment.State{}
	saidYes := map[string]bool{}
	for _, o := range w.box.Shop().Orders {
		for _, id := range o.Confirmed {
			saidYes[id] = true
		}
	}
	intents := map[string]int{}
	for _, order := range w.orders {
		attempts, err := books.AttemptsOf(ctx, order)
		if err != nil {
			w.wrong("reading %s: %v", w.nameIn(string(order)), err)
		}
		winners := 0
		for _, a := range attempts {
			final[a.ID] = a.State
			w.tally("final_" + string(a.State))
			if a.State == payment.StateApproved {
				winners++
				if !saidYes[string(a.ID)] && !a.Purpose.ByShop() && !simIssued(a) {
					w.wrong("%s is approved without the shop's yes", w.nameIn(string(a.ID)))
				}
			}
			intents[string(a.ID)] = w.history(ctx, books, a)
		}
		if winners > 1 {
			w.wrong("%s has %d winners", w.nameIn(string(order)), winners)
		}
	}
	w.auditTold(final)
	w.auditCharged(final)
	w.auditPlans(final)
	w.auditKeys(final)
	w.auditRecoveries(ctx, books)
	w.auditWrites(saidYes, intents, w.attempts(ctx, books))
}

// auditMoney holds the PGs' books against the shop's, attempt by attempt: what was captured and not given back is
// what the shop believes to have, or is on the list of unmatched payments.
func (w *simWorld) auditMoney(ctx context.Context, books simBooks) {
	believed, unmatched := map[payment.AttemptID]payment.Won{}, map[payment.AttemptID]payment.Won{}
	for _, o := range w.box.Shop().Orders {
		if len(o.Paid) > 1 {
			w.wrong("%s is paid by %d attempts at the shop", w.nameIn(o.ID), len(o.Paid))
		}
		for id, won := range o.Paid {
			believed[payment.AttemptID(id)] = payment.Won(won)
		}
	}
	list, err := books.UnmatchedOpen(ctx, 1000)
	if err != nil {
		w.wrong("listing unmatched payments: %v", err)
	}
	left, attempts := w.leftOf(), w.attempts(ctx, books)
	w.auditOrders(attempts)
	for _, l := range list {
		if !l.State.Open() {
			continue
		}
		a := attempts[l.AttemptID]
		if w.isBank(a) {
			unmatched[l.AttemptID] += l.Won
			continue
		}
		// What is listed may be back by now; it is not more than what is there.
		unmatched[l.AttemptID] += min(l.Won, left[l.PGTxID])
		w.tally("late_open_" + string(l.State))
	}
	truth := w.truth()
	for id, t := range truth {
		if t.cancelled > t.captured {
			w.wrong("%s: %d captured, %d given back", w.nameIn(string(id)), t.captured, t.cancelled)
		}
		if a := attempts[id]; a.State == payment.StateOpened && w.behindPerson(a, slices.Collect(maps.Values(attempts))) {
			w.tally("paid_behind_the_person")
			continue
		}
		if a := attempts[id]; w.isBank(a) {
			w.auditBank(a, t, believed[id], unmatched[id])
			continue
		}
		if net := t.captured - t.cancelled; net != believed[id]+unmatched[id] {
			w.wrong("books differ for %s: captured %d, given back %d, the shop believes %d, waiting for a person %d",
				w.nameIn(string(id)), t.captured, t.cancelled, believed[id], unmatched[id])
		}
	}
	for id, won := range believed {
		if _, ok := truth[id]; !ok {
			w.wrong("%s: the shop believes %d, nothing was captured", w.nameIn(string(id)), won)
		}
	}
}

// attempts are all attempts of all orders.
func (w *simWorld) attempts(ctx context.Context, books simBooks) map[payment.AttemptID]payment.Attempt {
	all := map[payment.AttemptID]payment.Attempt{}
	for _, order := range w.orders {
		list, err := books.AttemptsOf(ctx, order)
		if err != nil {
			w.wrong("reading %s: %v", w.nameIn(string(order)), err)
		}
		for _, a := range list {
			all[a.ID] = a
		}
	}
	return all
}

// history checks the events of an attempt and returns how often an undo was intended.
func (w *simWorld) history(ctx context.Context, books simBooks, a payment.Attempt) int {
	name := w.nameIn(string(a.ID))
	events, err := books.Events(ctx, a.ID)
	if err != nil {
		w.wrong("reading the history of %s: %v", name, err)
	}
	at, undos := payment.StateOpened, 0
	for _, ev := range events {
		if ev.Kind == "undo_intended" || ev.Kind == "cancel_intended" || ev.Kind == "unmatched_payment" && ev.Reason == string(journal.UnmatchedReturning) {
			undos++
		}
		if strings.HasPrefix(string(ev.Kind), "unmatched_payment") {
			w.tally(string(ev.Kind))
		}
		if ev.From == "" || ev.From == ev.To {
			continue
		}
		if ev.From != at || at.Final() || !payment.CanMove(ev.From, ev.To) {
			w.wrong("%s moved from %s to %s when it was %s", name, ev.From, ev.To, at)
		}
		w.auditDeadline(a, ev)
		at = ev.To
	}
	if at != a.State {
		w.wrong("%s is %s, but its history ends as %s", name, a.State, at)
	}
	if a.State.Final() != a.NextCheck.IsZero() {
		w.wrong("%s is %s with next check %s", name, a.State, a.NextCheck)
	}
	return undos
}

// auditTold checks that no browser was told a certain end that was not the end.
func (w *simWorld) auditTold(final map[payment.AttemptID]payment.State) {
	for _, t := range w.told {
		state, known := final[t.id]
		if t.status.Final() && (!known || state != t.status) {
			w.wrong("a browser was told that %s is %s, it is %q", w.nameIn(string(t.id)), t.status, state)
		}
	}
}

// auditWrites checks what was written to PGs: approvals once and after the shop's yes, undos once per intent.
func (w *simWorld) auditWrites(saidYes map[string]bool, intents map[string]int, attempts map[payment.AttemptID]payment.Attempt) {
	owner := map[string]string{}
	for _, a := range attempts {
		// An account that nobody paid into is in no ledger.
		if a.PGTxID != "" {
			owner[a.PGTxID] = string(a.ID)
		}
	}
	captures := map[string]int{}
	for _, e := range w.box.Ledger().Entries {
		owner[e.TxID] = string(w.unalias([]byte(e.OrderRef)))
		if e.Kind == "capture" && e.By != "deposit" {
			captures[e.OrderRef]++
		}
	}
	for ref, n := range captures {
		if n > 1 {
			w.wrong("%s was captured %d times", w.nameIn(ref), n)
		}
	}
	approvals, charges, planned, undos := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	about := map[string]int{}
	for _, x := range w.writes {
		name := w.nameIn(x.ref)
		if o, ok := owner[x.ref]; ok {
			name = w.nameIn(o)
		}
		switch x.kind {
		case "inicis_close", "v1_close", "v2_close":
			// Closing an account that nobody paid into moves no money.
		case "approve", "confirm":
			approvals[name]++
		case "charge", "key_in":
			// The shop, which asks for it, is not asked.
			charges[name]++
		case "schedule":
			planned[name]++
		case "move", "issue", "drop_key":
			about[x.kind+" of "+name]++
		default:
			undos[name]++
		}
	}
	yes, intended := map[string]bool{}, map[string]int{}
	for id := range saidYes {
		yes[w.nameIn(id)] = true
	}
	for id, n := range intents {
		// A fallback's attempt is opened in the same instant as the one it stands in for, and bears its name.
		intended[w.nameIn(id)] += n
	}
	for name, n := range approvals {
		if n > 1 {
			w.wrong("%s: the approval was written %d times", name, n)
		}
		if !yes[name] {
			w.wrong("%s: an approval was written without the shop's yes", name)
		}
	}
	for name, n := range charges {
		if n > 1 {
			w.wrong("%s: the charge was written %d times", name, n)
		}
	}
	for name, n := range planned {
		if n > 1 {
			w.wrong("%s: the schedule was written %d times", name, n)
		}
	}
	for what, n := range about {
		// A key that a window issued, and that nobody wants, is the gateway's to delete.
		own := strings.HasPrefix(what, "move") || strings.HasSuffix(what, " card")
		if own && n > w.sent[what] {
			w.wrong("the %s was written %d times, and asked for %d times", what, n, w.sent[what])
		}
	}
	for name, n := range undos {
		if n > intended[name] {
			w.wrong("%s: %d undos were written for %d intents", name, n, intended[name])
		}
	}
}
