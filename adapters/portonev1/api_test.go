package portonev1_test

import (
	"errors"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
)

// TestSandboxQuery: with real money a call that asks for test payments is not made.
func TestSandboxQuery(t *testing.T) {
	t.Parallel()
	_, d, acc := newTokenPG(t, nil)
	for _, tt := range []struct {
		live  bool
		path  string
		query string
		want  string
		field string
	}{
		{true, "/payments/imp_1", "", "", ""},
		{true, "/payments/imp_1", "include_sandbox=false", "include_sandbox=false", ""},
		{true, "/payments/imp_1", "a=1&include_sandbox=true", "", "include_sandbox"},
		{true, "/payments/imp_1", "include_sandbox=%74rue", "", "include_sandbox"},
		{true, "/payments/imp_1", "a=%zz", "", "query"},
		{false, "/payments/imp_1", "", "include_sandbox=true", ""},
		{false, "/payments/imp_1/balance", "", "", ""},
	} {
		call := adapters.APICall{Method: "GET", Path: tt.path, Query: tt.query}
		ask, err := d.ReadCall(acc.PG, call)
		if err != nil {
			t.Fatal(err)
		}
		a, err := d.Authorise(t.Context(), adapters.AuthoriseRequest{
			PG: acc.PG, Live: tt.live, Call: call, Operation: ask.Name,
		})
		wrong, _ := errors.AsType[*adapters.FieldError](err)
		switch {
		case tt.field == "" && (err != nil || a.Query != tt.want), tt.field != "" && (wrong == nil || wrong.Field != tt.field):
			t.Errorf("%+v: %q, %v", tt, a.Query, err)
		}
	}
}

// TestAChangeSaysAmountAndDeadlineAlone: whatever else is said would be changed along, and nobody would follow it.
func TestAChangeSaysAmountAndDeadlineAlone(t *testing.T) {
	t.Parallel()
	_, d, acc := newTokenPG(t, nil)
	for body, want := range map[string]string{
		`{"amount":70000}`: "", `{"vbank_due":1772600000}`: "", `{"amount":"70000","vbank_due":"1772600000"}`: "",
		`{}`: "amount", `{"amount":0}`: "amount", `{"amount":-1}`: "amount", `{"amount":1,"vbank_holder":"other"}`: "body",
		`{"vbank_due":"tomorrow"}`: "vbank_due",
	} {
		ask, err := d.ReadCall(acc.PG, adapters.APICall{
			Method: "PUT", Path: "/vbanks/imp_1", ContentType: "application/json", Body: []byte(body),
		})
		e, _ := errors.AsType[*adapters.FieldError](err)
		if want == "" && (err != nil || ask.Kind != adapters.APIChanges || ask.Cancel.PGTxID != "imp_1") ||
			want != "" && (e == nil || e.Field != want) {
			t.Errorf("%s: %+v, %v", body, ask.Change, err)
		}
	}
	if _, err := d.ReadCall(acc.PG, adapters.APICall{Method: "PUT", Path: "/vbanks/ORD-1", Body: []byte(`{"amount":1}`)}); err == nil {
		t.Error("an account by another name is changed")
	}
}
