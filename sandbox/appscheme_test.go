package sandbox_test

import (
	"crypto/sha512"
	"encoding/base64"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// mobileForm is a form of a phone's window that the stand-in takes, with options of its own in P_RESERVED.
func (w *world) mobileForm(oid, options string) map[string]string {
	const hashKey = "3CB8183A4BE283555ACC8363C0360223"
	stamp := w.clock.millis()
	sum := sha512.Sum512([]byte("64900" + oid + stamp + hashKey))
	return map[string]string{
		"P_INI_PAYMENT": "CARD", "P_MID": testMID, "P_OID": oid, "P_AMT": "64900", "P_GOODS": "chair", "P_UNAME": "hong",
		"P_NEXT_URL": "http://gateway.test/return/inicis/mobile", "P_NOTI": "token", "P_CHARSET": "utf8", "P_TIMESTAMP": stamp,
		"P_CHKFAKE": base64.StdEncoding.EncodeToString(sum[:]), "P_RESERVED": "centerCd=Y&amt_hash=Y" + options,
	}
}

// TestAPhonesWindowShowsTheAppItComesBackTo, and takes it in the form that KG Inicis documents.
func TestAPhonesWindowShowsTheAppItComesBackTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for options, want := range map[string]string{
		"":                                   `id="pay"`,
		"&app_scheme=myshop://":              `<dd id="app-scheme">myshop://</dd>`,
		"&apprun_check=Y":                    `id="pay"`,
		"&app_scheme=myshop":                 "app_scheme은 name:// 꼴",
		"&app_scheme=myshop://pay":           "app_scheme은 name:// 꼴",
		"&app_scheme=my shop://":             "app_scheme은 name:// 꼴",
		"&app_scheme=<script>://":            "app_scheme은 name:// 꼴",
		"&app_scheme=my://&apprun_check=Y":   "함께 쓸 수 없습니다",
		"&apprun_check=Y&app_scheme=shop://": "함께 쓸 수 없습니다",
	} {
		got := w.form("/inicis/smart/payment/", w.mobileForm("ORD-1", options))
		if !strings.Contains(got.body, want) {
			t.Errorf("%q: answered %d %s, want %s", options, got.status, got.body, want)
		}
		if options == "" && strings.Contains(got.body, "app-scheme") {
			t.Error("an app is shown that nobody named")
		}
	}
}

// TestPortOneTakesAnAppInItsForms and shows it in the window that is a page of its own.
func TestPortOneTakesAnAppInItsForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func(version, field, app string, params map[string]any) map[string]any {
		params = maps.Clone(params)
		params[field] = app
		_, win := w.json(http.MethodPost, "/portone/sdk/"+version+"/open",
			map[string]any{"imp_code": "imp00000000", "device": "mobile", "redirect": true, "params": params}, nil)
		return win
	}
	for app, ok := range map[string]bool{
		"": true, "myshop": true, "myshop://": true, "myshop://pay?from=card&x=1": true,
		"my shop": false, "myshop://a b": false, "myshop:x": false, "://": false, `myshop://"`: false, "앱": false, "myshop://<x>": false,
	} {
		v1 := open("v1", "app_scheme", app, v1Params("ORD-V1", 64900))
		v2 := open("v2", "appScheme", app, v2Params("ORD-V2", "channel-key-v2-auto", 64900))
		if (v1["error_code"] == nil) != ok || (v2["code"] == nil) != ok {
			t.Errorf("%q: %v %v, want it taken %v", app, v1, v2, ok)
			continue
		}
		for _, win := range []map[string]any{v1, v2} {
			if !ok || app == "" {
				continue
			}
			page, _ := win["window"].(string)
			got := w.must(http.MethodGet, strings.TrimPrefix(page, w.url), "", "", nil)
			if !strings.Contains(got.body, `id="app-scheme">`+strings.ReplaceAll(app, "&", "&amp;")+"<") {
				t.Errorf("%q is not shown: %s", app, got.body)
			}
		}
	}
}
