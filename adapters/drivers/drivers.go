// Package drivers is the list of drivers: adding a PG is one folder and one line here. The list is explicit, so
// that nothing registers itself.
package drivers

import (
	"net/http"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Options adjusts the drivers. The zero value is good.
type Options struct {
	// Now times the life of access tokens; the wall clock when nil.
	Now func() time.Time
	// HTTP makes the client that all drivers share.
	HTTP onewrite.Options
	// Client replaces the client made from HTTP. It must be a one-write client.
	Client *http.Client
}

// New returns every driver by its name.
func New(opt Options) map[payment.DriverName]adapters.Driver {
	client := opt.Client
	if client == nil {
		client = onewrite.New(opt.HTTP)
	}
	return map[payment.DriverName]adapters.Driver{
		payment.DriverInicis:    inicis.New(client),
		payment.DriverPortOneV1: portonev1.New(client, opt.Now),
		payment.DriverPortOneV2: portonev2.New(client),
	}
}
