package wire

import (
	"context"
	"errors"
	"net"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Outcome names what became of a driver's call.
func Outcome(said payment.Outcome, err error) payment.CallOutcome {
	var timeout net.Error
	switch {
	case err == nil && said == payment.OutcomeDeclined:
		return payment.CallDeclined
	case err == nil && said == payment.OutcomeUnknown:
		return payment.CallUnknown
	case err == nil:
		return payment.CallOK
	case errors.Is(err, adapters.ErrRejected):
		return payment.CallRejected
	case errors.Is(err, adapters.ErrUnsupported), errors.Is(err, context.Canceled):
		return payment.CallGivenUp
	case errors.Is(err, onewrite.ErrNotSent):
		return payment.CallUnreachable
	case errors.Is(err, ErrShape), errors.Is(err, onewrite.ErrTooLarge):
		return payment.CallBadResponse
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return payment.CallTimeout
	case errors.Is(err, adapters.ErrUnavailable):
		return payment.CallUnreachable
	}
	return payment.CallUnknown
}
