package inicis

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.Charger = (*Driver)(nil)

// The versions of INIAPI that charge billing keys (billing_api).
const (
	billingV1 = "v1"
	billingV2 = "v2"
)

const (
	// maxKey bounds a billing key, in characters; those that are known have 40.
	maxKey = 200
	// maxURL bounds the shop's address, in bytes (inicis.md §5.3).
	maxURL = 50
	// maxBuyer bounds the name of who pays, in bytes.
	maxBuyer = 30
)

// The names of INIAPI's own calls that charge billing keys (apicalls.Table).
const (
	callBillingV1 = "api_v1_billing"
	callBillingV2 = "v2_pg_billing"
)

// isCharge tells whether an attempt charges a stored billing key.
func isCharge(a payment.Attempt) bool { return a.Purpose == payment.PurposeRecurring }

// isBillKey tells whether a text may be one of Inicis' billing keys: nothing that a form or the hash of JSON changes.
func isBillKey(key payment.Secret) bool {
	text := key.Reveal()
	return text != "" && len(text) <= maxKey && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"\&<>`, r)
	})
}

// KeyContracts implements adapters.Charger. Inicis tells of no billing key (DriverSpec.KeysUntold), so that one which
// may be its own is taken to be at this PG, under whatever contract: Inicis refuses a key of another MID.
func (d *Driver) KeyContracts(
	_ context.Context, pg *payment.PG, key payment.Secret,
) ([]payment.KeyContract, error) {
	if !isBillKey(key) {
		return nil, nil
	}
	return []payment.KeyContract{{PG: pg.ID}}, nil
}

// CheckCharge implements adapters.Charger.
func (d *Driver) CheckCharge(req adapters.ChargeRequest) error {
	_, err := chargeOf(req)
	return err
}

// Charge implements adapters.Charger by INIAPI's billing, with one POST. Inicis has no idempotency key: what becomes of
// a charge whose answer is lost, an inquiry tells. An answer names the MID only within the transaction's number, and no
// order: an inquiry about the transaction tells whose it is.
func (d *Driver) Charge(ctx context.Context, req adapters.ChargeRequest) (adapters.Result, error) {
	const doing = "charging a billing key at Inicis"
	c, err := chargeOf(req)
	if err != nil {
		return adapters.Result{}, fmt.Errorf("%s: %w", doing, err)
	}
	by := caller{
		Account: req.Account, mid: midOf(req.Attempt, req.Merchant), now: req.Now, timeout: req.PG.ApproveTimeout,
	}
	answer, err := d.sendCharge(ctx, by, c, versionOf(req))
	if err != nil {
		return adapters.Result{}, wire.WriteError(doing, err)
	}
	r, err := parseCharge(answer, req.Attempt)
	r.Said = wire.SaidOf(answer)
	if err != nil {
		return r, fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
	}
	return r, nil
}

// versionOf is the version of INIAPI that a charge is sent with: the one that the order service called, where it did.
func versionOf(req adapters.ChargeRequest) string {
	version := req.PG.Keys.Text(keyBilling)
	switch {
	case req.Call == callBillingV1:
		return billingV1
	case req.Call == callBillingV2:
		return billingV2
	case version != "":
		return version
	}
	return billingV1
}

// chargeData is v2's data, in the order in which it is sent and hashed (inicis.md §6). v1's form has the same fields.
type chargeData struct {
	URL        string `json:"url"`
	MOID       string `json:"moid"`
	GoodName   string `json:"goodName"`
	BuyerName  string `json:"buyerName"`
	BuyerEmail string `json:"buyerEmail"`
	BuyerTel   string `json:"buyerTel"`
	Price      string `json:"price"`
	BillKey    string `json:"billKey"`
}

// charge is what is sent of a charge.
type charge struct {
	chargeData
	// quota is the plan of instalments in two digits, 00 being a lump sum; v1 alone has a word for it.
	quota string
	// regNo and cardPW are the holder's birth or business number and the first digits of the card's PIN, which some
	// contracts want of who asks for a charge himself; empty for none.
	regNo, cardPW string
}

