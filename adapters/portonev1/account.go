package portonev1

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.AccountCloser = (*Driver)(nil)

// withINIAPI is a path of V1's accounts with what KG Inicis signs them with, of all places in the query (portone.md
// §1.8).
func withINIAPI(path string, m *payment.Merchant) string {
	if key := m.Keys.Secret(keyINIAPI); behindInicis(m) && key.IsSet() {
		path += "?" + url.Values{"pg_api_key": {key.Reveal()}}.Encode()
	}
	return path
}

// CloseAccount implements adapters.AccountCloser with one DELETE. KG Inicis wants its INIAPI key in the query; no
// error shows the address. PortOne answers 400 when the account is no longer waiting, which is a definite no.
func (d *Driver) CloseAccount(ctx context.Context, req adapters.CancelRequest) (adapters.Result, error) {
	const doing = "closing a virtual account at PortOne"
	if !impUID(req.PGTxID) {
		return adapters.Result{}, fmt.Errorf("%s: %w",
			doing, &adapters.FieldError{Field: "pg_tx_id", Msg: "is not an imp_uid"})
	}
	path := withINIAPI("/vbanks/"+url.PathEscape(req.PGTxID), req.Merchant)
	answer, err := d.call(ctx, req.PG, req.PG.ApproveTimeout, http.MethodDelete, path, nil)
	if err != nil {
		return adapters.Result{}, writeError(doing, err)
	}
	e, err := parseEnvelope(answer)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	}
	switch {
	case answer.Status == http.StatusBadRequest && e.code != 0, answer.Status == http.StatusOK && e.code != 0:
		return declined(req, e), nil
	case answer.Status != http.StatusOK:
		return adapters.Result{}, refused(doing, e)
	case e.response == nil:
		return adapters.Result{}, fmt.Errorf("%s: %w: no payment in the answer", doing, adapters.ErrUnknownOutcome)
	}
	r, err := parsePayment(*e.response, req.Attempt)
	switch {
	case err != nil:
		return adapters.Result{}, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	case !isAbout(req, r) || r.Outcome != payment.OutcomeCancelled: //guard:v1-closed-account-is-shown
		// A success that shows anything but a closed account of this attempt has to be looked up.
		return adapters.Result{}, fmt.Errorf("%s: %w: the answer shows no closed account", doing, adapters.ErrUnknownOutcome)
	}
	return r, nil
}
