package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// OwnerlessFindingJournal is what a finding needs of the journal to close a payment of no attempt.
type OwnerlessFindingJournal interface {
	OwnerlessOpen(ctx context.Context, limit int) ([]journal.Ownerless, error)
	OwnerlessPropose(ctx context.Context, pg payment.PGID, pgTxID, finding, actor, detail string) error
	OwnerlessEnd(
		ctx context.Context, pg payment.PGID, pgTxID string, to journal.OwnerlessState, detail string,
	) (bool, error)
}

// ResolveOwnerless records what a person found out about a payment of no attempt: FindingGivenBack, or FindingCharged
// when it is known whose it is and it stays. Two hands are needed, as for every finding. Errors match ErrNotUnknown,
// ErrFinding, ErrActor or a journal error.
func ResolveOwnerless(
	ctx context.Context, j OwnerlessFindingJournal, ref payment.AttemptID, pgTxID string, f Finding, actor, reason string,
) (done bool, err error) {
	to, ok := map[Finding]journal.OwnerlessState{
		FindingGivenBack: journal.OwnerlessReturned, FindingCharged: journal.OwnerlessExplained,
	}[f]
	switch {
	case actor == "" || reason == "":
		return false, ErrActor
	case !ok:
		return false, fmt.Errorf("%w: it is given-back, or charged and known whose it is", ErrFinding)
	}
	open, err := j.OwnerlessOpen(ctx, 100_000)
	if err != nil {
		return false, fmt.Errorf("reading the payments of no attempt: %w", err)
	}
	i := slices.IndexFunc(open, func(o journal.Ownerless) bool { return o.OrderRef == ref && o.PGTxID == pgTxID })
	if i < 0 {
		return false, fmt.Errorf("resolving the payment %s of no attempt: %w", pgTxID, ErrNotUnknown)
	}
	o := open[i]
	if o.Finding != string(f) || o.FoundBy == "" || o.FoundBy == actor { //guard:ownerless-is-closed-by-two
		if err := j.OwnerlessPropose(ctx, o.PG, pgTxID, string(f), actor, reason); err != nil {
			return false, fmt.Errorf("noting the finding on payment %s: %w", pgTxID, err)
		}
		return false, nil
	}
	done, err = j.OwnerlessEnd(ctx, o.PG, pgTxID, to, "first hand "+o.FoundBy+", second "+actor+"; "+reason)
	if err != nil {
		return false, fmt.Errorf("closing payment %s of no attempt: %w", pgTxID, err)
	}
	return done, nil
}
