package gateway

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pg-gateway/pg-gateway/payment"
)

// TestAnAttemptsIDShowsWhoMadeIt: every other letter makes it an id of nobody's, and so does another environment.
func TestAnAttemptsIDShowsWhoMadeIt(t *testing.T) {
	t.Parallel()
	s, now := tokenSealer(t), time.UnixMilli(1_790_000_000_123)
	made := map[payment.AttemptID]bool{}
	for range 1000 {
		id := s.newAttemptID("here", now)
		if made[id] || len(id) != 32 || !payment.ValidID(string(id)) || !s.madeID("here", id) {
			t.Fatalf("%s was made, and shows %t", id, s.madeID("here", id))
		}
		made[id] = true
		if s.madeID("elsewhere", id) {
			t.Fatalf("%s shows for another environment", id)
		}
	}
	id := s.newAttemptID("here", now)
	made7, err := uuid.Parse(string(id))
	if sec, nsec := made7.Time().UnixTime(); err != nil || made7.Version() != 7 || made7.Variant() != uuid.RFC4122 ||
		!time.Unix(sec, nsec).Equal(now) {
		t.Errorf("%s is no UUID of version 7 of %s: %v", id, now, err)
	}
	for i := range id {
		other := byte('0')
		if id[i] == other {
			other = '1'
		}
		if bent := id[:i] + payment.AttemptID(other) + id[i+1:]; s.madeID("here", bent) {
			t.Errorf("%s shows to be ours", bent)
		}
	}
	for _, id := range []payment.AttemptID{"", "A1", id + "00", id[:30], "0190000000007000800000000000000f"} {
		if s.madeID("here", id) {
			t.Errorf("%q shows to be ours", id)
		}
	}
}
