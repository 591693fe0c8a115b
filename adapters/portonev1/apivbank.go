package portonev1

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

// opensAccount is the operation that opens a virtual account.
const opensAccount = "vbanks"

// vbankFields are what a call says of the account to open (portone.md §1.8).
func vbankFields() []string { return []string{"vbank_code", "vbank_holder", "vbank_num", "vbank_key"} }

// readVBank reads POST /vbanks.
func readVBank(call adapters.APICall, k *adapters.APIKeyIn) error {
	f, err := apicalls.Read(call, true)
	if err != nil {
		return err
	}
	account := map[string]string{"vbank_code": f.Required("vbank_code")}
	for _, name := range vbankFields() {
		if text := f.Text(name); text != "" {
			account[name] = text
		}
	}
	k.Due = unixIn(f, "vbank_due")
	if f.Flag("fixed_unlimited_vbank") { //guard:v1-account-takes-one-deposit
		f.Refuse("fixed_unlimited_vbank", "is not taken: one payment is one deposit")
	}
	if f.Has("escrow_password") { //guard:v1-account-by-api-is-no-escrow
		f.Refuse("escrow_password", "is not taken: open an escrow account in a window")
	}
	notTaken(f, "pg", "channelGroupId", "channel_group_id", "vat", "card_quota")
	k.ChannelKey, k.Name = f.Text("channel_key"), f.Text("name")
	readFigures(f, &k.APICharge)
	text, err := json.Marshal(account)
	if err != nil {
		return &adapters.FieldError{Field: "vbank_code", Msg: "cannot be read"}
	}
	k.VBank = payment.Secret(text)
	return f.Err()
}

// readChange reads PUT /vbanks/{imp_uid}, which Hecto's accounts have (portone.md §1.3).
func readChange(call adapters.APICall, account string, ask *adapters.APIAsk) error {
	if !impUID(account) {
		return &adapters.FieldError{Field: "imp_uid", Msg: "is none of PortOne's"}
	}
	f, err := apicalls.Read(call, true)
	if err != nil {
		return err
	}
	c := &ask.Change
	ask.Cancel.PGTxID, c.Amount = account, f.Won("amount")
	if f.Has("vbank_due") {
		c.Due = unixIn(f, "vbank_due")
	}
	switch {
	case c.Amount == nil && c.Due.IsZero():
		f.Refuse("amount", "or vbank_due must be there")
	case c.Amount != nil && *c.Amount == 0: //guard:account-for-nothing
		f.Refuse("amount", "must be above zero")
	case f.Rest() != nil: //guard:v1-change-says-no-more
		f.Refuse("body", "may say amount and vbank_due alone")
	}
	return f.Err()
}

// unixIn reads a time in Unix seconds that must be there.
func unixIn(f *apicalls.Fields, name string) time.Time {
	at, err := strconv.ParseInt(f.Number(name), 10, 64)
	if err != nil || at <= 0 || at > maxUnix {
		f.Refuse(name, "must be a time in Unix seconds")
	}
	return time.Unix(at, 0).UTC()
}

// putVBank puts the account to open among the fields of a request, with the deadline and the channel that were decided.
func putVBank(fields map[string]json.RawMessage, req adapters.ChargeRequest) error {
	var account map[string]json.RawMessage
	if err := json.Unmarshal([]byte(req.VBank.Reveal()), &account); err != nil || len(account["vbank_code"]) == 0 {
		return &adapters.FieldError{Field: "vbank_code", Msg: "is missing"}
	}
	if req.Merchant.ChannelKey == "" { //guard:v1-account-names-its-channel
		return &adapters.FieldError{Field: "merchants.channel_key", Msg: "is missing: an account by API names it"}
	}
	for _, name := range vbankFields() {
		if text, ok := account[name]; ok {
			fields[name] = text
		}
	}
	//guard:v1-account-has-the-decided-deadline
	fields["vbank_due"] = strconv.AppendInt(nil, req.Attempt.DepositDue.Unix(), 10)
	key, err := json.Marshal(req.Merchant.ChannelKey)
	if err != nil {
		return &adapters.FieldError{Field: "merchants.channel_key", Msg: "cannot be written"}
	}
	fields["channel_key"] = key
	return checkInicisAccount(fields, req.Merchant)
}

// checkInicisAccount wants what KG Inicis opens no account without (portone.md §1.8), before the number is used up.
func checkInicisAccount(fields map[string]json.RawMessage, m *payment.Merchant) error {
	if !behindInicis(m) {
		return nil
	}
	if !m.Keys.Secret(keyINIAPI).IsSet() {
		return &adapters.FieldError{Field: "merchants." + keyINIAPI, Msg: "is missing: KG Inicis opens no account without"}
	}
	for _, name := range []string{"vbank_holder", "buyer_name", "buyer_email"} {
		if text := string(fields[name]); text == "" || text == `""` || text == "null" {
			return &adapters.FieldError{Field: name, Msg: "is missing"}
		}
	}
	return nil
}
