package portonev1

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// operations are those of the API that change something, and those whose reading is not plain (portone.md §1.3).
// Everything else that is read is handed on.
func operations() apicalls.Table {
	return apicalls.NewTable(
		apicalls.Of(adapters.APILogin,
			"POST /users/getToken",
		),
		apicalls.Of(adapters.APICancels,
			"POST /payments/cancel",
			"DELETE /vbanks/:imp_uid",
		),
		apicalls.Of(adapters.APICharges,
			"POST /subscribe/payments/again",
		),
		apicalls.Of(adapters.APISchedules,
			"POST /subscribe/payments/schedule",
		),
		apicalls.Of(adapters.APIIssuesKey,
			"POST /subscribe/customers/:customer_uid",
		),
		apicalls.Of(adapters.APIDeletesKey,
			"DELETE /subscribe/customers/:customer_uid",
		),
		apicalls.Of(adapters.APIKeysIn,
			"POST /subscribe/payments/onetime",
			"POST /vbanks",
		),
		apicalls.Of(adapters.APIReschedules,
			"PUT /subscribe/payments/schedule/:merchant_uid",
			"POST /subscribe/payments/schedule/:merchant_uid/reschedule",
			"POST /subscribe/payments/schedule/:merchant_uid/retry",
		),
		apicalls.Of(adapters.APIChanges,
			"PUT /vbanks/:imp_uid",
		),
		apicalls.Of(adapters.APIRegisters,
			"POST /payments/prepare",
			"PUT /payments/prepare",
		),
		apicalls.Of(adapters.APIMoves,
			"POST /cvs",
			"POST /benepia/payment",
			"POST /kcpquick/payment/money",
			"POST /kcpquick/payment/autopay",
			"POST /payments/:imp_uid/naver/cancel",
			"POST /payments/:imp_uid/naver/approve-cancel",
			"POST /payments/:imp_uid/naver/approve-return",
		),
		apicalls.Of(adapters.APIPasses,
			"POST /subscribe/payments/unschedule",
			"DELETE /cvs/:imp_uid",
			"POST /escrows/logis/:imp_uid",
			"PUT /escrows/logis/:imp_uid",
			"POST /receipts/:imp_uid",
			"DELETE /receipts/:imp_uid",
			"POST /receipts/external/:merchant_uid",
			"DELETE /receipts/external/:merchant_uid",
			"POST /partners/receipts/:imp_uid",
			"DELETE /certifications/:imp_uid",
			"POST /certifications/otp/request",
			"POST /certifications/otp/confirm/:imp_uid",
			"POST /benepia/point",
			"POST /payco/orders/status/:imp_uid",
			"POST /paymentwall/delivery",
			"POST /payments/:imp_uid/naver/point",
			"POST /payments/:imp_uid/naver/confirm",
			"POST /payments/:imp_uid/naver/ship",
			"POST /payments/:imp_uid/naver/ship-exchanged",
			"POST /payments/:imp_uid/naver/collect-exchanged",
			"POST /payments/:imp_uid/naver/place",
			"POST /payments/:imp_uid/naver/request-return",
			"POST /payments/:imp_uid/naver/reject-return",
			"POST /payments/:imp_uid/naver/withhold-return",
			"POST /payments/:imp_uid/naver/resolve-return",
			"POST /kcpquick/prepare/:merchant_uid",
			"PUT /kcpquick/prepare/:merchant_uid",
			"DELETE /kcpquick/members/:member_id",
			"DELETE /kcpquick/autopay/:customer_uid",
			"POST /kcpquick/members/:member_id/fido/release",
			"GET /payments/:imp_uid",
		),
		apicalls.Of(adapters.APILists,
			"GET /cards",
			"GET /cards/:card_standard_code",
			"GET /banks",
			"GET /banks/:bank_standard_code",
			"GET /users/pg",
		),
	)
}

var (
	_ adapters.CancelPassage = (*Driver)(nil)
	_ adapters.Granter       = (*Driver)(nil)
)

// Root implements adapters.Passage.
func (d *Driver) Root(pg *payment.PG) string { return root(pg) }

// ReadCall implements adapters.Passage.
func (d *Driver) ReadCall(_ *payment.PG, call adapters.APICall) (adapters.APIAsk, error) {
	m := d.operations.Find(call.Method, call.Path)
	ask := adapters.APIAsk{Kind: m.Kind, Name: m.Name}
	switch m.Kind {
	case adapters.APICancels:
		if account := m.Arg("imp_uid"); account != "" {
			return ask, readClose(account, &ask.Cancel)
		}
		return ask, readCancel(call, &ask.Cancel)
	case adapters.APICharges:
		return ask, readCharge(call, &ask.Charge)
	case adapters.APIKeysIn:
		if m.Name == opensAccount {
			return ask, readVBank(call, &ask.KeyIn)
		}
		return ask, readKeyIn(call, &ask.KeyIn)
	case adapters.APISchedules:
		return ask, readSchedules(call, &ask)
	case adapters.APIIssuesKey:
		return ask, readIssue(call, m.Arg("customer_uid"), &ask)
	case adapters.APIDeletesKey:
		return ask, readKeyName(m.Arg("customer_uid"), &ask)
	case adapters.APIReschedules:
		ask.Move.ID = payment.AttemptID(m.Arg("merchant_uid"))
		return ask, readMove(call, &ask.Move)
	case adapters.APIChanges:
		return ask, readChange(call, m.Arg("imp_uid"), &ask)
	case adapters.APIRegisters:
		return ask, readPrepare(call, &ask)
	case adapters.APIPasses, adapters.APILists, adapters.APILogin, adapters.APIMoves, adapters.APIConfirms,
		adapters.APIUnknown:
	}
	return ask, nil
}

