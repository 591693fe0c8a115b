package jsonplace_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// FuzzPut: encoding/json reads a text with a value put into it as it read the text, but for the value, and reads at a
// path what was found there.
func FuzzPut(f *testing.F) {
	for _, doc := range []string{
		`{}`, `null`, `[]`, ``, `{"payload":null}`, `{"payload":[]}`, `{"payload":{"pg":{"a":1},"n":1e400}}`, `{"payload":"x"}`,
		`{"a":1,"a":2}`, "{\"code\" : \"\\u0030\",\r\n\"payload\":{ }}", `{"payload":{"ordNo":"\ud83d\ude00"}} `, `{"payload":{"":0}}`,
	} {
		f.Add(doc)
	}
	plan := jsonplace.New([]string{"payload.ordNo", "code"}, "payload.pg")
	f.Fuzz(func(t *testing.T, doc string) {
		found, err := plan.Read(doc)
		if (err == nil) != (strictjson.Check([]byte(doc)) == nil) {
			t.Fatalf("%q: read says %v, check does not", doc, err)
		}
		if err != nil {
			return
		}
		before := numbersKept(t, doc)
		top, _ := before.(map[string]any)
		payload, _ := top["payload"].(map[string]any)
		for id, want := range []any{payload["ordNo"], top["code"]} {
			if got := found.Value(id); got.Exists() && !reflect.DeepEqual(numbersKept(t, got.Raw), want) || got.Exists() != (want != nil) {
				t.Errorf("%q: found %q, encoding/json reads %v", doc, got.Raw, want)
			}
		}
		open := top != nil && (payload != nil || top["payload"] == nil)
		if found.CanPut() != open {
			t.Fatalf("%q: there is a place: %v", doc, found.CanPut())
		}
		if !open {
			return
		}
		if payload == nil {
			payload = map[string]any{}
		}
		payload["pg"], top["payload"] = map[string]any{"window": "w"}, payload
		if after := numbersKept(t, string(found.Put([]byte(`{"window":"w"}`)))); !reflect.DeepEqual(after, before) {
			t.Errorf("%q became %v, want %v", doc, after, before)
		}
	})
}

func numbersKept(t *testing.T, doc string) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", doc, err)
	}
	return v
}
