package sandbox

import (
	"encoding/json"
	"net/url"
	"reflect"
	"testing"
	"time"
)

// FuzzCanonicalJSON: what is accepted reads back as the same value, and reading never panics.
func FuzzCanonicalJSON(f *testing.F) {
	for _, seed := range []string{`{"tid":"x","msg":"A/S \u0026 <환불>"}`, `[1,2,{"a":[]}]`, `{"a":1.50,"b":null}`, `{} {}`, `{"a"`, ``, `"\\"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := canonicalJSON(raw)
		if err != nil {
			return
		}
		var before, after any
		if err := json.Unmarshal(raw, &before); err != nil {
			return
		}
		if err := json.Unmarshal([]byte(text), &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%q became %q: %v", raw, text, err)
		}
	})
}

// FuzzInicisForm: no form makes the window panic, and none without the sign key opens it.
func FuzzInicisForm(f *testing.F) {
	box := New(Defaults())
	f.Add("version=1.0&mid=INIpayTest&oid=A-1&price=1000&acceptmethod=centerCd(Y)&timestamp=1775106841435")
	f.Add("acceptmethod=((((:&gopaymethod=:::")
	f.Fuzz(func(t *testing.T, body string) {
		values, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		if why := box.checkInicisForm(values, time.UnixMilli(1775106841435)); why == "" {
			t.Errorf("opened by %q", body)
		}
	})
}
