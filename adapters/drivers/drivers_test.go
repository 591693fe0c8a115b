package drivers_test

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestEveryDriverNameHasADriver(t *testing.T) {
	t.Parallel()
	all := drivers.New(drivers.Options{})
	for _, name := range []payment.DriverName{payment.DriverInicis, payment.DriverPortOneV1, payment.DriverPortOneV2} {
		if all[name] == nil {
			t.Errorf("%s has no driver", name)
		}
	}
	if _, ok := all[payment.DriverInicis].(adapters.NetCanceller); !ok {
		t.Error("the Inicis driver cannot net cancel")
	}
}
