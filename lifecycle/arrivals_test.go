package lifecycle_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// What may arrive while an attempt is in each state, and what is done about it. A cell reads
//
//	answer state [an unmatched payment] [>message to the shop]
//
// The answer is ok when the word needs not be said again, again when it must, yes or no to a question, and a problem
// code to a browser. An unmatched payment is the first letter of its state: unknown (looked up again), flagged (before a
// person), returned, kept. Nothing may be acknowledged and forgotten: TestArrivals also lets days pass after each cell,
// and wants what the PG still has to be what the shop believes, or to be before a person.
const arrivals = `
account           | issued                | deposit               | another amount        | a second deposit      | part given back       | closed at the PG      | declined              | the PG is silent
opened            | ok issued >issued     | ok approved >deposited | ok cancelling u       | ok approved f >deposited | ok cancelling u       | ok cancelled          | ok opened             | again opened
claimed           | again claimed         | again claimed         | again claimed         | again claimed         | again claimed         | again claimed         | again claimed         | again claimed
approving, ours   | ok approving          | again approving       | again approving       | again approving       | ok approving          | ok approving          | ok approving          | again approving
approving, theirs | ok issued >issued     | ok approved >deposited | ok cancelling u       | ok approved f >deposited | ok cancelling u       | ok cancelled >failed  | ok declined >failed   | again approving
issued            | ok issued             | ok approved >deposited | ok cancelling u       | ok approved f >deposited | ok cancelling u       | ok cancelled >failed  | ok issued             | again issued
unknown           | ok unknown            | ok unknown u          | ok unknown u          | ok unknown f u        | ok unknown u          | ok unknown            | ok unknown            | again unknown
not shown again   | ok unknown            | ok unknown u          | ok unknown u          | ok unknown f u        | ok unknown u          | ok unknown            | ok unknown            | again unknown
cancelling        | ok cancelling         | ok cancelling u       | ok cancelling u       | ok cancelling f u     | ok cancelling u       | ok cancelling         | ok cancelling         | again cancelling
approved          | ok approved f         | ok approved           | ok approved f         | ok approved f         | ok approved >cancelled | ok approved f         | ok approved f         | again approved
declined          | ok declined           | ok declined f         | ok declined f         | ok declined f f       | ok declined f         | ok declined           | ok declined           | again declined
refused           | ok refused            | ok refused f          | ok refused f          | ok refused f f        | ok refused f          | ok refused            | ok refused            | again refused
cancelled         | ok cancelled          | ok cancelled f        | ok cancelled f        | ok cancelled f f      | ok cancelled f        | ok cancelled          | ok cancelled          | again cancelled
expired           | ok expired            | ok expired f          | ok expired f          | ok expired f f        | ok expired f          | ok expired            | ok expired            | again expired
`

// charges is the same for everything but virtual accounts.
const charges = `
charge            | paid                  | another amount        | part given back       | given back            | declined              | a question            | a return              | the sweep             | not shown             | the PG is silent
opened            | ok approved >confirmed | ok cancelled          | ok cancelled          | ok cancelled          | ok opened             | yes approving         | no opened w           | approved approved >confirmed | ok approved >confirmed | ok opened             | ok opened
claimed           | again claimed         | again claimed         | again claimed         | again claimed         | again claimed         | no claimed w          | no claimed w          | pending claimed       | ok approved >confirmed | again claimed         | again claimed
approving, ours   | ok approving          | ok approving          | ok approving          | ok approving          | ok approving          | no approving w        | no approving w        | pending approving     | ok approved >confirmed | ok approving          | ok approving
approving, theirs | ok approved >confirmed | ok cancelled >failed  | ok cancelled >failed  | ok cancelled >failed  | ok declined >failed   | yes approving         | no approving w        | approved approved >confirmed | ok approved >confirmed | ok approving          | ok approving
captured          | again captured        | again captured        | again captured        | again captured        | again captured        | no captured w         | no captured w         | pending captured      | ok approved >confirmed | again captured        | again captured
unknown           | ok unknown            | ok unknown            | ok unknown            | ok unknown            | ok unknown            | no unknown w          | no unknown w          | unknown unknown       | ok approved >confirmed | ok unknown            | ok unknown
not shown again   | ok unknown            | ok unknown            | ok unknown            | ok unknown            | ok unknown            | no unknown w          | no unknown w          | unknown unknown       | ok approved >confirmed | ok unknown            | ok unknown
cancelling        | ok cancelling u       | ok cancelling u       | ok cancelling u       | ok cancelling         | ok cancelling         | no cancelling w       | no cancelling w       | unknown cancelling    | ok cancelled >failed  | ok cancelling         | again cancelling
approved          | ok approved           | ok approved f         | ok approved >cancelled | ok approved >cancelled | ok approved f         | yes approved          | no approved w         | approved approved     | ok approved           | again approved        | again approved
declined          | ok declined r         | ok declined r         | ok declined r         | ok declined           | ok declined           | no declined w         | no declined w         | declined declined     | ok declined           | ok declined           | again declined
refused           | ok refused r          | ok refused r          | ok refused r          | ok refused            | ok refused            | no refused w          | no refused w          | refused refused       | ok refused            | ok refused            | again refused
cancelled         | ok cancelled r        | ok cancelled r        | ok cancelled r        | ok cancelled          | ok cancelled          | no cancelled w        | no cancelled w        | cancelled cancelled   | ok cancelled          | ok cancelled          | again cancelled
expired           | ok expired r          | ok expired r          | ok expired r          | ok expired            | ok expired            | no expired w          | no expired w          | expired expired       | ok expired            | ok expired            | again expired
`

