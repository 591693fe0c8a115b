package wire

import (
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Birth is a birthday of the form YYYY-MM-DD as YYMMDD; empty for anything else.
func Birth(day string) payment.Secret {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return payment.Secret(t.Format("060102"))
}
