package journaltest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// told puts messages of a new order into the outbox, a minute apart, and has the first of them delivered.
func told(t *testing.T, j *journal.Journal, order string, delivered int, kinds ...string) {
	t.Helper()
	var messages []payment.Message
	for n, kind := range kinds {
		m := message(numberedID(order, n))
		m.Type, m.CreatedAt = kind, epoch().Add(time.Duration(n)*time.Minute)
		messages = append(messages, m)
	}
	if err := j.Claim(t.Context(), Attempt(order, order), claim(payment.StateCaptured, "")); err != nil {
		t.Fatal(err)
	}
	mustMove(t, j, order, payment.StateCaptured, payment.StateApproved, messages...)
	for n := range delivered {
		if err := j.OutboxDone(t.Context(), numberedID(order, n)); err != nil {
			t.Fatal(err)
		}
	}
}

// delivered are the delivered messages that f means.
func delivered(t *testing.T, j *journal.Journal, f journal.MessageFilter) []journal.DeliveredMessage {
	t.Helper()
	list, err := j.OutboxDelivered(t.Context(), f, 100)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func wantReplayed(t *testing.T, j *journal.Journal, order string, list []journal.DeliveredMessage, want journal.Replayed) {
	t.Helper()
	got, err := j.OutboxReplay(t.Context(), payment.OrderID(order), list)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("replaying %s (-want +got) %v\n%s", order, err, d)
	}
	wantSound(t, j)
}

