package inicis

import (
	"encoding/json"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
)

// signing is one kind of call: how it is told from others, what it does and what is signed in it.
type signing struct {
	// operation is the path's name, kind and method are the call's type and paymethod. A method of "*" is any, one of ""
	// none.
	operation, kind, method string
	does                    adapters.APIKind
	// needed are the fields that must be there; v1's hash is over them, behind the common ones.
	needed []string
	// sealed is the field that goes out encrypted; empty for none.
	sealed string
}

const (
	fieldAccount = "refundAcctNum"
	anyMethod    = "*"
)

// signings are the calls that are handed on. Of two that a call fits, the first counts (inicis.md §5.2, §5.3, §6).
func signings() []signing {
	const cancels, passes = adapters.APICancels, adapters.APIPasses
	tid, part := []string{"tid"}, []string{"tid", "price", "confirmPrice"}
	account, partAccount := []string{"tid", fieldAccount}, []string{"tid", "price", "confirmPrice", fieldAccount}
	receipt := []string{"crPrice", "supPrice", "srcvPrice", "regNum"}
	return []signing{
		{"api_v1_refund", "Refund", "Receipt", passes, tid, ""}, // of a cash receipt: no money moves
		{"api_v1_refund", "Refund", "Vacct", cancels, account, fieldAccount},
		{"api_v1_refund", "Refund", anyMethod, cancels, tid, ""},
		{"api_v1_refund", "PartialRefund", "Vacct", cancels, partAccount, fieldAccount},
		{"api_v1_refund", "PartialRefund", anyMethod, cancels, part, ""},
		{"api_v1_extra", "Extra", "Inquiry", passes, nil, ""},
		{"api_v1_receipt", "Issue", "Receipt", passes, receipt, "regNum"},
		{"api_v1_escrow", "Dlv", "", passes, []string{"oid", "tid", "price"}, ""},
		// The buyer's refusal is confirmed, and what he paid may go back.
		{"api_v1_escrow", "Dncf", "", adapters.APIMoves, nil, ""},
		{callBillingV1, "Billing", "Card", adapters.APICharges, []string{"moid", "price", "billKey"}, ""},
		// A phone bill's, and the issue of a key for a card whose number is in the call.
		{callBillingV1, "Billing", anyMethod, adapters.APIMoves, nil, ""},
		{callBillingV1, "Auth", anyMethod, adapters.APIMoves, nil, ""},
		// What is paid with stands beside the data, or in it (inicis.md §6).
		{callBillingV2, "billing", "", adapters.APICharges, []string{"moid", "price", "billKey"}, ""},
		{callBillingV2, "billing", "card", adapters.APICharges, []string{"moid", "price", "billKey"}, ""},
		{"v2_pg_refund", "refund", "", cancels, tid, ""},
		{"v2_pg_refund_vacct", "refund", "", cancels, account, fieldAccount},
		{"v2_pg_partialrefund", "partialRefund", "", cancels, part, ""},
		{"v2_pg_partialrefund_vacct", "partialRefund", "", cancels, partAccount, fieldAccount},
		{"v2_pg_inquiry", "inquiry", "", passes, nil, ""},
		{"v2_pg_receipt", "receipt", "", passes, []string{"issueNumber"}, "issueNumber"},
	}
}

// plain is a call as the order service writes it: without what only we can add.
type plain struct {
	signing
	v2        bool
	mid       string
	payMethod string
	// fields are the call's own, beside the common ones; f is where they were read.
	fields map[string]string
	f      *apicalls.Fields
}

