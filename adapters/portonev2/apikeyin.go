package portonev2

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

// readKeyIn reads POST /payments/{paymentId}/instant (portone.md §4.5). No complaint of it says what a field holds.
func readKeyIn(pg *payment.PG, call adapters.APICall, k *adapters.APIKeyIn) error {
	f, err := apicalls.Read(call, false)
	if err != nil {
		return err
	}
	method := f.Object("method")
	if method == nil {
		f.Refuse("method", "is missing")
		return f.Err()
	}
	card, account := method.Object("card"), method.Object("virtualAccount")
	switch {
	case card != nil && account != nil, card == nil && account == nil: //guard:v2-instant-has-one-method
		method.Refuse("card", "or virtualAccount must be there, and not both")
	case card != nil:
		err = readCard(card, k)
		method.Join("card", card)
	default:
		err = readVBank(account, k)
		method.Join("virtualAccount", account)
	}
	if err != nil {
		return err
	}
	f.Join("method", method)
	if f.Flag("isEscrow") { //guard:v2-key-in-is-no-escrow
		f.Refuse("isEscrow", "must be left out or false: a payment without a window is no escrow")
	}
	return readSale(pg, f, &k.APICharge)
}

func readCard(card *apicalls.Fields, k *adapters.APIKeyIn) error {
	readCredential(card)
	k.Installment = card.Count("installmentMonth")
	text, err := card.With(nil)
	k.Card = payment.Secret(text)
	return err
}

// readVBank reads the virtual account to open; it goes to PortOne as the caller sent it.
func readVBank(account *apicalls.Fields, k *adapters.APIKeyIn) error {
	account.Required("bank")
	expiry := account.Object("expiry")
	if expiry == nil {
		account.Refuse("expiry", "is missing")
		return nil
	}
	hours, at := expiry.Count("validHours"), expiry.Text("dueDate")
	due, err := time.Parse(time.RFC3339, at)
	switch {
	case (hours == 0) == (at == ""):
		expiry.Refuse("dueDate", "or validHours must be there, and not both")
	case at != "" && err != nil:
		expiry.Refuse("dueDate", "must be a time as in RFC 3339")
	case at != "":
		k.Due = due.UTC()
	}
	k.DueIn = time.Duration(hours) * time.Hour
	account.Join("expiry", expiry)
	text, err := account.With(nil)
	k.VBank = payment.Secret(text)
	return err
}

// methodOfVBank is the method of an account: as the caller sent it.
func methodOfVBank(data payment.Secret) (json.RawMessage, error) {
	text, err := json.Marshal(map[string]any{"virtualAccount": json.RawMessage(data.Reveal())})
	if err != nil {
		return nil, &adapters.FieldError{Field: "method.virtualAccount", Msg: "cannot be written"}
	}
	return text, nil
}

// methodOfCard is the method of a payment by key-in: the card as the caller sent it, with the instalments that were
// decided.
func methodOfCard(data payment.Secret, months int) (json.RawMessage, error) {
	var card map[string]json.RawMessage
	if err := json.Unmarshal([]byte(data.Reveal()), &card); err != nil || len(card["credential"]) == 0 {
		return nil, &adapters.FieldError{Field: "method.card.credential", Msg: "is missing"}
	}
	delete(card, "installmentMonth")
	if months > 0 {
		card["installmentMonth"] = strconv.AppendInt(nil, int64(months), 10) //guard:v2-key-in-has-the-decided-months
	}
	text, err := json.Marshal(map[string]any{"card": card})
	if err != nil {
		return nil, &adapters.FieldError{Field: "method.card", Msg: "cannot be written"}
	}
	return text, nil
}
