package sandbox_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

func TestInicisWindowRefusesWhatTheRealOneRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		changes map[string]string
		// resign computes the hashes again after the changes, so that only the field itself is wrong.
		resign bool
		ok     bool
	}{
		{name: "a good form", ok: true},
		{name: "an amount below 1,000 won with below1000", changes: map[string]string{"price": "500"}, resign: true, ok: true},
		{name: "an amount below 1,000 won without below1000", changes: map[string]string{"price": "500", "acceptmethod": "centerCd(Y)"}, resign: true},
		{name: "another signature", changes: map[string]string{"signature": sha("x")}},
		{name: "another verification", changes: map[string]string{"verification": sha("x")}},
		{name: "another mKey", changes: map[string]string{"mKey": sha("x")}},
		{name: "a price that was not signed", changes: map[string]string{"price": "100"}},
		{name: "no chkfake", changes: map[string]string{"use_chkfake": "-"}},
		{name: "no centerCd", changes: map[string]string{"acceptmethod": "below1000"}},
		{name: "centerCd inside another option's parentheses", changes: map[string]string{"acceptmethod": "mallpoint(1:centerCd(Y)):below1000"}},
		{name: "unknown mid", changes: map[string]string{"mid": "nobody0000"}},
		{name: "price with a comma", changes: map[string]string{"price": "64,900"}, resign: true},
		{name: "price with a leading zero", changes: map[string]string{"price": "064900"}, resign: true},
		{name: "price of zero", changes: map[string]string{"price": "0"}, resign: true},
		{name: "timestamp in seconds", changes: map[string]string{"timestamp": "1775106841"}, resign: true},
		{name: "timestamp of long ago", changes: map[string]string{"timestamp": "1361252896871"}, resign: true},
		{name: "order number of 41 characters", changes: map[string]string{"oid": strings.Repeat("a", 41)}, resign: true},
		{name: "order number with Korean", changes: map[string]string{"oid": "주문-1"}, resign: true},
		{name: "goods name over 40 bytes", changes: map[string]string{"goodname": strings.Repeat("의자", 7)}},
		{name: "no buyer name", changes: map[string]string{"buyername": "-"}},
		{name: "no telephone", changes: map[string]string{"buyertel": "-"}},
		{name: "telephone with a plus sign", changes: map[string]string{"buyertel": "+82 10 4242 4242"}},
		{name: "no e-mail", changes: map[string]string{"buyeremail": "-"}},
		{name: "relative return address", changes: map[string]string{"returnUrl": "/return/inicis"}},
		{name: "no return address", changes: map[string]string{"returnUrl": "-"}},
		{name: "unknown method", changes: map[string]string{"gopaymethod": "card"}},
		{name: "easy pay without cardonly", changes: map[string]string{"gopaymethod": "onlykakaopay"}},
		{name: "easy pay with cardonly", changes: map[string]string{"gopaymethod": "onlykakaopay", "acceptmethod": "centerCd(Y):cardonly"}, ok: true},
		{name: "phone without goods type", changes: map[string]string{"gopaymethod": "HPP"}},
		{name: "phone with goods type", changes: map[string]string{"gopaymethod": "HPP", "acceptmethod": "HPP(2):centerCd(Y)"}, ok: true},
		{name: "malformed nointerest", changes: map[string]string{"nointerest": "11-2:3, 34-5"}},
		{name: "good nointerest and quotabase", changes: map[string]string{"nointerest": "11-2:3,34-5:6", "quotabase": "2:3:4"}, ok: true},
		{name: "Korean in merchantData", changes: map[string]string{"merchantData": "주문"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			f := with(w.inicisForm("A-1", "64900"), tt.changes)
			if tt.resign {
				f = w.signForm(f)
			}
			r := w.form("/inicis/window", f)
			if ok := r.status == http.StatusOK && strings.Contains(r.body, `id="pay"`); ok != tt.ok {
				t.Errorf("accepted = %v, want %v: %d %s", ok, tt.ok, r.status, r.body)
			}
			if !tt.ok && !strings.Contains(r.body, "V023") {
				t.Errorf("a refusal must show V023: %s", r.body)
			}
		})
	}
}

func TestInicisWindowRefusesAFieldSentTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := encode(w.inicisForm("A-1", "64900")) + "&price=100"
	if r := w.must(http.MethodPost, "/inicis/window", "application/x-www-form-urlencoded", body, nil); r.status == http.StatusOK {
		t.Errorf("two prices were accepted")
	}
}

func TestInicisAuthResultIsPostedToTheShop(t *testing.T) {
	t.Parallel()
	tests := []struct {
		click string
		code  string
		token bool
	}{{"pay", "0000", true}, {"fail", "0000", true}, {"authfail", "A011", false}, {"cancel", "2001", false}}
	for _, tt := range tests {
		t.Run(tt.click, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			action, got := w.authenticate(w.inicisForm("A-1", "64900"), tt.click)
			if action != "http://gateway.test/return/inicis" {
				t.Errorf("posted to %q", action)
			}
			if got["resultCode"] != tt.code || got["orderNumber"] != "A-1" || got["mid"] != testMID || got["merchantData"] != "opaque-token" || got["charset"] != "UTF-8" {
				t.Errorf("result: %v", got)
			}
			if !tt.token {
				if got["authToken"] != "" || got["authUrl"] != "" {
					t.Errorf("a failed authentication carries a token or address")
				}
				return
			}
			for _, c := range "+/=" {
				if !strings.ContainsRune(got["authToken"], c) {
					t.Errorf("the token lacks %q", c)
				}
			}
			want := map[string]string{"idc_name": "stg", "authUrl": w.url + approvePath, "netCancelUrl": w.url + netCancelPath}
			have := map[string]string{"idc_name": got["idc_name"], "authUrl": got["authUrl"], "netCancelUrl": got["netCancelUrl"]}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInicisCloseURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	click := func(changes map[string]string) reply {
		window := w.form("/inicis/window", with(w.inicisForm("A-1", "64900"), changes))
		act, fields := inputs(window.body)
		fields["action"] = "cancel"
		return w.form(act, fields)
	}
	if r := click(map[string]string{"closeUrl": "http://gateway.test/close"}); r.status != http.StatusSeeOther || r.header.Get("Location") != "http://gateway.test/close" {
		t.Errorf("with a closeUrl: %d %v", r.status, r.header)
	}
	if r := click(map[string]string{"closeUrl": ""}); r.status != http.StatusOK || !strings.Contains(r.body, `id="closed"`) {
		t.Errorf("with an empty closeUrl: %d %s", r.status, r.body)
	}
	if action, _ := inputs(click(nil).body); action != "http://gateway.test/return/inicis" {
		t.Errorf("without a closeUrl: posted to %q", action)
	}
}

func TestInicisWindowIsUsedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	act, fields := inputs(w.form("/inicis/window", w.inicisForm("A-1", "64900")).body)
	fields["action"] = "pay"
	w.form(act, fields)
	if r := w.form(act, fields); r.status != http.StatusGone {
		t.Errorf("a second click answers %d", r.status)
	}
}

func TestInicisApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, _ := w.charge("ORD-20260402-0001_1", "64900")
	ts := w.clock.millis()
	want := map[string]any{
		"resultCode": "0000", "resultMsg": "정상처리되었습니다.", "mid": testMID, "MOID": "ORD-20260402-0001_1",
		"TotPrice": "64900", "payMethod": "Card", "payMethodDetail": "Card", "currency": "WON", "applDate": "20260402",
		"applTime": "141500", "payDevice": "PC", "EventCode": "", "goodName": "노르웨이 회전 의자", "goodsName": "노르웨이 회전 의자",
		"CARD_Num": "427289*********3", "CARD_Code": "14", "CARD_BankCode": "88", "CARD_Quota": "00", "CARD_Interest": "0",
		"CARD_CorpFlag": "0", "CARD_CheckFlag": "0", "CARD_PRTC_CODE": "1", "CARD_SrcCode": "", "CARD_ApplPrice": "64900",
		"CARD_Point": "", "authSignature": sha("TotPrice=64900&tstamp=" + ts + "&MOID=ORD-20260402-0001_1"),
	}
	tid, _ := got["tid"].(string)
	if !regexp.MustCompile(`^StdpayCARDINIpayTest20260402141500\d{6}$`).MatchString(tid) {
		t.Errorf("tid = %q", tid)
	}
	for _, name := range []string{"tid", "applNum", "CARD_ApplNum"} {
		if got[name] == "" || got[name] == nil {
			t.Errorf("%s is missing", name)
		}
		delete(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("approval (-want +got):\n%s", diff)
	}
}

func TestInicisApprovalRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		click   string
		changes map[string]string
		code    string
		// burnt tells that the token cannot be used afterwards.
		burnt bool
	}{
		{name: "another signature", changes: map[string]string{"signature": sha("x")}, code: "500202"},
		{name: "another verification", changes: map[string]string{"verification": sha("x")}, code: "500202"},
		{name: "no verification", changes: map[string]string{"verification": "-"}, code: "500202"},
		{name: "another price", changes: map[string]string{"price": "100"}, code: "500610", burnt: true},
		{name: "a declined card", click: "fail", code: "120016", burnt: true},
		{name: "another merchant", changes: map[string]string{"mid": "iniescrow0"}, code: "500263"},
		{name: "unknown token", changes: map[string]string{"authToken": "x"}, code: "500263"},
		{name: "timestamp that is none", changes: map[string]string{"timestamp": "now"}, code: "V023"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tt.click == "" {
				tt.click = "pay"
			}
			_, result := w.authenticate(w.inicisForm("A-1", "64900"), tt.click)
			got := w.form(approvePath, with(w.approval(result["authToken"]), tt.changes)).object(t)
			if got["resultCode"] != tt.code {
				t.Errorf("resultCode = %v, want %s", got["resultCode"], tt.code)
			}
			again := "0000"
			if tt.burnt {
				again = "R201"
			}
			if got := w.form(approvePath, w.approval(result["authToken"])).object(t); got["resultCode"] != again {
				t.Errorf("afterwards resultCode = %v, want %s", got["resultCode"], again)
			}
		})
	}
}

func TestInicisTokenIsApprovedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, token := w.charge("A-1", "64900")
	if got := w.form(approvePath, w.approval(token)).object(t); got["resultCode"] != "R201" {
		t.Errorf("second approval: %v", got)
	}
	if got := w.box.Ledger(); got.Captured != 64900 || len(got.Entries) != 1 {
		t.Errorf("ledger: %+v", got)
	}
}

func TestInicisTokenLosesItsPlusSignsWhenNotEncoded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, result := w.authenticate(w.inicisForm("A-1", "64900"), "pay")
	f := w.approval(result["authToken"])
	raw := "authToken=" + f["authToken"] + "&" + encode(with(f, map[string]string{"authToken": "-"}))
	r := w.must(http.MethodPost, approvePath, "application/x-www-form-urlencoded", raw, nil)
	if r.object(t)["resultCode"] == "0000" {
		t.Errorf("a token whose plus signs became spaces was approved")
	}
}

func TestInicisAnswersXMLUnlessAskedOtherwise(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"-": "<resultCode>0000</resultCode>", "NVP": "resultCode=0000&", "JSON": `"resultCode":"0000"`} {
		w := newWorld(t)
		_, result := w.authenticate(w.inicisForm("A-1", "64900"), "pay")
		r := w.form(approvePath, with(w.approval(result["authToken"]), map[string]string{"format": format}))
		if !strings.Contains(r.body, want) {
			t.Errorf("format %s: %s", format, r.body)
		}
	}
}

