package lifecycle

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Backoff is how long an attempt waits for its next look.
func Backoff(id payment.AttemptID, checks int) time.Duration {
	return New(Options{}).backoff(id, checks)
}

// PlanCancel makes a cancel of what a shop asks.
func PlanCancel(a payment.Attempt, have []payment.Cancel, ask CancelAsk) (payment.Cancel, error) {
	return planCancel(a, have, ask)
}

// Resume is ResumeLeased of an attempt that nobody has leased.
func (s *Machine) Resume(ctx context.Context, id payment.AttemptID) (Result, error) {
	return s.ResumeLeased(ctx, id, time.Time{})
}

// MatchListed is what holds a listed payment against its attempt.
var MatchListed = matchListed
