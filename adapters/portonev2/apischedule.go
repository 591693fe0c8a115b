package portonev2

import (
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

// readSchedule reads POST /payments/{paymentId}/schedule (portone.md §4.5).
func readSchedule(pg *payment.PG, call adapters.APICall, id payment.AttemptID, ask *adapters.APIAsk) error {
	f, err := apicalls.Read(call, false)
	if err != nil {
		return err
	}
	s := adapters.APISchedule{APICharge: adapters.APICharge{ID: id}}
	at, err := time.Parse(time.RFC3339, f.Required("timeToPay"))
	if err != nil {
		f.Refuse("timeToPay", "must be a time with its zone (RFC 3339)")
	}
	s.At = at.UTC()
	inner := f.Object("payment")
	if inner == nil {
		f.Refuse("payment", "is missing")
		return f.Err()
	}
	_ = readChargeFields(pg, inner, &s.APICharge) // it is joined
	f.Join("payment", inner)
	ask.Schedules = []adapters.APISchedule{s}
	return f.Err()
}
