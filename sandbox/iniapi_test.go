package sandbox_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// iniapiV1 signs an INIAPI v1 request over the named fields.
func (w *world) iniapiV1(path string, f map[string]string, order ...string) map[string]any {
	w.t.Helper()
	f["timestamp"], f["clientIp"], f["mid"] = w.clock.Now().Format("20060102150405"), "203.0.113.10", testMID
	plain := testAPIKey
	for _, name := range order {
		plain += f[name]
	}
	if f["hashData"] == "" {
		f["hashData"] = sha512x(plain)
	}
	return w.form("/inicis/iniapi/api/v1/"+path, f).object(w.t)
}

var (
	v1Common  = []string{"type", "paymethod", "timestamp", "clientIp", "mid"}
	v1Refund  = append(append([]string{}, v1Common...), "tid")
	v1Partial = append(append([]string{}, v1Refund...), "price", "confirmPrice")
)

func TestINIAPIInquiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v1 := func(oid string) any {
		return w.iniapiV1("extra", map[string]string{"type": "Extra", "paymethod": "Inquiry", "oid": oid}, v1Common...)["status"]
	}
	v2 := func(oid string) map[string]any { return w.iniapiV2("inquiry", "inquiry", `{"oid":"`+oid+`"}`) }
	if got := v1("A-1"); got != "9" {
		t.Errorf("v1 status of nothing = %v", got)
	}
	if got := v2("A-1"); got["resultCode"] != "01" || got["detailResultCode"] != "500623" {
		t.Errorf("v2 of nothing = %v", got)
	}
	paid, _ := w.charge("A-1", "64900")
	if got := v1("A-1"); got != "0" {
		t.Errorf("v1 status = %v", got)
	}
	want := map[string]any{
		"resultCode": "SUCCESS", "resultMsg": "정상처리되었습니다.", "mid": testMID, "tid": paid["tid"], "oid": "A-1", "price": "64900",
		"paymethod": "Card", "transactionStatus": "APPROVAL", "approvedDate": "20260402", "approvedTime": "141500",
		"cancelDate": "", "cancelTime": "", "availablePartCancelPrice": "64900", "partCancelTransInfo": []any{},
		"cardInfo": map[string]any{"currencyCode": "WON", "approvedNumber": "30012345"}, "cashReceiptInfo": nil,
	}
	if diff := cmp.Diff(want, v2("A-1")); diff != "" {
		t.Errorf("v2 (-want +got):\n%s", diff)
	}
	tid := paid["tid"].(string)
	w.iniapiV2("partialRefund", "partialRefund", `{"tid":"`+tid+`","msg":"부분","price":"900","confirmPrice":"64000","currency":"WON"}`)
	if got := v2("A-1"); got["transactionStatus"] != "PART_CANCEL" || got["availablePartCancelPrice"] != "64000" || len(got["partCancelTransInfo"].([]any)) != 1 {
		t.Errorf("after a partial refund: %v", got)
	}
	w.iniapiV2("refund", "refund", `{"tid":"`+tid+`","msg":"전체"}`)
	if got := v2("A-1"); got["transactionStatus"] != "CANCEL" || got["availablePartCancelPrice"] != "0" {
		t.Errorf("after a refund: %v", got)
	}
	if got := v1("A-1"); got != "1" {
		t.Errorf("v1 status after a refund = %v", got)
	}
}