// counter is a PG that shows what a test says, and gives back, closes and charges as PGs do.
type counter struct {
	fakePG
	shows  adapters.Result
	silent bool
}

func newCounter(shows adapters.Result, silent bool) *counter {
	c := &counter{shows: shows, silent: silent}
	c.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) {
		if c.silent {
			return adapters.Result{}, adapters.ErrUnavailable
		}
		return c.shows, nil
	}
	c.approve = func(int, adapters.ApproveRequest) (adapters.Result, error) { return c.shows, nil }
	c.cancel = func(_ int, r adapters.CancelRequest) (adapters.Result, error) {
		switch left := c.standing(); {
		case c.silent:
			return adapters.Result{}, adapters.ErrUnknownOutcome
		case left == 0 || r.Remaining != left || r.Amount != left:
			return adapters.Result{Outcome: payment.OutcomeDeclined}, nil
		}
		c.shows.Outcome, c.shows.Cancelled = payment.OutcomeCancelled, c.shows.Amount
		return c.shows, nil
	}
	return c
}

// standing is what the PG has, in won.
func (c *counter) standing() payment.Won {
	if c.shows.Outcome != payment.OutcomeApproved && c.shows.Outcome != payment.OutcomeCancelled {
		return 0
	}
	return c.shows.Amount - c.shows.Cancelled
}

func (c *counter) CloseAccount(context.Context, adapters.CancelRequest) (adapters.Result, error) {
	c.count("close")
	switch {
	case c.silent:
		return adapters.Result{}, adapters.ErrUnknownOutcome
	case c.shows.Outcome != payment.OutcomeIssued:
		return adapters.Result{Outcome: payment.OutcomeDeclined}, nil
	}
	c.shows.Outcome, c.shows.Amount = payment.OutcomeCancelled, 0
	return c.shows, nil
}

// arrivalState is a state and how an attempt comes to it.
type arrivalState struct {
	name string
	path []payment.State
	// ours tells that the approval is a request of our own, which needs the sealed proof.
	ours bool
	// reason is why it is unknown; empty means that an answer was lost.
	reason payment.Reason
}

func arrivalStates(account bool) []arrivalState {
	const (
		claimed, approving, cancelling = payment.StateClaimed, payment.StateApproving, payment.StateCancelling
	)
	third := arrivalState{name: "captured", path: []payment.State{claimed, payment.StateCaptured}}
	if account {
		third = arrivalState{name: "issued", path: []payment.State{claimed, approving, payment.StateIssued}}
	}
	return []arrivalState{
		{"opened", nil, false, ""},
		{"claimed", []payment.State{claimed}, false, ""},
		{"approving, ours", []payment.State{claimed, approving}, true, ""},
		{"approving, theirs", []payment.State{claimed, approving}, false, ""},
		third,
		{"unknown", []payment.State{claimed, approving, payment.StateUnknown}, false, ""},
		{"not shown again", []payment.State{claimed, payment.StateCaptured, payment.StateUnknown}, false, payment.ReasonNotShown},
		{"cancelling", []payment.State{claimed, approving, cancelling}, false, ""},
		{"approved", []payment.State{claimed, approving, payment.StateApproved}, false, ""},
		{"declined", []payment.State{payment.StateDeclined}, false, ""},
		{"refused", []payment.State{payment.StateRefused}, false, ""},
		{"cancelled", []payment.State{claimed, approving, cancelling, payment.StateCancelled}, false, ""},
		{"expired", []payment.State{payment.StateExpired}, false, ""},
	}
}

// arrival is one thing that comes in: what the PG shows from then on, and through which door.
type arrival struct {
	name   string
	shows  adapters.Result
	silent bool
	door   func(h *house, pg *counter) string
	// unsaid tells that it is no word of the PG's, whose own comes later.
	unsaid bool
}