// form is v1's own part of the form (inicis.md §5.3). authentification is Inicis' spelling.
func (c *charge) form() map[string]string {
	form := map[string]string{
		"url": c.URL, "moid": c.MOID, "goodName": c.GoodName, "buyerName": c.BuyerName, "buyerEmail": c.BuyerEmail,
		"buyerTel": c.BuyerTel, "price": c.Price, "currency": "WON", "billKey": c.BillKey, "authentification": "00",
		"cardQuota": c.quota, "quotaInterest": "0",
	}
	for name, value := range map[string]string{"regNo": c.regNo, "cardPw": c.cardPW} {
		if value != "" {
			form[name] = value
		}
	}
	return form
}

// sendCharge sends the one request.
func (d *Driver) sendCharge(ctx context.Context, by caller, c charge, version string) (wire.Answer, error) {
	if version == billingV2 {
		by.payMethod = "card"
		return d.callV2(ctx, by, "billing", "billing", c.chargeData)
	}
	return d.callV1(ctx, by, "billing", "Billing", "Card", c.form(), "moid", "price", "billKey")
}

// chargeOf is a request as Inicis is sent it, or what of it Inicis does not take. Errors match adapters.ErrRejected.
func chargeOf(req adapters.ChargeRequest) (charge, error) {
	a, theirs := req.Attempt, callersOwn{}
	if len(req.Fields) > 0 {
		if err := json.Unmarshal(req.Fields, &theirs); err != nil {
			return charge{}, &adapters.FieldError{Field: "fields", Msg: "must be one JSON object of texts"}
		}
	}
	own := charge{
		chargeData: chargeData{
			URL: cmp.Or(theirs.URL, req.SiteURL), MOID: string(a.ID), GoodName: chargeText(wire.OrderName(a.OrderName)),
			BuyerName:  wire.CutBytes(chargeText(cmp.Or(req.Buyer.Name, theirs.BuyerName)), maxBuyer),
			BuyerEmail: wire.Email(cleanText(cmp.Or(req.Buyer.Email, theirs.BuyerEmail)), maxEmail),
			BuyerTel:   wire.Phone(cmp.Or(req.Buyer.Tel, theirs.BuyerTel)), Price: a.Amount.String(), BillKey: req.Key.Reveal(),
		},
		quota: fmt.Sprintf("%02d", req.Installment), regNo: theirs.RegNo, cardPW: theirs.CardPW,
	}
	return own, checkCharge(req, own)
}

// chargeText is what is left of a text that a buyer or a shop wrote.
func chargeText(s string) string { return strings.TrimSpace(cleanText(s)) }

// callersOwn are the fields of a caller of INIAPI that have no word of ours.
type callersOwn struct {
	URL        string `json:"url"`
	BuyerName  string `json:"buyerName"`
	BuyerEmail string `json:"buyerEmail"`
	BuyerTel   string `json:"buyerTel"`
	RegNo      string `json:"regNo"`
	CardPW     string `json:"cardPw"`
}