// wantInTurn has what is due of one order delivered, message by message.
func wantInTurn(t *testing.T, j *journal.Journal, want ...string) {
	t.Helper()
	for _, id := range append(want, "") {
		due := allDue(t, j, time.Now().Add(time.Minute), 10, time.Hour)
		if id == "" && len(due) == 0 {
			break
		}
		if len(due) != 1 || due[0].ID != id {
			t.Fatalf("due are %+v, want %q", due, id)
		}
		if err := j.OutboxDone(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		wantSound(t, j)
	}
}

// testReplay checks that delivered messages come again as they were, in turn and once, and no others.
func testReplay(t *testing.T, open Open) {
	t.Run("filter", func(t *testing.T) { testReplayFilter(t, open(t)) })
	t.Run("in turn", func(t *testing.T) { testReplayInTurn(t, open(t)) })
	t.Run("once", func(t *testing.T) { testReplayOnce(t, open(t)) })
	t.Run("gone", func(t *testing.T) { testReplayGone(t, open(t)) })
}

func testReplayFilter(t *testing.T, j *journal.Journal) {
	told(t, j, "x", 2, payment.MessageIssued, payment.MessageDeposited, payment.MessageCancelled, payment.MessageCancelled)
	told(t, j, "y", 2, payment.MessageConfirmed, payment.MessageCancelled)
	if err := j.OutboxPark(t.Context(), "x-002", "gave_up"); err != nil {
		t.Fatal(err)
	}
	minute := func(n int) time.Time { return epoch().Add(time.Duration(n) * time.Minute) }
	for name, tt := range map[string]struct {
		filter journal.MessageFilter
		want   []string
		counts journal.MessageCounts
	}{
		"everything":        {journal.MessageFilter{}, []string{"x-000", "x-001", "y-000", "y-001"}, journal.MessageCounts{Delivered: 4, Pending: 1, Parked: 1}},
		"from the bound on": {journal.MessageFilter{Since: minute(1)}, []string{"x-001", "y-001"}, journal.MessageCounts{Delivered: 2, Pending: 1, Parked: 1}},
		"before the bound":  {journal.MessageFilter{Until: minute(1)}, []string{"x-000", "y-000"}, journal.MessageCounts{Delivered: 2}},
		"between":           {journal.MessageFilter{Since: minute(2), Until: minute(3)}, nil, journal.MessageCounts{Parked: 1}},
		"of an order":       {journal.MessageFilter{Order: "y"}, []string{"y-000", "y-001"}, journal.MessageCounts{Delivered: 2}},
		"of some types":     {journal.MessageFilter{Types: []string{payment.MessageIssued, payment.MessageCancelled}}, []string{"x-000", "y-001"}, journal.MessageCounts{Delivered: 2, Pending: 1, Parked: 1}},
		"of all together":   {journal.MessageFilter{Since: minute(1), Until: minute(2), Order: "x", Types: []string{payment.MessageDeposited}}, []string{"x-001"}, journal.MessageCounts{Delivered: 1}},
		"of nobody":         {journal.MessageFilter{Order: "z"}, nil, journal.MessageCounts{}},
	} {
		var got []string
		for _, m := range delivered(t, j, tt.filter) {
			got = append(got, m.ID)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
		if counts, err := j.OutboxCount(t.Context(), tt.filter); err != nil || counts != tt.counts {
			t.Errorf("%s: counted %+v, %v; want %+v", name, counts, err, tt.counts)
		}
	}
	if list, err := j.OutboxDelivered(t.Context(), journal.MessageFilter{}, 3); err != nil || len(list) != 3 {
		t.Errorf("%d of at most 3, %v", len(list), err)
	}
}

func testReplayInTurn(t *testing.T, j *journal.Journal) {
	told(t, j, "x", 3, payment.MessageIssued, payment.MessageDeposited, payment.MessageCancelled, payment.MessageCancelled)
	told(t, j, "y", 1, payment.MessageConfirmed)
	list := delivered(t, j, journal.MessageFilter{Order: "x"})
	// The last one waits and is the next; what is older goes before it.
	wantReplayed(t, j, "x", append(list[1:3:3], list[0]), journal.Replayed{Again: 3})
	if got := waiting(t, j, journal.MessagePending); len(got) != 4 || got[0].Reason != journal.ReasonReplayed || got[0].Behind || !got[3].Behind {
		t.Errorf("waiting %+v", got)
	}
	due := allDue(t, j, time.Now().Add(time.Minute), 10, 0)
	want := message("x-000")
	want.OrderID, want.Type, want.Tries = "x", payment.MessageIssued, 1
	if d := cmp.Diff([]payment.Message{want}, due); d != "" {
		t.Errorf("the message that comes again (-want +got)\n%s", d)
	}
	fresh, err := j.OutboxDue(t.Context(), journal.OutboxLane{}, time.Now().Add(time.Minute), 10, 0)
	if err != nil || len(fresh) != 0 {
		t.Errorf("%+v stand in the way of what the shop has not seen, %v", fresh, err)
	}
	wantInTurn(t, j, "x-000", "x-001", "x-002", "x-003")
	if stats, err := j.Stats(t.Context()); err != nil || stats.Pending != 0 {
		t.Errorf("%d wait, %v", stats.Pending, err)
	}
}

func testReplayOnce(t *testing.T, j *journal.Journal) {
	told(t, j, "x", 2, payment.MessageConfirmed, payment.MessageCancelled)
	one := delivered(t, j, journal.MessageFilter{Order: "x"})
	two := delivered(t, j, journal.MessageFilter{Order: "x"})
	wantReplayed(t, j, "x", one[1:], journal.Replayed{Again: 1})
	wantReplayed(t, j, "x", two, journal.Replayed{Again: 1, Changed: 1})
	wantReplayed(t, j, "x", one, journal.Replayed{Changed: 2})
	time.Sleep(2 * time.Millisecond) // the journal's clock has milliseconds
	wantInTurn(t, j, "x-000", "x-001")
	wantReplayed(t, j, "x", two, journal.Replayed{Changed: 2})
	wantInTurn(t, j)
	wantReplayed(t, j, "x", delivered(t, j, journal.MessageFilter{Since: epoch()}), journal.Replayed{Again: 2})
	// A message of another order is none of this one's.
	told(t, j, "y", 1, payment.MessageConfirmed)
	wantReplayed(t, j, "x", delivered(t, j, journal.MessageFilter{Order: "y"}), journal.Replayed{Changed: 1})
}

func testReplayGone(t *testing.T, j *journal.Journal) {
	told(t, j, "x", 2, payment.MessageConfirmed, payment.MessageCancelled)
	told(t, j, "y", 1, payment.MessageConfirmed)
	list := delivered(t, j, journal.MessageFilter{Order: "x"})
	wantReplayed(t, j, "y", delivered(t, j, journal.MessageFilter{Order: "y"}), journal.Replayed{Again: 1})
	// What is in line again is kept, be its attempt as old as it may.
	if n := pruneAll(t, j, time.Now().Add(time.Hour), 10); n != 1 {
		t.Errorf("%d attempts were removed", n)
	}
	wantReplayed(t, j, "x", list, journal.Replayed{Gone: []string{"x-000", "x-001"}})
	wantInTurn(t, j, "y-000")
}
