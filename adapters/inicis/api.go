package inicis

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// operations are INIAPI's (inicis.md §5, §6). What a v1 call does, its type and paymethod say (signings).
func operations() apicalls.Table {
	return apicalls.NewTable(
		apicalls.Of(adapters.APICancels,
			"POST /api/v1/refund",
			"POST /v2/pg/refund",
			"POST /v2/pg/refund/vacct",
			"POST /v2/pg/partialRefund",
			"POST /v2/pg/partialRefund/vacct",
		),
		apicalls.Of(adapters.APIPasses,
			"POST /api/v1/extra",
			"POST /api/v1/receipt",
			"POST /api/v1/escrow",
			"POST /v2/pg/inquiry",
			"POST /v2/pg/receipt",
		),
		apicalls.Of(adapters.APICharges,
			"POST /api/v1/billing",
			"POST /v2/pg/billing",
		),
		apicalls.Of(adapters.APIMoves,
			"POST /api/v1/formpay",
			"POST /v2/pg/pay",
		),
	)
}

var _ adapters.CancelPassage = (*Driver)(nil)

// Root implements adapters.Passage.
func (d *Driver) Root(pg *payment.PG) string { return Endpoints(pg).INIAPI }

// ReadCall implements adapters.Passage. Of a call that is not handed on, nothing but the path is read: there may be a
// card's number in it.
func (d *Driver) ReadCall(_ *payment.PG, call adapters.APICall) (adapters.APIAsk, error) {
	m := d.operations.Find(call.Method, call.Path)
	ask := adapters.APIAsk{Kind: m.Kind, Name: m.Name}
	switch {
	case call.Method != http.MethodPost:
		// INIAPI has no other, so there is nothing to sign.
		ask.Kind = adapters.APIUnknown
		return ask, nil
	case m.Kind == adapters.APIMoves, m.Kind == adapters.APIUnknown:
		return ask, nil
	}
	p, err := readPlain(m.Name, call)
	if err != nil {
		return ask, err
	}
	switch ask.Kind = p.does; ask.Kind { //nolint:exhaustive // nothing is read of the others
	case adapters.APICancels:
		err = p.readCancel(&ask.Cancel)
	case adapters.APICharges:
		err = p.readCharge(&ask.Charge)
	}
	return ask, err
}

// Authorise implements adapters.Passage: the call's fields are written anew, with those that say who calls, when and
// from where, with what must be encrypted, and with the hash of it all.
func (d *Driver) Authorise(_ context.Context, req adapters.AuthoriseRequest) (adapters.Authorised, error) {
	const doing = "signing a call"
	p, err := readPlain(req.Operation, req.Call)
	if err != nil {
		return adapters.Authorised{}, fmt.Errorf("%s: %w", doing, err)
	}
	m, err := merchantOf(req.Merchants, p.mid, p.fields["tid"])
	if err != nil {
		return adapters.Authorised{}, fmt.Errorf("%s: %w", doing, err)
	}
	c := caller{Account: adapters.Account{PG: req.PG, Merchant: m}, mid: m.MID, now: req.Now}
	a := adapters.Authorised{}
	if a.Body, a.ContentType, err = p.sign(c); err != nil {
		return adapters.Authorised{}, fmt.Errorf("%s: %w", doing, err)
	}
	return a, nil
}

// merchantOf is whom a call is made as: the merchant of the MID that the caller stated, else of the one that stands in
// the transaction's number, else the only one there is. Errors are a FieldError that names the choices.
func merchantOf(all []*payment.Merchant, mid, tid string) (*payment.Merchant, error) {
	var mids []string
	for _, m := range all {
		if keysOf(m).api.IsSet() && !slices.Contains(mids, m.MID) {
			mids = append(mids, m.MID)
		}
	}
	switch {
	case len(mids) == 0:
		return nil, &adapters.FieldError{Field: "merchants.api_key", Msg: "is missing"}
	case mid != "":
	case len(mids) == 1:
		mid = mids[0]
	case tidOK(tid, "") && slices.Contains(mids, tid[10:20]):
		// Where another's MID happens to stand there, Inicis finds no such payment of it.
		mid = tid[10:20]
	default:
		return nil, &adapters.FieldError{Field: "mid", Msg: "is needed: one of " + strings.Join(mids, ", ")}
	}
	for _, m := range all {
		if m.MID == mid && keysOf(m).api.IsSet() { //guard:iniapi-calls-as-own-mid
			return m, nil
		}
	}
	return nil, &adapters.FieldError{Field: "mid", Msg: "must be one of " + strings.Join(mids, ", ")}
}

// Unauthorised implements adapters.Passage: a call is signed in one way only.
func (d *Driver) Unauthorised(*payment.PG, adapters.Authorised) bool { return false }

// Succeeded implements adapters.Passage: an inquiry says so in another word than the rest (inicis.md §6).
func (d *Driver) Succeeded(status int, body []byte) bool {
	o, err := wire.ParseObject(body)
	code := o.Text("resultCode")
	return err == nil && status == http.StatusOK && (code == "00" || code == "SUCCESS")
}

// refusal is a no of ours as INIAPI says one, with what we have to say besides.
type refusal struct {
	Code    string `json:"resultCode"`
	Message string `json:"resultMsg"`
	Problem struct {
		Code     payment.Code   `json:"code"`
		Reason   payment.Reason `json:"reason,omitempty"`
		DetailKo string         `json:"detail_ko"`
		DetailEn string         `json:"detail_en"`
	} `json:"problem"`
}

// Refuse implements adapters.Passage.
func (d *Driver) Refuse(r adapters.Refusal) adapters.APIAnswer {
	body := refusal{Code: "01", Message: r.Ko}
	body.Problem.Reason = r.Reason
	body.Problem.Code, body.Problem.DetailKo, body.Problem.DetailEn = r.Code, r.Ko, r.En
	return apicalls.Answer(r.Status, body)
}
