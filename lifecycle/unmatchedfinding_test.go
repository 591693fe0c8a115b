package lifecycle_test

import (
	"errors"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
)

func TestUnmatchedMoneyIsClosedByTwoHands(t *testing.T) {
	t.Parallel()
	h, _ := asked(t, &fakePG{})
	if _, err := h.journal.UnmatchedFlag(t.Context(), journal.Unmatched{AttemptID: "A1", PGTxID: "TX-2", Won: 50000}, journal.Event{Kind: "unmatched_payment"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, tx, by, reason string
		done                 bool
		err                  error
	}{
		{"nobody", "TX-2", "", "seen", false, lifecycle.ErrActor},
		{"no reason", "TX-2", "kim", "", false, lifecycle.ErrActor},
		{"another transaction", "TX-3", "kim", "seen", false, lifecycle.ErrNotUnknown},
		{"the first hand", "TX-2", "kim", "refunded in the console", false, nil},
		{"the first hand again", "TX-2", "kim", "really", false, nil},
		{"the second hand", "TX-2", "lee", "seen on the statement", true, nil},
		{"once it is closed", "TX-2", "park", "seen", false, lifecycle.ErrNotUnknown},
	} {
		done, err := lifecycle.ResolveUnmatched(t.Context(), h.journal, "A1", tt.tx, tt.by, tt.reason, h.clock())
		if done != tt.done || !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, %v", tt.name, done, err)
		}
	}
}