// readPlain reads a call. What the caller says of time, address and hash is not looked at: it is ours to say. Errors
// are an adapters.FieldError.
func readPlain(operation string, call adapters.APICall) (plain, error) {
	p := plain{v2: strings.HasPrefix(operation, "v2_")}
	if call.Query != "" { //guard:iniapi-takes-no-query
		// Some servers read fields there too, and in front of those that are signed.
		return p, &adapters.FieldError{Field: "query", Msg: "must be empty: INIAPI's fields are in the body"}
	}
	all, err := apicalls.Read(call, !p.v2)
	if err != nil {
		return p, err
	}
	kind := all.Text("type")
	p.mid, p.payMethod, p.f = all.Text("mid"), all.Text("paymethod"), all
	for _, name := range []string{"timestamp", "clientIp", "hashData"} {
		all.Text(name)
	}
	if p.v2 {
		p.readData(all, operation == callBillingV2)
	}
	if err := all.Err(); err != nil {
		return p, err
	}
	if !p.find(operation, kind) {
		return p, &adapters.FieldError{Field: "type", Msg: "and paymethod are none that the gateway knows at this path"}
	}
	p.fields = p.f.Texts()
	for _, name := range p.needed {
		if p.fields[name] == "" {
			p.f.Refuse(name, "is missing")
		}
	}
	return p, p.f.Err()
}

// readData goes on to read v2's data, which is the call's own part of the body; paid tells that what is paid with may
// stand beside it.
func (p *plain) readData(all *apicalls.Fields, paid bool) {
	data := all.Object("data")
	switch {
	case data == nil:
		all.Refuse("data", "is missing")
	case p.payMethod != "" && !paid || all.Rest() != nil:
		all.Refuse("body", "has members beside mid, type and data")
	default:
		p.f = data
	}
}

// find finds how a call of a kind is signed. v2's path says the kind by itself.
func (p *plain) find(operation, kind string) bool {
	for _, s := range signings() {
		if s.operation != operation || s.kind != kind && (kind != "" || !p.v2) {
			continue
		}
		if s.method == p.payMethod || s.method == anyMethod && p.payMethod != "" {
			p.signing = s
			return true
		}
	}
	return false
}

// sign is the body of the call, and its content type. Errors are an adapters.FieldError.
func (p *plain) sign(c caller) ([]byte, string, error) {
	if err := p.seal(c); err != nil {
		return nil, "", err
	}
	if !p.v2 {
		return []byte(c.signV1(p.kind, p.payMethod, p.fields, p.needed...)), typeV1, nil
	}
	data, err := p.data()
	if err != nil {
		return nil, "", err
	}
	body, err := c.signV2(p.kind, data)
	return []byte(body), typeV2, err
}

// data is v2's data as it is hashed, in the caller's own order.
func (p *plain) data() (json.RawMessage, error) {
	text := []byte("{")
	for _, name := range p.f.Names() {
		value, ok := p.fields[name]
		switch {
		case !ok: // null
			continue
		case value != hashable(value): //guard:iniapi-hash-is-over-plain-text
			return nil, &adapters.FieldError{
				Field: "data." + name, Msg: `must not have ", \ or control characters: Inicis' hash of them is not known`,
			}
		case len(text) > 1:
			text = append(text, ',')
		}
		// Neither has anything that JSON escapes.
		text = append(append(append(append(text, '"'), name...), `":"`...), value...)
		text = append(text, '"')
	}
	return append(text, '}'), nil
}

// hashable is a text without what JSON escapes: we and Inicis would not hash the same then.
func hashable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune("\"\\\u007f\u2028\u2029", r) {
			return -1
		}
		return r
	}, s)
}

// seal encrypts the field that must not go out as it is.
func (p *plain) seal(c caller) error {
	if p.sealed == "" {
		return nil
	}
	number, ok := accountNumber(p.fields[p.sealed])
	if !ok {
		return &adapters.FieldError{Field: p.sealed, Msg: "must be digits: the gateway encrypts them"}
	}
	k := keysOf(c.Merchant)
	text, err := Encrypt(number, k.api, k.iv)
	if err != nil {
		return &adapters.FieldError{Field: "merchants.api_iv", Msg: "and api_key must be 16 characters each"}
	}
	p.fields[p.sealed] = text //guard:iniapi-numbers-go-out-encrypted
	return nil
}
