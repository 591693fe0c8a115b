package simulation

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// simBankSites are the sites by which the simulation's rules send virtual accounts to every PG that has them.
func simBankSites() []payment.Site {
	return []payment.Site{"main", "main", "main", "bank_manual", "bank_auto", "bank_ask", "bank_v1", "bank_v1_ask"}
}

// bank is what becomes of a virtual account that a window was clicked for: money comes in, or it does not, and the
// shop may close the account.
func (b *simBuyer) bank(a *simAttempt, r *rand.Rand) {
	w := b.w
	if !a.account {
		return
	}
	d := sandbox.Deposit{Ref: string(a.answer.AttemptID)}
	x, soon, hours := r.Float64(), time.Duration(r.Int64N(int64(2*time.Minute))), 10*time.Minute+time.Duration(r.Int64N(int64(45*time.Minute)))
	// What V2 says of an account that another amount came into is written nowhere.
	if r.Float64() < 0.1 && simVersion(a) != "v2" {
		d.Amount, d.Force = sandbox.Won(b.won)+1, true
		w.tally("deposit_of_another_amount")
	}
	twice := d.Amount == 0 && r.Float64() < 0.15
	again := w.draw(a.name + " bank")
	switch {
	case x < 0.4:
		b.tabs.Go(func() {
			time.Sleep(soon)
			w.deposit(a, d, twice, again)
		})
	case x < 0.6:
		w.mail.Go(func() {
			time.Sleep(hours)
			w.tally("deposit_after_hours")
			w.deposit(a, d, twice, again)
		})
	case x < 0.75:
		w.mu.Lock()
		w.owed = append(w.owed, a)
		w.mu.Unlock()
	}
	if r.Float64() < 0.2 {
		b.tabs.Go(func() { b.closeAccount(a, w.draw(a.name+" close")) })
	}
}

// deposit pays into an account, as soon as there is one, and once more if it is to be twice.
func (w *simWorld) deposit(a *simAttempt, d sandbox.Deposit, twice bool, r *rand.Rand) {
	err := w.box.Deposit(d)
	w.tracef("%s: %d come into its account (forced: %t): %t", a.name, d.Amount, d.Force, err == nil)
	if err != nil {
		w.tally("deposit_refused")
		return
	}
	w.tally("deposit_" + string(a.answer.PG))
	// PortOne does not tell one deposit into an account from the next.
	if !twice || d.Force || a.answer.PG != "inicis" {
		return
	}
	time.Sleep(time.Second + time.Duration(r.Int64N(int64(5*time.Minute))))
	d.Force = true
	if err := w.box.Deposit(d); err != nil {
		w.wrong("%s: no second deposit: %v", a.name, err)
	}
	w.tally("deposit_twice")
	w.tracef("%s: a second deposit", a.name)
}

// closeAccount has the shop close an account that it was told of, or not yet.
func (b *simBuyer) closeAccount(a *simAttempt, r *rand.Rand) {
	time.Sleep(time.Duration(r.Int64N(int64(3 * time.Minute))))
	b.w.tally("shop_closes_account")
	b.w.askCancel(simPaid{id: a.answer.AttemptID, name: a.name, won: b.won}, a.name+" close", r, `{"reason":"closed"}`)
}

// bankRound pays into accounts long after they were closed or their time was over.
func (w *simWorld) bankRound(r *rand.Rand) {
	for _, a := range w.owed {
		unmatched, again := time.Duration(r.Int64N(int64(10*time.Minute))), w.draw(a.name+" late deposit")
		w.mail.Go(func() {
			time.Sleep(unmatched)
			w.tally("deposit_after_the_end")
			w.deposit(a, sandbox.Deposit{Ref: string(a.answer.AttemptID), Force: true}, false, again)
		})
	}
}

// atPerson tells whether an attempt waits for a person: money is in an account that must not stand.
func (w *simWorld) atPerson(a payment.Attempt) bool {
	if !w.isBank(a) || a.State != payment.StateCancelling && a.State != payment.StateUnknown {
		return false
	}
	t := w.truth()[a.ID]
	return t.captured > t.cancelled
}

// behindPerson tells whether an attempt of the same order waits for a person: until then nobody knows which stands.
func (w *simWorld) behindPerson(a payment.Attempt, all []payment.Attempt) bool {
	return slices.ContainsFunc(all, func(o payment.Attempt) bool { return o.OrderID == a.OrderID && w.atPerson(o) })
}

// withoutPerson are the open attempts that come to their end without a person.
func (w *simWorld) withoutPerson(open []payment.Attempt) []payment.Attempt {
	all := slices.Clone(open)
	return slices.DeleteFunc(open, func(a payment.Attempt) bool {
		return w.atPerson(a) || a.State == payment.StateOpened && w.behindPerson(a, all)
	})
}

// auditBank holds an account's money against what is believed: what is there beside it is before a person, as an unmatched payment
// or as an attempt that waits for a person.
func (w *simWorld) auditBank(a payment.Attempt, t simTruth, believed, unmatched payment.Won) {
	over := t.captured - t.cancelled - believed
	name := w.nameIn(string(a.ID))
	switch {
	case over < 0:
		w.wrong("%s: %d paid in, %d given back, the shop believes %d", name, t.captured, t.cancelled, believed)
	case over > unmatched && !w.atPerson(a):
		w.wrong("%s is %s: %d paid in, %d given back, the shop believes %d, waiting for a person %d", name, a.State, t.captured, t.cancelled, believed, unmatched)
	case over < unmatched && a.State == payment.StateApproved:
		w.wrong("%s is approved: %d before a person, %d are there", name, unmatched, over)
	}
	if w.atPerson(a) {
		w.tally("account_for_a_person")
	}
}

// auditDeadline checks that an account that was issued did not wait for longer than its deadline, an hour and a day.
func (w *simWorld) auditDeadline(a payment.Attempt, ev journal.Event) {
	if limit := a.DepositDue.Add(25 * time.Hour); ev.From == payment.StateIssued && ev.At.After(limit) {
		w.wrong("%s was issued until %s, its deadline was %s", w.nameIn(string(a.ID)), ev.At, a.DepositDue)
	}
}

// bankPerson gives back by hand what is in accounts that must not stand, after which they end.
func (w *simWorld) bankPerson(ctx context.Context) {
	books := w.alive()[0].books
	open, err := simOpen(ctx, books)
	if err != nil {
		w.wrong("listing open attempts: %v", err)
	}
	open = slices.DeleteFunc(open, func(a payment.Attempt) bool { return !w.atPerson(a) })
	if len(open) == 0 {
		return
	}
	slices.SortFunc(open, func(a, b payment.Attempt) int { return strings.Compare(w.nameIn(string(a.ID)), w.nameIn(string(b.ID))) })
	for _, a := range open {
		w.emptyAccount(a)
		w.tally("person_empties_account")
	}
	w.settleDown(ctx)
}

// emptyAccount sends what is in an account back to the buyer, in the PG's back office.
func (w *simWorld) emptyAccount(a payment.Attempt) {
	time.Sleep(2 * time.Second)
	if a.State != payment.StateApproved {
		_ = w.box.ConsoleCancel(sandbox.ConsoleCancel{Ref: string(a.ID)})
	}
	_ = w.box.ConsoleCancel(sandbox.ConsoleCancel{Ref: string(a.ID), Surplus: true})
	if t := w.truth()[a.ID]; a.State != payment.StateApproved && t.captured != t.cancelled {
		w.wrong("%s: %d of %d were given back by hand", w.nameIn(string(a.ID)), t.cancelled, t.captured)
	}
}
