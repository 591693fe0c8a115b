package portonev1

import (
	"context"
	"net/url"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// withTaxes adds the parts of the amount to a payment that is about to be believed, which a V1 payment does not state:
// a window may have been given others than were decided. PortOne tells them for some of the PGs behind it (PAYCO, as of
// its API's description); where it tells none, or parts that do not add up to the amount, they stay unsaid.
func (d *Driver) withTaxes(ctx context.Context, req adapters.LookUpRequest, r adapters.Result) adapters.Result {
	if r.Outcome != payment.OutcomeApproved || r.Cancelled > 0 || req.Attempt.State == payment.StateApproved ||
		!ValidateHint(req.Attempt, r) {
		return r
	}
	o, err := d.get(ctx, req.PG, "/payments/"+url.PathEscape(r.PGTxID)+"/balance")
	// The parts are a check on top: without them the payment is believed as before.
	if err != nil {
		return r
	}
	var free, vat, rest payment.Won
	for _, name := range []string{"primary", "secondary", "discount"} {
		part, _ := o.Object(name)
		free, vat, rest = free+part.Won("tax_free"), vat+part.Won("vat"), rest+part.Won("supply")+part.Won("service")
	}
	if o.Err() != nil || free+vat+rest != r.Amount {
		return r
	}
	r.Taxes = adapters.Taxes{TaxFree: free, TaxFreeKnown: true, VAT: vat, VATKnown: true}
	r.Silent &^= adapters.FactTaxes //guard:v1-parts-are-read
	return r
}
