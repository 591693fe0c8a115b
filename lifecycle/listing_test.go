package lifecycle_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// listingTill is a till that lists what it holds, one payment a page.
type listingTill struct {
	*till
	shows []adapters.Listed
	// asked are the periods that were asked for, failing makes the next lists fail.
	asked   []adapters.ListRequest
	failing int
}

func (p *listingTill) List(_ context.Context, req adapters.ListRequest) (adapters.ListPage, error) {
	p.asked = append(p.asked, req)
	if p.failing > 0 {
		p.failing--
		return adapters.ListPage{}, adapters.ErrUnavailable
	}
	var in []adapters.Listed
	for _, l := range p.shows {
		if !l.At.Before(req.From) && !l.At.After(req.Until) {
			in = append(in, l)
		}
	}
	n := 0
	_, _ = fmt.Sscan(req.Next, &n)
	page := adapters.ListPage{}
	if n < len(in) {
		page.Payments = in[n : n+1]
	}
	if n+1 < len(in) {
		page.Next = fmt.Sprint(n + 1)
	}
	return page, nil
}

// listingHouse is a house whose PG is listed.
type listingHouse struct {
	*house
	pg      *listingTill
	listing *lifecycle.Listing
	of      *payment.PG
	counts  map[lifecycle.ListedResult]int
	until   time.Time
}

func (h *listingHouse) Upstream(payment.PGID, payment.Operation, payment.CallOutcome, time.Duration) {
}
func (h *listingHouse) Listed(_ payment.PGID, r lifecycle.ListedResult, n int) { h.counts[r] += n }
func (h *listingHouse) ListedUntil(_ payment.PGID, until time.Time)            { h.until = until }

// listingAtV1 opens a house with one V1 attempt, and a listing of its PG, which holds payments.
func listingAtV1(t *testing.T, payments ...adapters.Result) *listingHouse {
	t.Helper()
	pg := &listingTill{till: newTill(payments...)}
	h := &listingHouse{house: atV1(t, pg), pg: pg, counts: map[lifecycle.ListedResult]int{}}
	h.of = &payment.PG{
		ID: "pg", Driver: portonev1.Name,
		Listing: payment.Listing{On: true, Every: 20 * time.Second, Strangers: payment.StrangersCount},
	}
	h.listing = h.another("one")
	return h
}

// another makes a listing of another process on the same journal.
func (h *listingHouse) another(holder string) *lifecycle.Listing {
	return lifecycle.NewListing(lifecycle.ListingOptions{
		Machine: h.machine, Canceller: lifecycle.NewCanceller(h.machine, h.journal, func(payment.Attempt, payment.Cancel) {}),
		Journal: h.journal, PGs: func() []*payment.PG { return []*payment.PG{h.of} },
		Made: func(id payment.AttemptID) (time.Time, bool) {
			return h.now.Add(-time.Hour), strings.HasPrefix(string(id), "ours")
		},
		Kept: 24 * time.Hour, Holder: holder, Observer: h, Log: slog.New(slog.DiscardHandler), Now: h.clock,
	})
}

// round passes one pause and lists.
func (h *listingHouse) round() {
	h.pass(20 * time.Second)
	h.listing.Once(h.t.Context())
}

func (h *listingHouse) show(tx string, change ...func(*adapters.Listed)) {
	l := adapters.Listed{
		OrderRef: "A1", PGTxID: tx, Outcome: payment.OutcomeApproved, Amount: 50000, At: h.clock(),
	}
	for _, f := range change {
		f(&l)
	}
	h.pg.shows = append(h.pg.shows, l)
}

