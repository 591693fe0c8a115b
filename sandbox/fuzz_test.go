package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
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

// FuzzDeadlines: no deadline makes a window panic, and one that is taken lies ahead.
func FuzzDeadlines(f *testing.F) {
	now := time.UnixMilli(1775106841435)
	for _, seed := range []string{"20260410", "202604101830", "2026-04-10", "2026-04-10 18:30:00", "2026-04-10T18:30:00+09:00", "", ")", "99999999"} {
		f.Add(seed, 24)
	}
	f.Fuzz(func(t *testing.T, text string, hours int) {
		var p v2AccountParams
		p.AccountExpiry.DueDate = text
		if text == "" {
			p.AccountExpiry.ValidHours = &hours
		}
		inicis, ok1 := vbankDue(splitOptions("centerCd(Y):vbank("+text+")"), now)
		v1, ok2 := v1Due(text, now)
		v2, ok3 := p.due(now)
		if (ok1 && !inicis.After(now)) || (ok2 && !v1.After(now)) || (ok3 && !v2.After(now)) {
			t.Errorf("%q, %d hours: %v %v %v", text, hours, inicis, v1, v2)
		}
	})
}

// FuzzDecryptField: nothing that is sent as an encrypted field makes reading it panic.
func FuzzDecryptField(f *testing.F) {
	m := Defaults().Inicis["INIpayTest"]
	for _, seed := range []string{"Pgc+KMLQbOEuvyCwb0ia9Q==", "qwMHVJqsmXKoR+d8wQTS4g==", "", "AAAA", "not base64"} {
		f.Add(m.APIKey, m.APIIV, seed)
	}
	f.Fuzz(func(t *testing.T, key, iv, text string) {
		plain, err := decryptField(key, iv, text)
		if err == nil && len(plain) > len(text) {
			t.Errorf("%q became the longer %q", text, plain)
		}
	})
}

// FuzzLiteForm: no form makes the billing window panic, and none without the INILite key opens it.
func FuzzLiteForm(f *testing.F) {
	box := New(Defaults())
	f.Add("mid=INIBillTst&orderId=A-1&price=0&timestamp=20260402141500&returnUrl=http://gateway.test/&hashdata=00")
	f.Add("mid=INIBillTst&orderId=%ff&timestamp=99999999999999")
	f.Fuzz(func(t *testing.T, body string) {
		values, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		if why := box.checkLite(values, time.UnixMilli(1775106841435)); why == "" {
			t.Errorf("opened by %q", body)
		}
	})
}

// FuzzListQuestions: no question makes a list of V2 panic.
func FuzzListQuestions(f *testing.F) {
	box := New(Defaults())
	f.Add(`{"page":{"number":0,"size":10},"sort":{"by":"ISSUED_AT","order":"DESC"},"filter":{"from":"2026-04-02T00:00:00Z"}}`)
	f.Add(`{"page":{"number":9223372036854775807,"size":2}}`)
	f.Add(`{"size":1,"cursor":"c2VxOjk5"}`)
	f.Fuzz(func(t *testing.T, text string) {
		c := &call{r: httptest.NewRequest(http.MethodGet, "/", nil), body: []byte(text), now: time.UnixMilli(1775106841435)}
		for name, list := range map[string]func(*call) answer{
			"keys": box.v2Keys, "payments": box.v2Payments, "by cursor": box.v2PaymentsByCursor, "events": box.v2EventsByCursor,
			"schedules": box.v2Schedules,
		} {
			if a := list(c); a.status != http.StatusOK && a.status != http.StatusBadRequest && a.status != http.StatusForbidden {
				t.Errorf("%s, %q: %d", name, text, a.status)
			}
		}
	})
}