func TestINIAPIRefunds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		call func(w *world, tid string) map[string]any
		code string
		net  int64
	}{
		{"v1 full", func(w *world, tid string) map[string]any {
			return w.iniapiV1("refund", map[string]string{"type": "Refund", "paymethod": "Card", "tid": tid, "msg": "x"}, v1Refund...)
		}, "00", 0},
		{"v1 partial", func(w *world, tid string) map[string]any {
			return w.iniapiV1("refund", map[string]string{"type": "PartialRefund", "paymethod": "Card", "tid": tid, "price": "300", "confirmPrice": "700"}, v1Partial...)
		}, "00", 700},
		{"v1 with another payment method", func(w *world, tid string) map[string]any {
			return w.iniapiV1("refund", map[string]string{"type": "Refund", "paymethod": "Acct", "tid": tid}, v1Refund...)
		}, "500625", 1000},
		{"v1 with a wrong hash", func(w *world, tid string) map[string]any {
			return w.iniapiV1("refund", map[string]string{"type": "Refund", "paymethod": "Card", "tid": tid, "hashData": sha512x("x")}, v1Refund...)
		}, "500202", 1000},
		{"v2 full", func(w *world, tid string) map[string]any {
			return w.iniapiV2("refund", "refund", `{"tid":"`+tid+`","msg":"A/S 환불"}`)
		}, "00", 0},
		{"v2 partial", func(w *world, tid string) map[string]any {
			return w.iniapiV2("partialRefund", "partialRefund", `{"tid":"`+tid+`","msg":"x","price":"300","confirmPrice":"700"}`)
		}, "00", 700},
		{"v2 partial with a stale confirmPrice", func(w *world, tid string) map[string]any {
			return w.iniapiV2("partialRefund", "partialRefund", `{"tid":"`+tid+`","msg":"x","price":"300","confirmPrice":"600"}`)
		}, "500703", 1000},
		{"v2 partial of everything", func(w *world, tid string) map[string]any {
			return w.iniapiV2("partialRefund", "partialRefund", `{"tid":"`+tid+`","msg":"x","price":"1000","confirmPrice":"0"}`)
		}, "500749", 1000},
		{"v2 partial of nothing", func(w *world, tid string) map[string]any {
			return w.iniapiV2("partialRefund", "partialRefund", `{"tid":"`+tid+`","msg":"x","price":"0","confirmPrice":"1000"}`)
		}, "500701", 1000},
		{"v2 of an unknown payment", func(w *world, _ string) map[string]any {
			return w.iniapiV2("refund", "refund", `{"tid":"StdpayCARDINIpayTest20260402141359123456","msg":"x"}`)
		}, "500623", 1000},
		{"v2 with the type of another path", func(w *world, tid string) map[string]any {
			return w.iniapiV2("refund", "partialRefund", `{"tid":"`+tid+`","msg":"x"}`)
		}, "500251", 1000},
		{"v2 hashed over HTML escapes", func(w *world, tid string) map[string]any {
			return w.iniapiV2("refund", "refund", `{"tid":"`+tid+`","msg":"A \u0026 B"}`)
		}, "500202", 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			paid, _ := w.charge("A-1", "1000")
			got := tt.call(w, paid["tid"].(string))
			code := got["resultCode"]
			if code == "01" {
				code = got["detailResultCode"]
			}
			if code != tt.code || int64(w.box.Ledger().Net) != tt.net {
				t.Errorf("got %v, net %d; want %s, net %d", got, w.box.Ledger().Net, tt.code, tt.net)
			}
		})
	}
}

func TestINIAPIRefundTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	paid, _ := w.charge("A-1", "1000")
	data := `{"tid":"` + paid["tid"].(string) + `","msg":"x"}`
	w.iniapiV2("refund", "refund", data)
	if got := w.iniapiV2("refund", "refund", data); got["resultCode"] != "01" || got["detailResultCode"] != "500626" {
		t.Errorf("second refund: %v", got)
	}
	if got := w.box.Ledger(); got.Cancelled != 1000 {
		t.Errorf("ledger: %+v", got)
	}
}

func TestINIAPIPartialRefundSpendsTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	paid, _ := w.charge("A-1", "1000")
	tid := paid["tid"].(string)
	first := w.iniapiV2("partialRefund", "partialRefund", `{"tid":"`+tid+`","msg":"x","price":"300","confirmPrice":"700"}`)
	if first["prtcTid"] != tid || first["prtcPrice"] != "300" || first["prtcRemains"] != "700" || first["prtcCnt"] != "1" || first["tid"] == tid {
		t.Errorf("first: %v", first)
	}
	if again := w.iniapiV2("partialRefund", "partialRefund", `{"tid":"`+tid+`","msg":"x","price":"300","confirmPrice":"700"}`); again["detailResultCode"] != "500703" {
		t.Errorf("the same partial refund again: %v", again)
	}
	if rest := w.iniapiV2("refund", "refund", `{"tid":"`+tid+`","msg":"x"}`); rest["resultCode"] != "00" {
		t.Errorf("the rest: %v", rest)
	}
	if got := w.box.Ledger(); got.Net != 0 || got.Cancelled != 1000 {
		t.Errorf("ledger: %+v", got)
	}
}
