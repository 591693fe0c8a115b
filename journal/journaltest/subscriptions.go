package journaltest

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// testSubscriptions checks what the lists of recurring payments show, in which order, and that pages miss nothing.
func testSubscriptions(t *testing.T, open Open) {
	t.Helper()
	j := open(t)
	add := func(n int, purpose payment.Purpose, state payment.State) {
		a := Attempt(numberedID("a", n), "o-"+strconv.Itoa(n))
		a.Purpose, a.CreatedAt = purpose, epoch().Add(time.Duration(n/2)*time.Minute) // two at each moment
		reach(t, j, a, state)
	}
	for n := range 4 {
		add(n, payment.PurposeRecurring, payment.StateDeclined)
	}
	add(4, payment.PurposeRecurring, payment.StateApproved)
	add(5, payment.PurposeRecurring, payment.StateOpened)
	add(6, payment.PurposeBillingKey, payment.StateApproved)
	add(7, payment.PurposeOneTime, payment.StateApproved)
	want := func(what journal.Subscriptions, f journal.ListFilter, numbers ...int) []payment.Attempt {
		t.Helper()
		if f.Limit == 0 {
			f.Limit = 10
		}
		list, err := j.Subscriptions(t.Context(), what, f)
		if err != nil {
			t.Fatal(err)
		}
		var got, wanted []string
		for _, a := range list {
			got = append(got, string(a.ID))
		}
		for _, n := range numbers {
			wanted = append(wanted, numberedID("a", n))
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("%s %+v: %v, want %v", what, f, got, wanted)
		}
		return list
	}
	want(journal.SubscriptionKeys, journal.ListFilter{}, 6)
	want(journal.SubscriptionSchedules, journal.ListFilter{}, 5)
	want(journal.SubscriptionCharges, journal.ListFilter{}, 4, 3, 2, 1, 0)
	want(journal.SubscriptionCharges, journal.ListFilter{Order: "o-2"}, 2)
	want(journal.SubscriptionKeys, journal.ListFilter{Order: "o-2"})
	want(journal.SubscriptionCharges, journal.ListFilter{State: "approved"}, 4)
	want(journal.SubscriptionCharges, journal.ListFilter{Since: epoch().Add(time.Minute), Until: epoch().Add(2 * time.Minute)}, 3, 2)
	var f journal.ListFilter
	for n := 4; n >= 0; n-- {
		f.Limit = 1
		page := want(journal.SubscriptionCharges, f, n)
		f.After = journal.Listed{At: page[0].CreatedAt, ID: string(page[0].ID)}
	}
	want(journal.SubscriptionCharges, f)
}
