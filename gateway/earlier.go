package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

var errAskingBroke = errors.New("asking after an order's attempts broke off")

// earlier is the question after an order's attempts, when it was asked ahead.
type earlier struct{ answer chan earlierAnswer }

type earlierAnswer struct {
	states []journal.AttemptState
	err    error
}

// earlierPatience is how long a shared journal may take to tell of an order's attempts. Who asked may be gone by then.
const earlierPatience = 10 * time.Second

// askEarlier asks a shared journal after an order's attempts, for who has to wait for the order service meanwhile.
func (g *Gateway) askEarlier(ctx context.Context, order payment.OrderID) earlier {
	if g.journal.Remembers() {
		return earlier{} // it answers at once
	}
	asked := earlier{make(chan earlierAnswer, 1)}
	g.following.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, earlierPatience)
		defer cancel()
		came := earlierAnswer{err: errAskingBroke}
		defer func() {
			if broken := recover(); broken != nil {
				g.metrics.Panicked()
				g.log.ErrorContext(ctx, "asking after an order's attempts panicked", slog.Any("panic", broken))
			}
			asked.answer <- came
		}()
		came.states, came.err = g.journal.StatesOf(ctx, order)
	})
	return asked
}

// statesOf is where an order's attempts are: what was asked ahead, or else is asked now.
func (g *Gateway) statesOf(
	ctx context.Context, order payment.OrderID, asked earlier,
) ([]journal.AttemptState, error) {
	if asked.answer == nil {
		return g.journal.StatesOf(ctx, order)
	}
	came := <-asked.answer
	return came.states, came.err
}

// earlierAttempts looks whether the order is free to be paid now, and which PGs already failed it. The claim in
// the journal is what really guards the order; this only spares the buyer a window that cannot end well.
func (g *Gateway) earlierAttempts(
	ctx context.Context, order payment.OrderID, asked earlier,
) ([]payment.PGID, error) {
	if err := g.closed(order); err != nil { //guard:one-of-several-opens-nothing
		return nil, err
	}
	attempts, err := g.statesOf(ctx, order, asked)
	if err != nil {
		return nil, err
	}
	var failed []payment.PGID
	for _, a := range attempts {
		switch {
		case a.State == payment.StateApproved:
			return nil, &payment.Problem{Code: payment.CodeOrderAlreadyPaid, OrderID: order}
		case a.State == payment.StateUnknown || a.State == payment.StateCancelling:
			return nil, &payment.Problem{Code: payment.CodePaymentUnknown, OrderID: order}
		case a.State == payment.StateIssued:
			//guard:awaited-deposit-no-other-window
			return nil, &payment.Problem{Code: payment.CodeOrderAwaitsDeposit, OrderID: order}
		case a.State.Blocks():
			return nil, &payment.Problem{Code: payment.CodeOrderInProgress, OrderID: order}
		case a.State == payment.StateDeclined || a.State == payment.StateCancelled:
			failed = append(failed, a.PG)
		}
	}
	return failed, nil
}
