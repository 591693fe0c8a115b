package gateway

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Whatever an answer holds, it is written as encoding/json writes it.
func TestAnAnswerIsWrittenAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.String()
		a := checkoutAnswer{
			OrderID: payment.OrderID(word.Draw(rt, "order")), AttemptID: payment.AttemptID(word.Draw(rt, "attempt")),
			PG: payment.PGID(word.Draw(rt, "pg")), Merchant: payment.MerchantID(word.Draw(rt, "merchant")),
			Method: payment.Method(word.Draw(rt, "method")), Amount: payment.Won(rapid.Int64().Draw(rt, "amount")),
			ExpiresAt: word.Draw(rt, "until"), RulesVersion: word.Draw(rt, "version"), SettledBy: word.Draw(rt, "settled"),
		}
		switch rapid.IntRange(0, 2).Draw(rt, "window") {
		case 1:
			form := rapid.Make[inicis.Form]().Draw(rt, "form")
			a.Window = &payment.Window{Kind: payment.WindowInicisPC, Script: rapid.String().Draw(rt, "script"), Params: &form}
		case 2:
			a.Window = &payment.Window{
				Action: "https://pg.example.com/?a=1&b=2", InitCode: "imp1",
				Params: map[string]string{"name": rapid.String().Draw(rt, "name")},
			}
		}
		want, err := json.Marshal(a)
		if err != nil {
			rt.Fatal(err)
		}
		if got, err := a.appendJSON(nil); err != nil || string(got) != string(want) {
			rt.Fatalf("it is written %s, encoding/json writes %s (%v)", got, want, err)
		}
	})
}

// Whatever a token holds, it is written as encoding/json writes it, which is how it is read.
func TestATokenIsWrittenAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tok := rapid.Make[token]().Draw(rt, "token")
		want, err := json.Marshal(tok)
		if err != nil {
			rt.Fatal(err)
		}
		if got := tok.appendJSON(nil); string(got) != string(want) {
			rt.Fatalf("it is written %s, encoding/json writes %s", got, want)
		}
	})
}