func TestAPaymentThatNobodyToldOfIsFound(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t, paidAs("TX-A1"))
	h.show("TX-A1")
	h.round()
	if a := h.state("A1"); a.State != payment.StateApproved {
		t.Fatalf("the attempt is %s", a.State)
	}
	looks, told := h.pg.calls["lookup"], h.messages()
	for range 5 {
		h.round()
	}
	if h.pg.calls["lookup"] != looks || h.counts[lifecycle.ListedWoken] != 1 {
		t.Errorf("what agrees was looked up: %d and %d, %v", looks, h.pg.calls["lookup"], h.counts)
	}
	if join(told) != "payment.confirmed" {
		t.Errorf("the shop was told %v", told)
	}
}

func TestWhatAgreesIsReadOnce(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t, paidAs("TX-A1"))
	h.moves(payment.StateApproving, payment.StateApproved)
	h.show("TX-A1")
	h.show("TX-A1", func(l *adapters.Listed) { l.OrderRef = "theirs"; l.PGTxID = "TX-2" })
	for range 3 {
		h.round()
	}
	if h.pg.calls["lookup"] != 0 || h.counts[lifecycle.ListedAgrees] != 1 || h.counts[lifecycle.ListedStranger] != 1 {
		t.Errorf("%v, %v", h.pg.calls, h.counts)
	}
	events, err := h.journal.Events(t.Context(), "A1")
	if err != nil || len(events) != 3 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestMoneyBesideItsAttemptIsGivenBackWhenItIsListed(t *testing.T) {
	t.Parallel()
	for name, states := range map[string][]payment.State{
		"a second payment":        {payment.StateApproving, payment.StateApproved},
		"after the attempt's end": {payment.StateExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := listingAtV1(t, paidAs("TX-A1"), paidAs("TX-2"))
			h.moves(states...)
			h.show("TX-2")
			for range 4 {
				h.round()
			}
			if got := h.unmatched(); got != "TX-2 returned" || h.pg.calls["cancel"] != 1 {
				t.Errorf("%s, %v", got, h.pg.calls)
			}
		})
	}
}

func TestACancelThatNobodyToldOfIsFound(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t, paidAs("TX-A1", func(r *adapters.Result) { r.Cancelled = 20000 }))
	h.moves(payment.StateApproving, payment.StateApproved)
	h.show("TX-A1", func(l *adapters.Listed) { l.Cancelled = 20000 })
	for range 3 {
		h.round()
	}
	list, err := h.journal.CancelsOf(t.Context(), "A1")
	if err != nil || len(list) != 1 || list[0].Amount != 20000 || h.counts[lifecycle.ListedWoken] != 1 {
		t.Errorf("%+v, %v, %v", list, err, h.counts)
	}
}

func TestAListedPaymentIsFollowedUpUntilThePGAnswers(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t, paidAs("TX-A1"))
	h.pg.down["TX-A1"] = true
	h.show("TX-A1")
	for range 10 {
		h.round()
	}
	if a := h.state("A1"); a.State != payment.StateOpened {
		t.Fatalf("the attempt is %s", a.State)
	}
	if looks := h.pg.calls["lookup"]; looks < 2 || looks > 10 {
		t.Errorf("looked up %d times in 200 s", looks)
	}
	paidAt := h.pg.shows[0].At
	if h.until.After(paidAt) {
		t.Errorf("it counts as dealt with up to %s, and the payment of %s is not", h.until, paidAt)
	}
	// Another process goes on where this one died.
	h.pg.down["TX-A1"] = false
	h.pass(2 * time.Minute)
	h.listing = h.another("two")
	h.round()
	if a := h.state("A1"); a.State != payment.StateApproved || !h.until.After(paidAt) {
		t.Errorf("the attempt is %s, dealt with up to %s", a.State, h.until)
	}
}

