package inicis

import (
	"context"
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Driver is the KG Inicis driver. It keeps no state.
type Driver struct {
	client     *http.Client
	spec       payment.DriverSpec
	operations apicalls.Table
}

// New returns a driver that sends with client, which must be a one-write client (see onewrite).
func New(client *http.Client) *Driver {
	return &Driver{client: client, spec: spec(), operations: operations()}
}

var (
	_ adapters.Driver        = (*Driver)(nil)
	_ adapters.NetCanceller  = (*Driver)(nil)
	_ adapters.AccountCloser = (*Driver)(nil)
)

// Prepare implements adapters.Driver. It asks nobody and changes nothing.
func (d *Driver) Prepare(_ context.Context, req adapters.PrepareRequest) (payment.Window, error) {
	if req.Attempt.Purpose == payment.PurposeBillingKey {
		form, err := BuildKeyForm(req)
		if err != nil {
			return payment.Window{}, err
		}
		return payment.Window{Kind: payment.WindowInicisKey, Action: Endpoints(req.PG).KeyWindow, Params: form}, nil
	}
	if req.Attempt.Device.Phone() { //guard:phones-get-their-own-window
		form, err := BuildMobileForm(req)
		if err != nil {
			return payment.Window{}, err
		}
		return payment.Window{Kind: payment.WindowInicisMobile, Action: Endpoints(req.PG).MobileWindow, Params: form}, nil
	}
	form, err := BuildForm(req)
	if err != nil {
		return payment.Window{}, err
	}
	return payment.Window{Kind: payment.WindowInicisPC, Script: script(req.PG), Params: &form}, nil
}
