package drivers_test

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestEveryDriverNameHasADriver(t *testing.T) {
	t.Parallel()
	all := drivers.New(drivers.Options{})
	for _, name := range []payment.DriverName{inicis.Name, portonev1.Name, portonev2.Name} {
		if all[name] == nil {
			t.Errorf("%s has no driver", name)
		}
	}
	if _, ok := all[inicis.Name].(adapters.NetCanceller); !ok {
		t.Error("the Inicis driver cannot net cancel")
	}
}