// Where an id has one payment, a look-up that failed leaves no error behind.
func TestALookUpInVainIsRepeatedForWhatIsListed(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t, paidAs("TX-A1"))
	h.pg.name = "portone_v2"
	failing := 2
	look := h.pg.lookUp
	h.pg.lookUp = func(n int, r adapters.LookUpRequest) (adapters.Result, error) {
		if failing--; failing >= 0 {
			return adapters.Result{}, adapters.ErrUnavailable
		}
		r.PGTxID = "TX-A1"
		return look(n, r)
	}
	h.show("TX-A1")
	for range 10 {
		h.round()
	}
	if a := h.state("A1"); a.State != payment.StateApproved {
		t.Errorf("the attempt is %s after %d look-ups", a.State, h.pg.calls["lookup"])
	}
}

func TestARoundThatFailsIsReadAgain(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t, paidAs("TX-A1"))
	h.round()
	reached := h.until
	h.show("TX-A1")
	h.show("TX-X", func(l *adapters.Listed) { l.OrderRef = "theirs" })
	h.pg.failing = 3
	for range 3 {
		h.round()
	}
	if !h.until.Equal(reached) || h.state("A1").State != payment.StateOpened {
		t.Errorf("dealt with up to %s after failures, %s before", h.until, reached)
	}
	h.round()
	if h.state("A1").State != payment.StateApproved || !h.until.After(reached) {
		t.Errorf("dealt with up to %s", h.until)
	}
	for i, req := range h.pg.asked {
		if i > 0 && req.From.After(h.pg.asked[i-1].Until.Add(-time.Minute)) && req.Next == "" && req.From.After(reached) {
			t.Errorf("between %s and %s something may be missed", h.pg.asked[i-1].Until, req.From)
		}
	}
}

func TestOneProcessListsAtATime(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t)
	h.round()
	other := h.another("two")
	asked := len(h.pg.asked)
	h.pass(40 * time.Second)
	other.Once(t.Context())
	if len(h.pg.asked) != asked {
		t.Error("two list at once")
	}
	h.pass(time.Minute)
	other.Once(t.Context())
	if len(h.pg.asked) == asked {
		t.Error("nobody took over from one that died")
	}
	asked = len(h.pg.asked)
	h.listing.Once(t.Context())
	if len(h.pg.asked) != asked {
		t.Error("one that came back lists beside the one that took over")
	}
}

func TestAPaymentThatIsPaidMuchEarlierIsFoundByASecondLook(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t, paidAs("TX-A1"))
	for range 3 {
		h.round()
	}
	h.show("TX-A1", func(l *adapters.Listed) { l.At = h.clock().Add(-3 * time.Hour) })
	for range 12 {
		h.round()
	}
	if a := h.state("A1"); a.State != payment.StateApproved {
		t.Errorf("the attempt is %s", a.State)
	}
}

// What a PG shows a while after it happened is listed all the same, and without the second look.
func TestWhatShowsLateIsListed(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t, paidAs("TX-A1"))
	h.round()
	h.show("TX-A1", func(l *adapters.Listed) { l.At = h.clock().Add(-30 * time.Second) })
	h.round()
	if a := h.state("A1"); a.State != payment.StateApproved {
		t.Errorf("the attempt is %s", a.State)
	}
}

// A part may go back in the PG's console long after its payment, which is listed by when it was paid; nobody need tell.
func TestAPartThatWentBackLaterIsFound(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t, paidAs("TX-A1"))
	h.moves(payment.StateApproving, payment.StateApproved)
	h.show("TX-A1")
	h.round()
	h.pass(30 * 24 * time.Hour)
	h.pg.shows[0].Cancelled = 20000
	h.pg.held["TX-A1"] = paidAs("TX-A1", func(r *adapters.Result) { r.Cancelled = 20000 })
	rounds := 0
	for ; rounds < 2000 && h.counts[lifecycle.ListedWoken] == 0; rounds++ {
		h.round()
	}
	list, err := h.journal.CancelsOf(t.Context(), "A1")
	if err != nil || len(list) != 1 || list[0].Amount != 20000 {
		t.Errorf("%+v after %d rounds, %v", list, rounds, err)
	}
	// At the end of the days that are listed it begins anew.
	for range 4500 {
		h.round()
	}
	furthest, begun, now := time.Duration(0), 0, h.clock()
	for _, r := range h.pg.asked {
		furthest = max(furthest, now.Sub(r.From))
		if back := r.Now.Sub(r.Until); back >= 24*time.Hour && back < 28*time.Hour {
			begun++
		}
	}
	if furthest < 89*24*time.Hour || furthest > 92*24*time.Hour || begun < 2 {
		t.Errorf("it lists %s back, and began %d times", furthest, begun)
	}
}

