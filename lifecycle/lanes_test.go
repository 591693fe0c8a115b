package lifecycle_test

import (
	"context"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
)

// ofEveryLane takes what is due, lane by lane.
func ofEveryLane[T any](t *testing.T, now time.Time, lease time.Duration,
	lanes func(context.Context, time.Time) ([]journal.Lane, error),
	due func(context.Context, journal.Lane, time.Time, int, time.Duration) ([]T, error),
) []T {
	t.Helper()
	list, err := lanes(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	var all []T
	for _, l := range list {
		some, err := due(t.Context(), l, now, 10, lease)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
	return all
}