func TestInicisNetCancel(t *testing.T) {
	t.Parallel()
	t.Run("undoes an approval, and says so again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		paid, token := w.charge("A-1", "64900")
		for range 2 {
			got := w.form(netCancelPath, w.approval(token)).object(t)
			want := map[string]any{"resultCode": "0000", "resultMsg": "망취소 처리되었습니다.", "tid": paid["tid"], "mid": testMID, "MOID": "A-1"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("net cancel (-want +got):\n%s", diff)
			}
		}
		if got := w.box.Ledger(); got.Net != 0 || got.Cancelled != 64900 || len(got.Entries) != 2 {
			t.Errorf("ledger: %+v", got)
		}
	})
	t.Run("before the approval makes the token unusable", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, result := w.authenticate(w.inicisForm("A-1", "64900"), "pay")
		if got := w.form(netCancelPath, w.approval(result["authToken"])).object(t); got["resultCode"] != "0000" {
			t.Errorf("net cancel: %v", got)
		}
		if got := w.form(approvePath, w.approval(result["authToken"])).object(t); got["resultCode"] != "R201" {
			t.Errorf("approval afterwards: %v", got)
		}
		if got := w.box.Ledger(); len(got.Entries) != 0 {
			t.Errorf("ledger: %+v", got)
		}
	})
	t.Run("is refused with a wrong signature", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, token := w.charge("A-1", "64900")
		got := w.form(netCancelPath, with(w.approval(token), map[string]string{"verification": sha("x")})).object(t)
		if got["resultCode"] != "500202" || w.box.Ledger().Net != 64900 {
			t.Errorf("net cancel: %v, ledger %+v", got, w.box.Ledger())
		}
	})
	t.Run("is refused after ten minutes", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, token := w.charge("A-1", "64900")
		w.clock.add(10*time.Minute + time.Second)
		if got := w.form(netCancelPath, w.approval(token)).object(t); got["resultCode"] != "500714" {
			t.Errorf("net cancel: %v", got)
		}
		if w.box.Ledger().Net != 64900 {
			t.Errorf("money moved")
		}
	})
	t.Run("is refused after a refund", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		paid, token := w.charge("A-1", "64900")
		w.iniapiV2("refund", "refund", `{"tid":"`+paid["tid"].(string)+`","msg":"고객 요청"}`)
		if got := w.form(netCancelPath, w.approval(token)).object(t); got["resultCode"] != "500626" {
			t.Errorf("net cancel: %v", got)
		}
		if w.box.Ledger().Net != 0 {
			t.Errorf("money was given back twice")
		}
	})
}

func TestInicisAnotherDataCentreIsNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, result := w.authenticate(w.inicisForm("A-1", "64900"), "pay")
	if got := w.form("/inicis/fc/api/payAuth", w.approval(result["authToken"])).object(t); got["resultCode"] != "R101" {
		t.Errorf("approval at fc: %v", got)
	}
	if diff := cmp.Diff([]sandbox.Entry{}, w.box.Ledger().Entries); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
}

func TestInicisMethodsAreToldInTheApproval(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, options, payMethod, tid, field, value string
	}{
		{"onlykakaopay", "centerCd(Y):cardonly", "Card", "StdpayCARD", "CARD_SrcCode", "O"},
		{"onlytosspay", "centerCd(Y):cardonly", "Card", "StdpayCARD", "CARD_SrcCode", "H"},
		{"DirectBank", "centerCd(Y)", "DirectBank", "StdpayDBNK", "ACCT_BankCode", "88"},
		{"HPP", "HPP(2):centerCd(Y)", "HPP", "StdpayHPP_", "HPP_Num", "010****0000"},
		{"Card:DirectBank", "centerCd(Y)", "Card", "StdpayCARD", "CARD_SrcCode", ""},
		{"", "centerCd(Y)", "Card", "StdpayCARD", "CARD_SrcCode", ""},
	}
	for _, tt := range tests {
		t.Run(tt.method, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			form := with(w.inicisForm("A-1", "64900"), map[string]string{"gopaymethod": tt.method, "acceptmethod": tt.options})
			_, result := w.authenticate(form, "pay")
			got := w.form(approvePath, w.approval(result["authToken"])).object(t)
			tid, _ := got["tid"].(string)
			if got["payMethod"] != tt.payMethod || !strings.HasPrefix(tid, tt.tid) || len(tid) != 40 || got[tt.field] != tt.value {
				t.Errorf("approval: %v", got)
			}
		})
	}
}