func TestAPaymentOfNoAttemptIsClosedByTwo(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t)
	if _, err := h.journal.OwnerlessAdd(t.Context(), journal.Ownerless{PG: "pg", PGTxID: "TX-9", OrderRef: "theirs", Won: 1000}); err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct {
		by   string
		as   lifecycle.Finding
		done bool
		err  error
	}{
		{"", lifecycle.FindingGivenBack, false, lifecycle.ErrActor},
		{"kim", lifecycle.FindingNotCharged, false, lifecycle.ErrFinding},
		{"kim", lifecycle.FindingGivenBack, false, nil},
		{"kim", lifecycle.FindingGivenBack, false, nil},
		{"lee", lifecycle.FindingCharged, false, nil},
		{"kim", lifecycle.FindingGivenBack, false, nil},
		{"lee", lifecycle.FindingGivenBack, true, nil},
		{"lee", lifecycle.FindingGivenBack, false, lifecycle.ErrNotUnknown},
	} {
		done, err := lifecycle.ResolveOwnerless(t.Context(), h.journal, "theirs", "TX-9", tt.as, tt.by, "seen")
		if done != tt.done || !errors.Is(err, tt.err) {
			t.Errorf("%d: %v, %v", i, done, err)
		}
	}
}

func TestMoneyOfNoAttempt(t *testing.T) {
	t.Parallel()
	of := func(ref payment.AttemptID) func(*adapters.Listed) {
		return func(l *adapters.Listed) { l.OrderRef = ref }
	}
	test := func(l *adapters.Listed) { l.Test = true }
	old := func(l *adapters.Listed) { l.At = l.At.Add(-3 * time.Minute) }
	for _, tt := range []struct {
		name      string
		strangers payment.Strangers
		env       payment.Environment
		change    []func(*adapters.Listed)
		want      lifecycle.ListedResult
	}{
		{"under an id of ours", payment.StrangersCount, payment.EnvLive, []func(*adapters.Listed){of("ours1"), old}, lifecycle.ListedOwnerless},
		{"under an id of ours, just now", payment.StrangersCount, payment.EnvLive, []func(*adapters.Listed){of("ours1")}, lifecycle.ListedUnderWay},
		{"of somebody else", payment.StrangersCount, payment.EnvLive, []func(*adapters.Listed){of("theirs")}, lifecycle.ListedStranger},
		{"under an id that is none", payment.StrangersCount, payment.EnvLive, []func(*adapters.Listed){of("주문 1")}, lifecycle.ListedStranger},
		{"where nobody else is", payment.StrangersCase, payment.EnvLive, []func(*adapters.Listed){of("theirs")}, lifecycle.ListedOwnerless},
		{"test money where nobody else is", payment.StrangersCase, payment.EnvLive, []func(*adapters.Listed){of("theirs"), test}, lifecycle.ListedStranger},
		{"test money of a test environment", payment.StrangersCase, payment.EnvTest, []func(*adapters.Listed){of("theirs"), test}, lifecycle.ListedOwnerless},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := listingAtV1(t)
			h.of.Listing.Strangers, h.of.Environment = tt.strangers, tt.env
			h.show("TX-9", tt.change...)
			h.round()
			h.round()
			if h.counts[tt.want] != 1 {
				t.Errorf("%v", h.counts)
			}
			open, err := h.journal.OwnerlessOpen(t.Context(), 10)
			if err != nil || (len(open) == 1) != (tt.want == lifecycle.ListedOwnerless) {
				t.Errorf("%+v, %v", open, err)
			}
			if h.pg.calls["lookup"]+h.pg.calls["cancel"] > 0 {
				t.Errorf("the PG was asked or told: %v", h.pg.calls)
			}
			// Once it went back it is nobody's case.
			h.show("TX-9", append(tt.change, func(l *adapters.Listed) { l.Outcome, l.Cancelled = payment.OutcomeCancelled, 50000 })...)
			for range 12 {
				h.round()
			}
			if open, err := h.journal.OwnerlessOpen(t.Context(), 10); err != nil || len(open) != 0 {
				t.Errorf("%+v, %v", open, err)
			}
		})
	}
}

