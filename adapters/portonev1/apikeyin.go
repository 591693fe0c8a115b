package portonev1

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

// cardFields are what a call says of a card (portone.md §1.7).
func cardFields() []string { return []string{"card_number", "expiry", "birth", "pwd_2digit", "cvc"} }

// readKeyIn reads POST /subscribe/payments/onetime. No complaint of it says what a field holds.
func readKeyIn(call adapters.APICall, k *adapters.APIKeyIn) error {
	f, err := apicalls.Read(call, true)
	if err != nil {
		return err
	}
	card := map[string]string{}
	for _, name := range cardFields() {
		if text := f.Text(name); text != "" {
			card[name] = text
		}
	}
	for _, name := range cardFields()[:2] {
		if card[name] == "" {
			f.Refuse(name, "is missing")
		}
	}
	k.Holder = adapters.Person{Name: payment.Secret(f.TextOfRest("buyer_name")), Birth: payment.Secret(card["birth"])}
	k.Number = apicalls.Digits(card["card_number"])
	k.Key, k.Named = payment.Secret(f.Text("customer_uid")), f.Text("pg")
	code, mid, _ := strings.Cut(k.Named, ".")
	if k.MID = mid; k.Named != "" && (code == "" || mid == "") {
		f.Refuse("pg", "must be {code}.{MID}: of what it cannot tell PortOne takes another")
	}
	if f.Has("channel_key") {
		f.Refuse("channel_key", "is not taken: this call names its contract by pg")
	}
	notTaken(f, "channelGroupId", "channel_group_id", "vat")
	readCharged(f, &k.APICharge)
	text, err := json.Marshal(card)
	if err != nil {
		return &adapters.FieldError{Field: "card_number", Msg: "cannot be read"}
	}
	k.Card = payment.Secret(text)
	return f.Err()
}

// codesOf are V1's words for a PG in the field pg (portone.md §5.3), of those that take payments by key-in.
func codesOf(behind string) []string {
	switch behind {
	case "inicis":
		return []string{"html5_inicis", "inicis"}
	case "kcp":
		return []string{"kcp"}
	case "nice":
		return []string{"nice", "nice_v2"}
	case "toss":
		return []string{"tosspayments"}
	case "kiwoom":
		return []string{"daou"}
	case "ksnet":
		return []string{"ksnet"}
	case "welcome":
		return []string{"welcome"}
	case "hecto":
		return []string{"settle"}
	}
	return nil
}

// contractOf is what a payment by key-in names its contract with. Of a word that it does not know, and of none, PortOne
// takes the contract that is the standard one in its console, and says nothing of it (portone.md §1.7).
func contractOf(m *payment.Merchant, named string) (string, error) {
	codes := codesOf(behind(m))
	if m.MID == "" {
		return "", &adapters.FieldError{Field: "merchants.mid", Msg: "is missing: a payment by key-in names it"}
	}
	if named == "" && len(codes) == 1 {
		return codes[0] + "." + m.MID, nil
	}
	code, mid, _ := strings.Cut(named, ".")
	if mid != m.MID || !slices.Contains(codes, code) { //guard:v1-key-in-names-its-contract
		return "", &adapters.FieldError{
			Field: "pg", Msg: "must be one of {code}." + m.MID + ", with the code " + strings.Join(codes, " or "),
		}
	}
	return named, nil
}

// putCard puts a card and the contract that charges it among the fields of a request.
func putCard(fields map[string]json.RawMessage, req adapters.ChargeRequest) error {
	var card map[string]json.RawMessage
	if err := json.Unmarshal([]byte(req.Card.Reveal()), &card); err != nil || len(card["card_number"]) == 0 {
		return &adapters.FieldError{Field: "card_number", Msg: "is missing"}
	}
	pg, err := contractOf(req.Merchant, req.Named)
	if err != nil {
		return err
	}
	for _, name := range cardFields() {
		delete(fields, name)
		if text, ok := card[name]; ok {
			fields[name] = text
		}
	}
	if fields["pg"], err = json.Marshal(pg); err != nil {
		return &adapters.FieldError{Field: "pg", Msg: "cannot be written"}
	}
	return nil
}
