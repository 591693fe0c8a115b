package apicalls_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
)

func table() apicalls.Table {
	return apicalls.NewTable(
		apicalls.Of(adapters.APICancels, "POST /payments/cancel"),
		apicalls.Of(adapters.APIPasses, "POST /payments/:id/ship-it", "GET /payments/:id"),
	)
}

func TestOperationsAreFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, path string
		kind         adapters.APIKind
		name, id     string
	}{
		{"POST", "/payments/cancel", adapters.APICancels, "payments_cancel", ""},
		{"POST", "/Payments/CANCEL/", adapters.APICancels, "payments_cancel", ""},
		{"POST", "/payments/a/ship-it", adapters.APIPasses, "payments_ship_it", "a"},
		{"GET", "/payments/a", adapters.APIPasses, "payments", "a"},
		{"HEAD", "/payments/a", adapters.APIPasses, "payments", "a"},
		{"GET", "/nobody/knows", adapters.APIPasses, "unknown", ""},
		{"POST", "/payments/a", adapters.APIUnknown, "unknown", ""},
		{"DELETE", "/payments/cancel", adapters.APIUnknown, "unknown", ""},
		{"POST", "/", adapters.APIUnknown, "unknown", ""},
	} {
		m := table().Find(tt.method, tt.path)
		if m.Kind != tt.kind || m.Name != tt.name || m.Arg("id") != tt.id {
			t.Errorf("%s %s is %+v", tt.method, tt.path, m)
		}
	}
}

func TestBodiesAreReadInOneWay(t *testing.T) {
	t.Parallel()
	const form, js = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
	for _, tt := range []struct{ kind, body, field string }{
		{js, `{"amount":1000,"reason":"r","more":{"a":[1]}}`, ""},
		{js, `{"amount":"1000","reason":null}`, ""},
		{form, "amount=1000&reason=r&more[a]=1&more[b]=2&list[]=1&list[]=2", ""},
		{js, "", ""},
		{js, `{"amount":1000,"amount":1}`, "body"},
		{js, `{"amount":1000,"Amount":1}`, "amount"},
		{js, `{"amount":1e3}`, "amount"},
		{js, `{"amount":1000.0}`, "amount"},
		{js, `{"amount":-1}`, "amount"},
		{js, `{"amount":[1]}`, "amount"},
		{js, `{"reason":5}`, "reason"},
		{js, `[]`, "body"},
		{js, `null`, "body"},
		{js, `{"amount":1`, "body"},
		{js, "{\"reason\":\"\xff\"}", "body"},
		{form, "amount=1&amount=2", "amount"},
		{form, "amount=1&amount[]=2", "amount"},
		{form, "amount=1&amount[x]=2", "amount"},
		{form, "amount[a][b]=1", "body"},
		{form, "amount[a=1", "body"},
		{form, "a.b=1", "body"},
		{form, "amount=%zz", "body"},
		{form, "amount=%ff", "body"},
		{"application/json; charset=euc-kr", `{}`, "Content-Type"},
		{"text/plain", `{}`, "Content-Type"},
		{"", `{}`, "Content-Type"},
	} {
		f, err := apicalls.Read(adapters.APICall{ContentType: tt.kind, Body: []byte(tt.body)}, true)
		if err == nil {
			f.Won("amount")
			f.Text("reason")
			err = f.Err()
		}
		wrong, _ := errors.AsType[*adapters.FieldError](err)
		switch {
		case tt.field == "" && err != nil, tt.field != "" && (wrong == nil || wrong.Field != tt.field):
			t.Errorf("%s %q: %v, want a fault of %q", tt.kind, tt.body, err, tt.field)
		}
	}
	if _, err := apicalls.Read(adapters.APICall{ContentType: form, Body: []byte("a=1")}, false); err == nil {
		t.Error("a form is taken where none are")
	}
}

// TestJSONByAnotherName: PortOne's client for Node sends its JSON as text/plain.
func TestJSONByAnotherName(t *testing.T) {
	t.Parallel()
	for kind, taken := range map[string]bool{
		"text/plain;charset=UTF-8": true, "": true, "application/json": true,
		"text/html": false, "text/plain; charset=euc-kr": false, "multipart/form-data; boundary=x": false, ";": false,
	} {
		f, err := apicalls.Read(adapters.APICall{ContentType: kind, Body: []byte(`{"amount":5}`)}, false)
		if taken != (err == nil) || taken && *f.Won("amount") != 5 {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

func TestWhatNobodyReadIsTheRest(t *testing.T) {
	t.Parallel()
	f, err := apicalls.Read(adapters.APICall{ContentType: "application/x-www-form-urlencoded", Body: []byte("amount=5&more[a]=1&list[]=x&z=%20")}, true)
	if err != nil || *f.Won("amount") != 5 {
		t.Fatal(err)
	}
	if got := string(f.Rest()); got != `{"list":["x"],"more":{"a":"1"},"z":" "}` {
		t.Errorf("the rest is %s", got)
	}
	with, err := f.With(map[string]any{"amount": 7})
	if err != nil || string(with) != `{"amount":7,"list":["x"],"more":{"a":"1"},"z":" "}` {
		t.Errorf("with another amount: %s, %v", with, err)
	}
}

// TestTexts: what is text or a whole number is read as text, in the order of the object; nothing else is, and no name that
// could be read for another.
func TestTexts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ body, names, texts string }{
		{`{"b":"1","a":20,"c":null,"d":""}`, "[b a c d]", "map[a:20 b:1 d:]"},
		{`{}`, "[]", "map[]"},
		{`{"a":1,"A":2}`, "", ""},
		{`{"a":1.5}`, "", ""},
		{`{"a":true}`, "", ""},
		{`{"a":{}}`, "", ""},
		{`{"a b":"1"}`, "", ""},
		{`{"":"1"}`, "", ""},
		{`{"a\u017f":"1"}`, "", ""},
	} {
		f, err := apicalls.Read(adapters.APICall{ContentType: "application/json", Body: []byte(tt.body)}, false)
		if err != nil {
			t.Fatal(err)
		}
		texts := f.Texts()
		switch names := fmt.Sprint(f.Names()); {
		case tt.names == "" && f.Err() == nil:
			t.Errorf("%s is read as %v", tt.body, texts)
		case tt.names != "" && (f.Err() != nil || names != tt.names || fmt.Sprint(texts) != tt.texts):
			t.Errorf("%s is read as %s %v, %v", tt.body, names, texts, f.Err())
		}
	}
	form := adapters.APICall{ContentType: "application/x-www-form-urlencoded", Body: []byte("b=1&a=2")}
	if f, err := apicalls.Read(form, true); err != nil || fmt.Sprint(f.Names()) != "[a b]" || !f.Has("a") || f.Has("A") {
		t.Errorf("a form: %v", err)
	}
}

// FuzzRead: whatever a body is, reading it ends, and what was read is written as JSON that says nothing twice.
func FuzzRead(f *testing.F) {
	f.Add("application/json", []byte(`{"amount":1}`))
	f.Add("application/x-www-form-urlencoded", []byte("amount=1&a[b]=2&c[]=3"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		fields, err := apicalls.Read(adapters.APICall{ContentType: kind, Body: body}, true)
		if err != nil {
			return
		}
		fields.Won("amount")
		if text, err := fields.With(nil); err == nil && len(body) > 0 {
			if _, err := apicalls.Read(adapters.APICall{ContentType: "application/json", Body: text}, false); err != nil {
				t.Errorf("%q was written as %q: %v", body, text, err)
			}
		}
	})
}