// What others did at the account is the shop's own, where the rules say so: it hears of each thing once, whichever
// process lists it, and of nothing that is not for it.
func TestTheShopIsToldOfPaymentsElsewhere(t *testing.T) {
	t.Parallel()
	of := func(ref payment.AttemptID) func(*adapters.Listed) {
		return func(l *adapters.Listed) { l.OrderRef = ref }
	}
	part := func(l *adapters.Listed) { l.Cancelled = 20000 }
	all := func(l *adapters.Listed) { l.Outcome, l.Cancelled = payment.OutcomeCancelled, 50000 }
	issued := func(l *adapters.Listed) { l.Outcome = payment.OutcomeIssued }
	test := func(l *adapters.Listed) { l.Test = true }
	old := func(l *adapters.Listed) { l.At = l.At.Add(-25 * time.Hour) }
	foreign := func(l *adapters.Listed) { l.Foreign, l.Amount = true, 0 }
	for _, tt := range []struct {
		name      string
		strangers payment.Strangers
		env       payment.Environment
		shown     [][]func(*adapters.Listed)
		want      string
	}{
		{
			"paid, a part back, all back", payment.StrangersTell, payment.EnvLive,
			[][]func(*adapters.Listed){{}, {part}, {all}},
			"paid 50000-0=50000, partially_cancelled 50000-20000=30000, cancelled 50000-50000=0",
		},
		{"an account", payment.StrangersTell, payment.EnvLive, [][]func(*adapters.Listed){{issued}}, "issued 50000-0=0"},
		{"counted", payment.StrangersCount, payment.EnvLive, [][]func(*adapters.Listed){{}, {all}}, ""},
		{"a case", payment.StrangersCase, payment.EnvLive, [][]func(*adapters.Listed){{}, {all}}, ""},
		{"an id of ours", payment.StrangersTell, payment.EnvLive, [][]func(*adapters.Listed){{of("ours1")}, {of("ours1"), all}}, ""},
		{"test money", payment.StrangersTell, payment.EnvLive, [][]func(*adapters.Listed){{test}}, ""},
		{"test money of a test environment", payment.StrangersTell, payment.EnvTest, [][]func(*adapters.Listed){{test}}, "paid 50000-0=50000 test"},
		{"of days ago", payment.StrangersTell, payment.EnvLive, [][]func(*adapters.Listed){{old}}, ""},
		{"in dollars", payment.StrangersTell, payment.EnvLive, [][]func(*adapters.Listed){{foreign}}, ""},
		{"an id with a line in it", payment.StrangersTell, payment.EnvLive, [][]func(*adapters.Listed){{of("a\nb")}}, ""},
		{"an id of Korean words", payment.StrangersTell, payment.EnvLive, [][]func(*adapters.Listed){{of("주문 1")}}, "paid 50000-0=50000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := listingAtV1(t)
			h.of.Listing.Strangers, h.of.Environment = tt.strangers, tt.env
			for _, changes := range tt.shown {
				h.pg.shows = nil
				h.show("TX-9", append([]func(*adapters.Listed){of("theirs")}, changes...)...)
				for range 8 {
					h.round()
				}
			}
			// Another process lists it all once more.
			h.listing = h.another("one")
			h.round()
			var got []string
			for {
				due, err := h.journal.OutboxDue(t.Context(), journal.OutboxLane{}, h.clock().Add(time.Hour), 10, time.Second)
				if err != nil {
					t.Fatal(err)
				}
				if len(due) == 0 {
					break
				}
				for _, m := range due {
					var told struct {
						Type string `json:"type"`
						Data struct {
							OrderID   string      `json:"order_id"`
							PGTxID    string      `json:"pg_tx_id"`
							State     string      `json:"state"`
							Amount    payment.Won `json:"amount"`
							Cancelled payment.Won `json:"cancelled"`
							Remaining payment.Won `json:"remaining"`
							Test      bool        `json:"test"`
						} `json:"data"`
					}
					if err := json.Unmarshal(m.Body, &told); err != nil || told.Type != payment.MessageExternal || told.Data.PGTxID != "TX-9" ||
						payment.OrderID(told.Data.OrderID) != m.OrderID {
						t.Fatalf("%s, %v", m.Body, err)
					}
					d, kind := told.Data, ""
					if d.Test {
						kind = " test"
					}
					got = append(got, fmt.Sprintf("%s %d-%d=%d%s", d.State, d.Amount, d.Cancelled, d.Remaining, kind))
					if err := h.journal.OutboxDone(t.Context(), m.ID); err != nil {
						t.Fatal(err)
					}
				}
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("told %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAPeriodOfThePastIsListedOnDemand(t *testing.T) {
	t.Parallel()
	h := listingAtV1(t, paidAs("TX-A1"))
	h.of.Listing.On = false
	from := h.clock().Add(-60 * 24 * time.Hour)
	h.show("TX-A1", func(l *adapters.Listed) { l.At = from.Add(time.Hour) })
	for i := range 9 {
		h.show(fmt.Sprintf("TX-%d", i), func(l *adapters.Listed) { l.At, l.OrderRef = from.Add(2*time.Hour), "theirs" })
	}
	counts, next := map[lifecycle.ListedResult]int{}, ""
	for {
		got, err := h.listing.Over(t.Context(), "pg", from, from.Add(24*time.Hour), next)
		if err != nil {
			t.Fatal(err)
		}
		for r, n := range got.Counts {
			counts[r] += n
		}
		if next = got.Next; next == "" {
			break
		}
	}
	if counts[lifecycle.ListedWoken] != 1 || counts[lifecycle.ListedStranger] != 9 || h.state("A1").State != payment.StateApproved {
		t.Errorf("%v, %s", counts, h.state("A1").State)
	}
	h.listing.Once(t.Context())
	if n := len(h.pg.asked); n != 10 {
		t.Errorf("%d pages were read, though the listing is off", n)
	}
	if _, err := h.listing.Over(t.Context(), "inicis", from, from, ""); !errors.Is(err, adapters.ErrUnsupported) {
		t.Error(err)
	}
}

func TestMatchListed(t *testing.T) {
	t.Parallel()
	const won = 50000
	standing := func(s payment.State) journal.Standing {
		return journal.Standing{ID: "A1", State: s, PGTxID: "TX", Amount: won}
	}
	paid := adapters.Listed{OrderRef: "A1", PGTxID: "TX", Outcome: payment.OutcomeApproved, Amount: won}
	second := paid
	second.PGTxID = "TX-2"
	back := adapters.Listed{OrderRef: "A1", PGTxID: "TX", Outcome: payment.OutcomeCancelled, Amount: won, Cancelled: won}
	part := paid
	part.Cancelled = 100
	issued := paid
	issued.Outcome = payment.OutcomeIssued
	foreign := adapters.Listed{OrderRef: "A1", PGTxID: "TX", Outcome: payment.OutcomeApproved, Foreign: true}
	dear := paid
	dear.Amount = won + 1
	row := func(s journal.UnmatchedState) []journal.Unmatched {
		return []journal.Unmatched{{PGTxID: "TX-2", State: s}}
	}
	given := standing(payment.StateApproved)
	given.GivenBack = won
	for _, tt := range []struct {
		name   string
		l      adapters.Listed
		s      journal.Standing
		shares bool
		rows   []journal.Unmatched
		want   lifecycle.ListedResult
	}{
		{"paid and approved", paid, standing(payment.StateApproved), true, nil, lifecycle.ListedAgrees},
		{"another transaction where an id has one payment", second, standing(payment.StateApproved), false, nil, lifecycle.ListedAgrees},
		{"another amount", dear, standing(payment.StateApproved), true, nil, lifecycle.ListedWoken},
		{"a part went back unknown to us", part, standing(payment.StateApproved), true, nil, lifecycle.ListedWoken},
		{"all went back unknown to us", back, standing(payment.StateApproved), true, nil, lifecycle.ListedWoken},
		{
			"all went back unknown to us of what was once on record beside it", back, standing(payment.StateApproved), true,
			[]journal.Unmatched{{PGTxID: "TX", State: journal.UnmatchedKept}},
			lifecycle.ListedWoken,
		},
		{"all went back by us", back, given, true, nil, lifecycle.ListedAgrees},
		{"an event of before the cancel", paid, given, true, nil, lifecycle.ListedAgrees},
		{"a second payment", second, standing(payment.StateApproved), true, nil, lifecycle.ListedWoken},
		{"a second payment on record", second, standing(payment.StateApproved), true, row(journal.UnmatchedFlagged), lifecycle.ListedAgrees},
		{"a second payment that was watched", second, standing(payment.StateApproved), true, row(journal.UnmatchedWatched), lifecycle.ListedWoken},
		{"a second payment that was absent", second, standing(payment.StateApproved), true, row(journal.UnmatchedAbsent), lifecycle.ListedWoken},
		{"a second payment that is back, on record as open", adapters.Listed{PGTxID: "TX-2", Outcome: payment.OutcomeCancelled, Amount: won, Cancelled: won}, standing(payment.StateApproved), true, row(journal.UnmatchedFlagged), lifecycle.ListedWoken},
		{"in another currency after the end", foreign, standing(payment.StateExpired), true, nil, lifecycle.ListedWoken},
		{"in another currency and approved", foreign, standing(payment.StateApproved), true, nil, lifecycle.ListedWoken},
		{"paid after the end", paid, standing(payment.StateExpired), true, nil, lifecycle.ListedWoken},
		{"paid after the end, elsewhere", paid, standing(payment.StateDeclined), false, nil, lifecycle.ListedWoken},
		{"back after the end", back, standing(payment.StateCancelled), true, nil, lifecycle.ListedAgrees},
		{"an account of an ended attempt", issued, standing(payment.StateExpired), true, nil, lifecycle.ListedAgrees},
		{"an account nobody told of", issued, standing(payment.StateOpened), true, nil, lifecycle.ListedWoken},
		{"an account that waits", issued, standing(payment.StateIssued), true, nil, lifecycle.ListedAgrees},
		{"a deposit", paid, standing(payment.StateIssued), true, nil, lifecycle.ListedWoken},
		{"paid while it is open", paid, standing(payment.StateOpened), true, nil, lifecycle.ListedWoken},
		{"paid while nobody knows", paid, standing(payment.StateUnknown), true, nil, lifecycle.ListedWoken},
		{"paid while it is approved", paid, standing(payment.StateApproving), true, nil, lifecycle.ListedUnderWay},
		{"a second one while it is approved", second, standing(payment.StateCaptured), true, nil, lifecycle.ListedWoken},
		{"being undone", paid, standing(payment.StateCancelling), false, nil, lifecycle.ListedUnderWay},
	} {
		if got := lifecycle.MatchListed(tt.l, tt.s, tt.shares, tt.rows); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