// checkCharge holds what Inicis demands of a charge: with an empty field of the buyer it refuses (ER0102).
func checkCharge(req adapters.ChargeRequest, c charge) error {
	a := req.Attempt
	bad := func(field, msg string) error { return &adapters.FieldError{Field: field, Msg: msg} }
	switch {
	case !isCharge(a) || a.Method != "card" || !req.OfKey():
		return fmt.Errorf("charging %s: %w: %w", a.Method, adapters.ErrRejected, adapters.ErrUnsupported)
	case !keysOf(req.Merchant).api.IsSet():
		return checkINIAPI(req.Merchant)
	case !isBillKey(req.Key):
		return bad("billing_key", "is none of KG Inicis'")
	case !payment.ValidID(string(a.ID)):
		return bad("attempt_id", "must be 1 to 40 of [A-Za-z0-9_-]")
	case a.Amount <= 0 || a.Amount > payment.MaxWon:
		return bad("amount", "must be above zero")
	case c.URL == "" || len(c.URL) > maxURL || c.URL != cleanText(c.URL):
		return bad("url", "the shop's address, must have 1 to 50 bytes: server.public.base_url says it")
	case c.GoodName == "":
		return bad("order_name", "is missing")
	case c.BuyerName == "":
		return bad("buyer.name", "is missing")
	case c.BuyerTel == "" || len(c.BuyerTel) > maxPhone:
		return bad("buyer.tel", "must have up to 40 digits")
	case c.BuyerEmail == "":
		return bad("buyer.email", "must be an address of at most 60 bytes")
	case req.Installment < 0 || req.Installment == 1 || req.Installment > 60:
		return bad("installment", "must be 2 to 60 months, or 0 for a lump sum")
	case versionOf(req) == billingV2 && (req.Installment > 0 || c.regNo != "" || c.cardPW != ""):
		return bad("installment", "and the card's own data have no place in INIAPI v2: charge with billing_api: v1")
	}
	return checkChargedTaxes(req)
}

// checkChargedTaxes refuses a charge whose parts must be stated: INIAPI's billing has no field for them that is
// confirmed, and without them Inicis would reckon others.
func checkChargedTaxes(req adapters.ChargeRequest) error {
	a := req.Attempt
	if err := checkTaxes(a.Amount, a.TaxFree, a.VAT, a.VATSet); err != nil {
		return err
	}
	_, _, stated := taxes(req.Merchant.Tax, a.Amount, a.TaxFree, a.VAT, a.VATSet)
	if stated { //guard:iniapi-charge-drops-no-taxes
		return &adapters.FieldError{
			Field: "tax_free", Msg: "and VAT cannot be stated by INIAPI: only what is taxable as a whole is charged",
		}
	}
	return nil
}

// usedOrder tells whether a charge is refused because its order number was used before: by what, and whether that was
// paid, an inquiry tells (suffix 619, inicis.md §9).
func usedOrder(said string) bool {
	return slices.ContainsFunc(codesIn(said), func(code string) bool {
		m := detailShape.FindStringSubmatch(code)
		return m != nil && m[2] == "619" //guard:iniapi-used-order-number-is-in-doubt
	})
}

// parseCharge reads the answer to a charge. An error means that the outcome is unknown.
func parseCharge(answer wire.Answer, a payment.Attempt) (adapters.Result, error) {
	if answer.Status != http.StatusOK {
		return adapters.Result{}, fmt.Errorf("HTTP status %d", answer.Status)
	}
	o, err := parseAnswer(answer.Body, answerCharset(answer))
	if err != nil {
		return adapters.Result{}, err
	}
	r := adapters.Result{Code: o.Required("resultCode"), Message: o.Text("resultMsg")}
	more := o.Text("detailResultCode")
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if r.Code != "00" {
		// "No such payment" is no answer to a charge either.
		v := judge(r.Code, r.Message, more)
		if v.class != classDeclined || //guard:iniapi-charge-in-doubt-is-unknown
			usedOrder(r.Code+" "+more+" "+r.Message) {
			return adapters.Result{}, fmt.Errorf("result code %s", printable(cmp.Or(more, r.Code)))
		}
		r.Outcome, r.OrderRef, r.Why, r.Warning = payment.OutcomeDeclined, a.ID, v.why, v.warning()
		return r, nil
	}
	r.PGTxID, r.Amount = o.Required("tid"), o.WonText("price")
	r.Installment = wire.Months(o.Text("payAuthQuota"))
	if err := o.Err(); err != nil {
		return adapters.Result{}, err
	}
	if tidOK(r.PGTxID, "") {
		r.MID = r.PGTxID[10:20] //guard:iniapi-charge-is-our-mids
	} else {
		r.Warning = "tid is not of the known form"
	}
	r.Outcome = payment.OutcomeApproved
	return r, nil
}
