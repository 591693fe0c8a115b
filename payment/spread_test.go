package payment_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// What came due at once is spread over all of the time between a fifth less and a fifth more, at every try anew.
func TestSpread(t *testing.T) {
	t.Parallel()
	const ids = 10_000
	for _, d := range []time.Duration{time.Second, 30 * time.Second, time.Hour, 8 * time.Hour} {
		var slots [40]int
		moved := 0
		for n := range ids {
			id := fmt.Sprintf("0193e5a0c1d27f3e8a%014d", n)
			got, next := payment.Spread(id, 1, d), payment.Spread(id, 2, d)
			if got < d*4/5 || got > d*6/5 || got != payment.Spread(id, 1, d) {
				t.Fatalf("%s of %s", got, d)
			}
			slots[min(int((got-d*4/5)*40/(d*2/5)), 39)]++
			if abs(got-next) > d/100 {
				moved++
			}
		}
		for i, n := range slots {
			if n < ids/80 || n > ids/20 {
				t.Errorf("%d of %d fall into part %d of 40 of %s", n, ids, i, d)
			}
		}
		if moved < ids*9/10 {
			t.Errorf("%d of %d have another place at the next try of %s", moved, ids, d)
		}
	}
}

func abs(d time.Duration) time.Duration { return max(d, -d) }