func arrivalAnswer(err error, ok string) string {
	switch {
	case err == nil:
		return ok
	case errors.Is(err, lifecycle.ErrNotOurs):
		return "not ours"
	}
	return "again"
}

// word is a PG's word, followed up as the gateway does.
func word(h *house, _ *counter) string {
	before := h.state("A1")
	w, err := h.machine.Notified(h.t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-A1"})
	if err == nil && before.State.Final() {
		err = lifecycle.NewCanceller(h.machine, h.journal, nil).Notified(h.t.Context(), w.Attempt)
	}
	return arrivalAnswer(err, "ok")
}

func deposits(list ...lifecycle.Deposit) func(h *house, _ *counter) string {
	return func(h *house, _ *counter) string {
		answer := ""
		for _, d := range list {
			d.ID, d.PG, d.MID = "A1", "pg", "MID"
			_, err := h.machine.Deposited(h.t.Context(), h.journal, d)
			answer = arrivalAnswer(err, "ok")
		}
		return answer
	}
}

func accountArrivals() []arrival {
	paid, issued := depositedAs("A1", 50000), issuedAs("A1", 50000)
	other, part := paid, paid
	other.Amount, part.Cancelled = 49000, 10000
	closed, declined := issued, issued
	closed.Outcome, closed.Amount, declined.Outcome = payment.OutcomeCancelled, 0, payment.OutcomeDeclined
	return []arrival{
		{"issued", issued, false, word, false},
		{"deposit", paid, false, deposits(lifecycle.Deposit{TID: "D1", Amount: 50000}), false},
		{"another amount", other, false, deposits(lifecycle.Deposit{TID: "D1", Amount: 49000}), false},
		{"a second deposit", paid, false, deposits(lifecycle.Deposit{TID: "D1", Amount: 50000}, lifecycle.Deposit{TID: "D2", Amount: 50000}), false},
		{"part given back", part, false, word, false},
		{"closed at the PG", closed, false, word, false},
		{"declined", declined, false, word, false},
		{"the PG is silent", paid, true, deposits(lifecycle.Deposit{TID: "D1", Amount: 50000}), false},
	}
}

func chargeArrivals() []arrival {
	paid := approvedAs("A1", 50000)
	other, part, back, declined := paid, paid, paid, paid
	other.Amount, part.Cancelled = 49000, 10000
	back.Outcome, back.Cancelled, declined.Outcome = payment.OutcomeCancelled, 50000, payment.OutcomeDeclined
	pending := paid
	pending.Outcome = payment.OutcomePending
	absent := adapters.Result{Outcome: payment.OutcomeNotFound, OrderRef: "A1"}
	return []arrival{
		{"paid", paid, false, word, false},
		{"another amount", other, false, word, false},
		{"part given back", part, false, word, false},
		{"given back", back, false, word, false},
		{"declined", declined, false, word, false},
		{"a question", pending, false, func(h *house, pg *counter) string {
			if h.machine.Allow(h.t.Context(), lifecycle.Question{ID: "A1", PG: "pg", PGTxID: "TX-A1", Amount: 50000}).Yes {
				pg.shows = paid
				return "yes"
			}
			pg.shows = declined
			return "no"
		}, true},
		{"an unheard no", pending, false, func(h *house, pg *counter) string {
			yes := h.machine.Allow(h.t.Context(), lifecycle.Question{ID: "A1", PG: "pg", PGTxID: "TX-A1", Amount: 50001}).Yes
			// The PG does not wait for the answer, and says nothing of what it takes.
			pg.shows = paid
			return map[bool]string{true: "yes", false: "no"}[yes]
		}, false},
		{"a return", paid, false, func(h *house, _ *counter) string {
			r, err := h.machine.Complete(h.t.Context(), "A1", adapters.Proof{PGTxID: "TX-A1"})
			return arrivalAnswer(err, r.Status())
		}, true},
		{"the sweep", paid, false, func(h *house, _ *counter) string {
			_, err := h.machine.Resume(h.t.Context(), "A1")
			return arrivalAnswer(err, "ok")
		}, true},
		{"not shown", absent, false, word, false},
		{"the PG is silent", paid, true, word, false},
	}
}

// cell is what one arrival in one state comes to; after days nothing may be lost.
func cell(t *testing.T, account bool, at arrivalState, ar arrival) (out, lost string) {
	t.Helper()
	pg := newCounter(ar.shows, ar.silent)
	h := open(t, pg)
	h.runs = time.Now()
	a := h.attempt("A1")
	if account {
		a = h.account("A1")
	}
	if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	for _, to := range at.path {
		reason, tx, a := payment.Reason(""), "TX-A1", h.state("A1")
		switch to { //nolint:exhaustive // the others need no reason
		case payment.StateUnknown:
			reason = cmp.Or(at.reason, payment.ReasonLost)
		case payment.StateDeclined, payment.StateRefused, payment.StateExpired:
			tx = ""
		}
		var err error
		if to == payment.StateClaimed && at.ours {
			err = h.journal.Claim(t.Context(), a, journal.Claim{To: to, ProofHash: "p", SealedProof: []byte(`{"t":"token"}`), Event: journal.Event{Kind: "authenticated"}})
		} else {
			_, err = h.journal.Move(t.Context(), journal.Transition{ID: "A1", From: []payment.State{a.State}, To: to, PGTxID: tx, Reason: reason, NextCheck: h.clock().Add(time.Hour)})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// Whoever brought the attempt there is gone: nobody waits for him.
	h.pass(time.Minute)
	if state := h.state("A1").State; !state.Final() {
		if err := h.journal.Touch(t.Context(), journal.LookUp{ID: "A1", State: state, NextCheck: h.clock().Add(time.Minute), Event: journal.Event{Kind: "looked_up"}}); err != nil {
			t.Fatal(err)
		}
	}
	out = ar.door(h, pg) + " " + string(h.state("A1").State)
	for l := range strings.FieldsSeq(h.unmatched()) {
		switch l {
		case "unknown", "flagged", "returned", "kept", "returning", "watched":
			out += " " + l[:1]
		}
	}
	for _, m := range h.messages() {
		out += " >" + strings.TrimPrefix(strings.TrimPrefix(m, "payment."), "virtual_account.")
	}
	return out, h.forgotten(pg, ar.unsaid || strings.HasPrefix(out, "again"))
}

// forgotten lets days pass and holds what the PG has against what is believed of it. It returns what is lost.
func (h *house) forgotten(pg *counter, saidAgain bool) string {
	h.t.Helper()
	pg.silent = false
	for range 12 {
		h.pass(10 * time.Hour)
		if saidAgain {
			word(h, pg)
		}
		if _, err := h.machine.Resume(h.t.Context(), "A1"); err != nil {
			h.t.Fatal(err)
		}
		h.sweepUnmatched(0)
	}
	a, standing, unmatched := h.state("A1"), pg.standing(), h.unmatched()
	person := strings.Contains(unmatched, "flagged") || a.State == payment.StateCancelling || a.State == payment.StateUnknown
	switch {
	case a.State == payment.StateApproved && pg.shows.Outcome == payment.OutcomeNotFound:
		// What a PG does not find it does not deny: an approved payment stays the shop's.
	case a.State == payment.StateApproved && (standing != a.Amount || pg.shows.Outcome != payment.OutcomeApproved) && !person:
		cancels, err := h.journal.CancelsOf(h.t.Context(), a.ID)
		known := a.Amount
		for _, c := range cancels {
			known -= c.Amount
		}
		if err != nil || known != standing {
			return fmt.Sprintf("approved with %d, the PG has %d as %s, and nobody is told (%v)", known, standing, pg.shows.Outcome, err)
		}
	case !a.State.Final() && !person:
		return fmt.Sprintf("it is %s after days, and nobody is told", a.State)
	case a.State != payment.StateApproved && standing > 0 && !person:
		return fmt.Sprintf("it ended as %s, the PG has %d, unmatched payments %q", a.State, standing, unmatched)
	}
	return ""
}

// TestArrivals holds the two tables.
func TestArrivals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		table    string
		account  bool
		arrivals []arrival
	}{{arrivals, true, accountArrivals()}, {charges, false, chargeArrivals()}} {
		var got strings.Builder
		head, _, _ := strings.Cut(strings.TrimPrefix(tt.table, "\n"), "\n")
		got.WriteString("\n" + head + "\n")
		for _, at := range arrivalStates(tt.account) {
			row := fmt.Sprintf("%-17s", at.name)
			for _, ar := range tt.arrivals {
				var did, lost string
				synctest.Test(t, func(t *testing.T) { did, lost = cell(t, tt.account, at, ar) })
				row += fmt.Sprintf(" | %-21s", did)
				if lost != "" {
					t.Errorf("%s while %s: %s", ar.name, at.name, lost)
				}
			}
			got.WriteString(strings.TrimRight(row, " ") + "\n")
		}
		if d := gocmp.Diff(tt.table, got.String()); d != "" {
			t.Errorf("something else is done than the table says:\n%s\n(-want +got):\n%s", got.String(), d)
		}
	}
}
