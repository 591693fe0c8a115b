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
	byName := make(map[payment.DriverName]adapters.Driver)
	for _, d := range all(client, opt.Now) {
		byName[d.Spec().Name] = d
	}
	return byName
}

// Specs returns what each driver says of itself.
func Specs() []payment.DriverSpec {
	var specs []payment.DriverSpec
	for _, d := range all(nil, nil) {
		specs = append(specs, d.Spec())
	}
	return specs
}

// all is the list.
func all(client *http.Client, now func() time.Time) []adapters.Driver {
	return []adapters.Driver{
		inicis.New(client),
		portonev1.New(client, now),
		portonev2.New(client),
	}
}
