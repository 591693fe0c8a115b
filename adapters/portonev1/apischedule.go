package portonev1

import (
	"fmt"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

// maxSchedules is how many schedules one call may make.
const maxSchedules = 100

// readSchedules reads POST /subscribe/payments/schedule (portone.md §1.7). A card in it would have its key issued
// first, and an amount to check the card with would be charged at once: the gateway follows neither.
func readSchedules(call adapters.APICall, ask *adapters.APIAsk) error {
	f, err := apicalls.Read(call, true)
	if err != nil {
		return err
	}
	key := payment.Secret(f.Required("customer_uid"))
	for _, name := range []string{"card_number", "expiry", "birth", "pwd_2digit", "cvc", "channel_key", "pg"} {
		if f.Has(name) { //guard:v1-schedule-issues-no-key
			f.Refuse(name, "is not taken: issue the billing key first")
		}
	}
	if won := f.Won("checking_amount"); won != nil && *won > 0 { //guard:v1-schedule-checks-no-card
		f.Refuse("checking_amount", "must be 0: it would be charged at once")
	}
	list := f.Objects("schedules")
	if len(list) == 0 || len(list) > maxSchedules {
		f.Refuse("schedules", fmt.Sprintf("must be 1 to %d", maxSchedules))
	}
	for i, one := range list {
		s := adapters.APISchedule{APICharge: adapters.APICharge{Key: key}}
		s.At = unixIn(one, "schedule_at")
		_ = readChargeFields(one, &s.APICharge) // it is joined
		f.Join(fmt.Sprintf("schedules.%d", i), one)
		ask.Schedules = append(ask.Schedules, s)
	}
	return f.Err()
}