// readPrepare reads the registration of an amount.
func readPrepare(call adapters.APICall, ask *adapters.APIAsk) error {
	f, err := apicalls.Read(call, true)
	if err != nil {
		return err
	}
	ask.ID = payment.AttemptID(f.Required("merchant_uid"))
	if won := f.Won("amount"); won != nil {
		ask.Amount = *won
	} else if f.Err() == nil {
		return &adapters.FieldError{Field: "amount", Msg: "is missing"}
	}
	return f.Err()
}

// sandboxQuery asks for payments of test channels, which stay hidden without it (portone.md §1.5).
const sandboxQuery = "include_sandbox"

// Authorise implements adapters.Passage: with the token that our own calls are made with.
func (d *Driver) Authorise(ctx context.Context, req adapters.AuthoriseRequest) (adapters.Authorised, error) {
	a := adapters.Authorised{Query: req.Call.Query}
	if req.Operation == "payments" && isRead(req.Call.Method) {
		asked, err := url.ParseQuery(req.Call.Query)
		switch {
		case err != nil:
			return a, &adapters.FieldError{Field: "query", Msg: "cannot be read"}
		case req.Live && asked.Get(sandboxQuery) == "true": //guard:live-reads-no-test-payments
			return a, &adapters.FieldError{Field: sandboxQuery, Msg: "is for test payments, and this is for real ones"}
		case !req.Live && !asked.Has(sandboxQuery): //guard:test-reads-test-payments
			a.Query = strings.TrimPrefix(a.Query+"&"+sandboxQuery+"=true", "&")
		}
	}
	tok, err := d.token(ctx, req.PG)
	if err != nil {
		return a, fmt.Errorf("authorising a call: %w", err)
	}
	a.Authorization = "Bearer " + tok.text
	return a, nil
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// Unauthorised implements adapters.Passage: a 401 means that PortOne executed nothing, and that the token is over.
func (d *Driver) Unauthorised(pg *payment.PG, a adapters.Authorised) bool {
	text, _ := strings.CutPrefix(a.Authorization.Reveal(), "Bearer ")
	d.forget(pg, token{text: payment.Secret(text)})
	return true
}

// Succeeded implements adapters.Passage.
func (d *Driver) Succeeded(status int, body []byte) bool {
	o, err := wire.ParseObject(body)
	return err == nil && status == http.StatusOK && o.Text("code") == "0"
}

// refusal is the envelope of a no of ours: what V1 would say, and what we have to say besides.
type refusal struct {
	Code     int     `json:"code"`
	Message  string  `json:"message"`
	Response *string `json:"response"`
	Problem  struct {
		Code     payment.Code `json:"code"`
		DetailKo string       `json:"detail_ko"`
		DetailEn string       `json:"detail_en"`
		// Pending are charges that stand in the way.
		Pending []payment.PendingCharge `json:"pending,omitempty"`
	} `json:"problem"`
}

// Refuse implements adapters.Passage.
func (d *Driver) Refuse(r adapters.Refusal) adapters.APIAnswer {
	body := refusal{Code: -1, Message: r.Ko}
	body.Problem.Code, body.Problem.DetailKo, body.Problem.DetailEn = r.Code, r.Ko, r.En
	body.Problem.Pending = r.Pending
	return apicalls.Answer(r.Status, body)
}

// ReadLogin implements adapters.Granter: the caller's own secret stands where PortOne's would. The key beside it names
// nobody here.
func (d *Driver) ReadLogin(call adapters.APICall) (adapters.Login, error) {
	f, err := apicalls.Read(call, true)
	if err != nil {
		return adapters.Login{}, err
	}
	f.Required("imp_key")
	return adapters.Login{Secret: payment.Secret(f.Required("imp_secret"))}, f.Err()
}

type granted struct {
	Token     string `json:"access_token"`
	Now       int64  `json:"now"`
	ExpiredAt int64  `json:"expired_at"`
}

// AnswerLogin implements adapters.Granter.
func (d *Driver) AnswerLogin(g adapters.Grant) adapters.APIAnswer {
	return apicalls.Answer(http.StatusOK, struct {
		Code     int     `json:"code"`
		Message  *string `json:"message"`
		Response granted `json:"response"`
	}{Response: granted{g.Access.Reveal(), g.Now.Unix(), g.Until.Unix()}})
}
