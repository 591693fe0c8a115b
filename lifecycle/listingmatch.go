package lifecycle

import (
	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// ListedResult is what came of a payment that a PG lists.
type ListedResult string

// What can come of a listed payment.
const (
	// ListedBefore was listed and dealt with a short while ago, as it is now.
	ListedBefore ListedResult = "before"
	// ListedAgrees is as its attempt has it.
	ListedAgrees ListedResult = "agrees"
	// ListedWoken is not as its attempt has it, and the lifecycle was woken.
	ListedWoken ListedResult = "woken"
	// ListedUnderWay is somebody's who is at it just now; it is held against its attempt again.
	ListedUnderWay ListedResult = "under_way"
	// ListedOwnerless is money of no attempt that waits for a person.
	ListedOwnerless ListedResult = "ownerless"
	// ListedStranger is of no attempt and is taken for somebody else's.
	ListedStranger ListedResult = "stranger"
	// ListedOtherPG is of an attempt at another of our PGs, which lists it.
	ListedOtherPG ListedResult = "other_pg"
	// ListedOdd cannot be read.
	ListedOdd ListedResult = "odd"
	// ListedGivenUp was woken again and again to no end; it is found again by a later look.
	ListedGivenUp ListedResult = "given_up"
)

// ListedResults are all of them.
func ListedResults() []ListedResult {
	return []ListedResult{
		ListedBefore, ListedAgrees, ListedWoken, ListedUnderWay, ListedOwnerless, ListedStranger, ListedOtherPG, ListedOdd,
		ListedGivenUp,
	}
}

// matchListed holds a payment that a PG lists against where its attempt stands: it agrees, is under way, or wakes the
// lifecycle. rows are the attempt's unmatched payments, which matter once it has ended. sharesIDs tells that the PG can
// hold several payments under one id.
func matchListed(
	l adapters.Listed, s journal.Standing, sharesIDs bool, rows []journal.Unmatched,
) ListedResult {
	own := l.PGTxID == s.PGTxID || !sharesIDs //guard:listed-second-payment-wakes
	switch s.State {
	case payment.StateClaimed, payment.StateApproving, payment.StateCaptured, payment.StateCancelling:
		if own || s.PGTxID == "" && l.Won() == 0 {
			return ListedUnderWay
		}
		return ListedWoken
	case payment.StateOpened, payment.StateIssued, payment.StateUnknown:
		if l.Outcome == payment.OutcomeIssued && s.State != payment.StateOpened {
			return ListedAgrees
		}
		return ListedWoken
	case payment.StateApproved, payment.StateDeclined, payment.StateRefused, payment.StateCancelled, payment.StateExpired:
	}
	row := rowOf(l, rows)
	// A row that turned out to be the attempt's own payment says nothing of what was given back of it since.
	keptAsOwn := row == journal.UnmatchedKept && own && s.State == payment.StateApproved //guard:own-row-hides-no-cancel
	switch {
	case l.Won() == 0 && row.Open(): //guard:listed-as-back-closes-its-row
		return ListedWoken
	case agreesEnded(l, s, own), onRecord(row) && !keptAsOwn:
		return ListedAgrees
	}
	return ListedWoken
}

// needsRows tells whether it matters for a payment what is on record beside its attempt.
func needsRows(l adapters.Listed, s journal.Standing) bool {
	return s.State.Final() && (l.Amount > 0 || l.Foreign) && l.Outcome != payment.OutcomeIssued &&
		(s.State != payment.StateApproved || l.PGTxID != s.PGTxID || l.Won() == 0)
}

// agreesEnded tells whether a payment is as an attempt that has ended leaves it.
func agreesEnded(l adapters.Listed, s journal.Standing, own bool) bool {
	switch {
	case l.Outcome == payment.OutcomeIssued, l.Amount == 0 && !l.Foreign:
		// An account of an attempt that has ended is listed once somebody pays into it; a key costs nothing.
		return true
	case s.State != payment.StateApproved || !own:
		return l.Won() == 0
	case l.Amount != s.Amount: //guard:listed-amount-is-compared
		return false
	}
	// An event of before says of cancels what was known then.
	return l.Cancelled <= s.GivenBack //guard:listed-cancel-is-compared
}

// rowOf is where a payment beside its attempt stands; empty when it is not on record.
func rowOf(l adapters.Listed, rows []journal.Unmatched) journal.UnmatchedState {
	for _, row := range rows {
		if row.PGTxID == l.PGTxID {
			return row.State
		}
	}
	return ""
}

// onRecord tells whether money beside its attempt is dealt with: somebody is at it, or it is back. What was only
// watched, or absent, is money now.
func onRecord(row journal.UnmatchedState) bool {
	//guard:watched-that-is-listed-wakes
	return row != "" && row != journal.UnmatchedWatched && row != journal.UnmatchedAbsent
}
