package sandbox_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// late is how late the late answers of scenarios are in tests, in milliseconds.
const late = 150

func (w *world) trigger(name string) {
	w.t.Helper()
	if status, got := w.json(http.MethodPost, "/_sandbox/scenarios", map[string]any{"name": name, "delay_ms": late}, nil); status != http.StatusOK {
		w.t.Fatalf("%s: %d %v", name, status, got)
	}
}

// saw is what a client sees of an answer, in short: its status, and the word or code in it.
func saw(r reply, err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "half"
	case err != nil:
		return "lost"
	}
	var body map[string]any
	if json.Unmarshal([]byte(r.body), &body) != nil {
		return codeOf(r) + " no JSON"
	}
	words := []string{codeOf(r)}
	for _, name := range []string{"code", "type", "pgMessage", "message", "resultCode", "resultMsg"} {
		if v := body[name]; v != nil && v != "샌드박스" && !strings.Contains(brief(v), "오류를 전달") {
			words = append(words, brief(v))
		}
	}
	if p, ok := body["response"].(map[string]any); ok && p["fail_reason"] != nil {
		words = append(words, brief(p["fail_reason"]))
	}
	return strings.Join(words, " ")
}

func codeOf(r reply) string { return brief(r.status) }

func brief(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// took tells that an answer took as long as late ones do.
func took(since time.Time) string {
	if time.Since(since) >= late*time.Millisecond {
		return "late "
	}
	return "soon "
}

// stage is a world with something at each PG that can be charged, read and cancelled.
type stage struct {
	*world
	v2Key, imp, token, tid string
	v1                     map[string]string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{world: newWorld(t)}
	s.v2Key = s.v2BillingKey("K-1")
	s.v2Pay(v2Params("PAID", "channel-key-v2-auto", 1000), "pay")
	s.v1Pay(v1KeyParams("K-1", "cust-1"), "pay")
	s.imp = s.v1Pay(v1Params("PAID", 1000), "pay")["imp_uid"].(string)
	s.v1 = s.v1Token()
	paid, _ := s.charge("PAID-I", "1000")
	s.tid = paid["tid"].(string)
	_, result := s.authenticate(s.inicisForm("A-1", "1000"), "pay")
	s.token = result["authToken"]
	return s
}

func (s *stage) v2(method, path string, body any) string {
	return saw(s.do(method, "/portone/v2"+path, "application/json", brief(body), v2Header("")))
}

func (s *stage) v2ChargeIt() string {
	return s.v2(http.MethodPost, "/payments/A-1/billing-key", v2KeySale(s.v2Key, 1000))
}

func (s *stage) v2CancelIt() string {
	return s.v2(http.MethodPost, "/payments/PAID/cancel", map[string]any{"reason": "x"})
}

// v2Field reads a field of the paid payment, nested as the path says.
func (s *stage) v2Field(path ...string) string {
	_, p := s.json(http.MethodGet, v2Root+"PAID", nil, v2Header(""))
	return field(p, path...)
}

func field(v map[string]any, path ...string) string {
	for _, name := range path[:len(path)-1] {
		v, _ = v[name].(map[string]any)
	}
	return brief(v[path[len(path)-1]])
}

func (s *stage) v1Do(method, path string, body any) string {
	return saw(s.do(method, v1API+path, "application/json", brief(body), s.v1))
}

func (s *stage) v1ChargeIt() string {
	return s.v1Do(http.MethodPost, "/subscribe/payments/again", again("SUB-1", 1000))
}

func (s *stage) v1CancelIt() string {
	return s.v1Do(http.MethodPost, "/payments/cancel", map[string]any{"imp_uid": s.imp})
}

func (s *stage) v1Read() string {
	return s.v1Do(http.MethodGet, "/payments/"+s.imp+"?include_sandbox=true", nil)
}

func (s *stage) v1Field(name string) string {
	_, p := s.json(http.MethodGet, v1API+"/payments/"+s.imp+"?include_sandbox=true", nil, s.v1)
	return field(p, "response", name)
}

func (s *stage) approve() string {
	return saw(s.do(http.MethodPost, approvePath, "application/x-www-form-urlencoded", encode(s.approval(s.token)), nil))
}

func (s *stage) netCancel() string {
	return saw(s.do(http.MethodPost, netCancelPath, "application/x-www-form-urlencoded", encode(s.approval(s.token)), nil))
}

func (s *stage) refund() string {
	f := map[string]string{"type": "Refund", "paymethod": "Card", "tid": s.tid, "msg": "x"}
	f["timestamp"], f["clientIp"], f["mid"] = s.clock.Now().Format("20060102150405"), "203.0.113.10", testMID
	plain := testAPIKey
	for _, name := range v1Refund {
		plain += f[name]
	}
	f["hashData"] = sha512x(plain)
	return saw(s.do(http.MethodPost, "/inicis/iniapi/api/v1/refund", "application/x-www-form-urlencoded", encode(f), nil))
}

// inicisChargeIt charges a key of KG Inicis'.
func (s *stage) inicisChargeIt() string {
	key := s.liteKey("K-1")
	return saw(s.do(http.MethodPost, iniapiBilling, "application/x-www-form-urlencoded", encode(s.billing("SUB-1", key)), nil))
}

// gate asks the shop whether a payment may be approved.
func (s *stage) gate() reply {
	id, amount := s.order("G001", "11")
	return s.must(http.MethodPost, "/shop/orders/"+id+"/confirm", "application/json",
		brief(map[string]any{"order_id": id, "attempt_id": "A-1", "pg": "inicis", "method": "card", "amount": amount}), nil)
}

// scenarioEffects is what each scenario does: what a client sees of what it asks, and how the sum of all books, 3000 won
// at the start, stands afterwards.
func scenarioEffects() map[string]struct {
	do   func(*stage) string
	want string
	net  int64
} {
	type effect = struct {
		do   func(*stage) string
		want string
		net  int64
	}
	effects := map[string]effect{
		"calm": {func(s *stage) string { s.trigger("v2_down"); s.trigger("calm"); return s.v2ChargeIt() }, "200", 4000},

		"v2_schedule_declined": {func(s *stage) string {
			s.v2Schedule("A-1", s.v2Key, time.Hour)
			s.clock.add(time.Hour)
			s.box.FireDue()
			_, p := s.json(http.MethodGet, v2Root+"A-1", nil, v2Header(""))
			return field(p, "failure", "reason")
		}, "잔액부족", 3000},
		"v2_key_refused": {func(s *stage) string {
			return s.v2(http.MethodPost, "/billing-keys", map[string]any{
				"channelKey": "channel-key-v2-billing", "method": v2Credential(nil), "customer": v2Buyer(),
			})
		}, "502 PG_PROVIDER 카드번호 오류", 3000},
		"v2_charge_answer_lost":    {(*stage).v2ChargeIt, "lost", 4000},
		"v2_charge_request_lost":   {(*stage).v2ChargeIt, "lost", 3000},
		"v2_charge_half_answer":    {(*stage).v2ChargeIt, "half", 4000},
		"v2_charge_slow":           {func(s *stage) string { at := time.Now(); seen := s.v2ChargeIt(); return took(at) + seen }, "late 200", 4000},
		"v2_charge_late":           {func(s *stage) string { at := time.Now(); seen := s.v2ChargeIt(); return took(at) + seen }, "late 200", 4000},
		"v2_bare_502":              {(*stage).v2ChargeIt, "502 no JSON", 3000},
		"v2_bare_502_after_charge": {(*stage).v2ChargeIt, "502 no JSON", 4000},
		"v2_already_paid":          {(*stage).v2ChargeIt, "409 ALREADY_PAID", 3000},
		"v2_request_outstanding":   {(*stage).v2ChargeIt, "409 IDEMPOTENCY_OUTSTANDING_REQUEST", 3000},
		"v2_key_gone":              {(*stage).v2ChargeIt, "404 BILLING_KEY_NOT_FOUND", 3000},
		"v2_too_many_requests": {func(s *stage) string {
			return s.v2ChargeIt() + s.v2CancelIt() + s.v2ChargeIt() + " " + s.v2ChargeIt()
		}, "429 TOO_MANY_REQUESTS429 TOO_MANY_REQUESTS429 TOO_MANY_REQUESTS 200", 4000},
		"v2_secret_refused":       {(*stage).v2ChargeIt, "401 UNAUTHORIZED", 3000},
		"v2_down":                 {func(s *stage) string { s.v2ChargeIt(); return s.v2CancelIt() }, "503 no JSON", 3000},
		"v2_cancel_answer_lost":   {(*stage).v2CancelIt, "lost", 2000},
		"v2_cancel_stale_balance": {(*stage).v2CancelIt, "409 CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN", 3000},
		"v2_cancel_refused":       {(*stage).v2CancelIt, "502 PG_PROVIDER 정산 처리 중입니다", 3000},
		"v2_cancel_later": {func(s *stage) string {
			s.v2CancelIt()
			before := s.v2Field("status")
			s.box.FinishCancels("")
			return before + " " + s.v2Field("status")
		}, "PAID CANCELLED", 2000},
		"v2_cancel_later_fails": {func(s *stage) string {
			s.v2CancelIt()
			s.box.FinishCancels("")
			return s.v2Field("status")
		}, "PAID", 3000},
		"v2_lookup_down": {func(s *stage) string {
			read := func() string { return s.v2(http.MethodGet, "/payments/PAID", nil) }
			return read() + read() + read() + " " + s.v2Field("status")
		}, "500 no JSON500 no JSON500 no JSON PAID", 3000},
		"v2_lookup_not_found": {func(s *stage) string {
			return s.v2(http.MethodGet, "/payments/PAID", nil) + " " + s.v2Field("status")
		}, "404 PAYMENT_NOT_FOUND PAID", 3000},
		"v2_lookup_wrong_amount": {func(s *stage) string { return s.v2Field("amount", "total") }, "2000", 3000},
		"v2_lookup_wrong_mode":   {func(s *stage) string { return s.v2Field("channel", "type") }, "LIVE", 3000},
		"v2_lookup_wrong_mid":    {func(s *stage) string { return s.v2Field("channel", "pgMerchantId") }, "WRONGMID00", 3000},
		"v2_list_garbage":        {func(s *stage) string { return s.v2(http.MethodGet, "/payments", nil) }, "200 no JSON", 3000},
		"v2_prepare_refused_twice": {func(s *stage) string {
			prepare := func() string {
				return s.v2(http.MethodPost, "/payments/A-1/pre-register", map[string]any{"totalAmount": 1})
			}
			return prepare() + prepare() + " " + prepare()
		}, "409 ALREADY_PAID409 ALREADY_PAID 200", 3000},

		"v1_schedule_declined": {func(s *stage) string {
			s.v1Schedule(s.scheduled("SUB-1", time.Hour))
			s.clock.add(time.Hour)
			s.box.FireDue()
			s.v1 = s.v1Token()
			_, p := s.json(http.MethodGet, v1API+"/payments/find/SUB-1", nil, s.v1)
			return field(p, "response", "fail_reason")
		}, "잔액부족", 3000},
		"v1_charge_answer_lost":    {(*stage).v1ChargeIt, "lost", 4000},
		"v1_charge_request_lost":   {(*stage).v1ChargeIt, "lost", 3000},
		"v1_charge_slow":           {func(s *stage) string { at := time.Now(); seen := s.v1ChargeIt(); return took(at) + seen }, "late 200 0", 4000},
		"v1_bare_502_after_charge": {(*stage).v1ChargeIt, "502 no JSON", 4000},
		"v1_uid_used":              {(*stage).v1ChargeIt, "200 1 이미 결제가 이루어진 merchant_uid입니다.", 3000},
		"v1_too_many_requests": {func(s *stage) string {
			return s.v1ChargeIt() + s.v1CancelIt() + s.v1Read() + " " + s.v1ChargeIt()
		}, "429 -1 요청이 너무 많습니다.429 -1 요청이 너무 많습니다.429 -1 요청이 너무 많습니다. 200 0", 4000},
		"v1_token_expired": {func(s *stage) string { return s.v1ChargeIt() + " " + s.v1ChargeIt() }, "401 -1 Unauthorized 200 0", 4000},
		"v1_token_down": {func(s *stage) string {
			return s.v1Do(http.MethodPost, "/users/getToken", map[string]any{"imp_key": "sandbox-imp-key", "imp_secret": "sandbox-imp-secret"})
		}, "500 no JSON", 3000},
		"v1_down":                  {func(s *stage) string { s.v1ChargeIt(); return s.v1CancelIt() }, "503 no JSON", 3000},
		"v1_cancel_answer_lost":    {(*stage).v1CancelIt, "lost", 2000},
		"v1_cancel_stale_checksum": {(*stage).v1CancelIt, "200 1 취소 후 잔액과 checksum이 일치하지 않습니다.", 3000},
		"v1_lookup_not_found":      {func(s *stage) string { return s.v1Read() + " " + s.v1Field("status") }, "404 -1 존재하지 않는 결제정보입니다. paid", 3000},
		"v1_lookup_wrong_amount":   {func(s *stage) string { return s.v1Field("amount") }, "2000", 3000},
		"v1_lookup_wrong_mode":     {func(s *stage) string { return s.v1Field("sandbox") }, "false", 3000},
		"v1_prepare_refused_twice": {func(s *stage) string {
			prepare := func() string {
				return s.v1Do(http.MethodPost, "/payments/prepare", map[string]any{"merchant_uid": "A-1", "amount": 1000})
			}
			return prepare()[:5] + prepare()[:5] + " " + prepare()
		}, "200 1200 1 200 0", 3000},
		"v1_list_down": {func(s *stage) string { return s.v1Do(http.MethodGet, "/payments/status/paid", nil) }, "500 no JSON", 3000},

		"inicis_approve_answer_lost":  {(*stage).approve, "lost", 4000},
		"inicis_approve_request_lost": {(*stage).approve, "lost", 3000},
		"inicis_approve_slow":         {func(s *stage) string { at := time.Now(); s.approve(); return took(at) }, "late ", 4000},
		"inicis_approve_late":         {func(s *stage) string { at := time.Now(); s.approve(); return took(at) }, "late ", 4000},
		"inicis_approve_wrong_amount": {func(s *stage) string {
			return field(s.form(approvePath, s.approval(s.token)).object(s.t), "TotPrice")
		}, "2000", 4000},
		"inicis_approve_garbage":     {(*stage).approve, "200 no JSON", 4000},
		"inicis_net_cancel_lost_too": {func(s *stage) string { return s.approve() + s.netCancel() }, "lostlost", 3000},
		"inicis_refund_answer_lost":  {(*stage).refund, "lost", 2000},
		"inicis_charge_answer_lost":  {(*stage).inicisChargeIt, "lost", 4000},
		"inicis_charge_request_lost": {(*stage).inicisChargeIt, "lost", 3000},
		"inicis_inquiry_down": {func(s *stage) string {
			return codeOf(s.form("/inicis/iniapi/api/v1/extra", map[string]string{"type": "Extra"}))
		}, "500", 3000},
		"inicis_down": {func(s *stage) string { s.approve(); return s.approve() }, "500 no JSON", 3000},

		"shop_refuses": {func(s *stage) string { return field(s.gate().object(s.t), "confirm") }, "false", 3000},
		"shop_down":    {func(s *stage) string { return saw(s.gate(), nil) }, "503 no JSON", 3000},
		"shop_slow": {func(s *stage) string {
			at := time.Now()
			seen := field(s.gate().object(s.t), "confirm")
			return took(at) + seen
		}, "late true", 3000},
		"shop_events_refused": {func(s *stage) string { return codeOf(s.event("e-1", "payment.confirmed", "x", "A-1", "inicis", 1)) }, "500", 3000},
		"shop_lookup_down":    {func(s *stage) string { return codeOf(s.must(http.MethodGet, "/shop/orders/x", "", "", nil)) }, "500", 3000},
	}
	for prefix, charge := range map[string]struct {
		do     func(*stage) string
		before string
	}{"v2_": {(*stage).v2ChargeIt, "502 PG_PROVIDER "}, "v1_": {(*stage).v1ChargeIt, "200 0 "}} {
		for name, words := range declined() {
			effects[prefix+name] = effect{charge.do, charge.before + words, 3000}
		}
	}
	for name, words := range declined() {
		effects["inicis_"+name] = effect{(*stage).approve, "200 120016 " + words + " (120016)", 3000}
	}
	return effects
}

func declined() map[string]string {
	return map[string]string{
		"declined_limit": "한도초과", "declined_funds": "잔액부족", "card_expired": "유효기간 경과 카드", "card_stolen": "분실·도난 카드",
		"card_suspended": "거래정지 카드", "card_number_wrong": "카드번호 오류", "issuer_busy": "카드사 시스템 장애, 잠시 후 다시 시도하십시오",
	}
}

func TestEveryScenarioDoesWhatItSays(t *testing.T) {
	t.Parallel()
	effects := scenarioEffects()
	for _, x := range sandbox.Scenarios() {
		if strings.HasPrefix(x.Name, "webhook_") {
			continue
		}
		t.Run(x.Name, func(t *testing.T) {
			t.Parallel()
			effect, ok := effects[x.Name]
			if !ok {
				t.Fatal("no test sees what it does")
			}
			s := newStage(t)
			s.trigger(x.Name)
			if seen := effect.do(s); seen != effect.want || int64(s.box.Ledger().Net) != effect.net {
				t.Errorf("saw %q, want %q; the books stand at %d, want %d", seen, effect.want, s.box.Ledger().Net, effect.net)
			}
		})
	}
	if n := len(sandbox.Scenarios()); n < 40 {
		t.Errorf("%d scenarios", n)
	}
}

// TestWebhookScenarios charges once in each, with a receiver that notes what comes.
func TestWebhookScenarios(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"webhook_twice": {"answer", "Transaction.Paid", "Transaction.Paid"}, "webhook_before_answer": {"Transaction.Paid", "answer"},
		"webhook_never": {"answer"}, "webhook_late": {"answer", "Transaction.Paid"}, "webhook_forged": {"answer", "Transaction.Paid forged"},
		"webhook_stale":        {"answer", "Transaction.Paid stale"},
		"webhook_unknown_kind": {"answer", "Transaction.Teleported", "Transaction.Paid"},
		"webhook_of_stranger":  {"answer", "Transaction.Paid of payment-of-a-stranger", "Transaction.Paid"},
	}
	for _, x := range sandbox.Scenarios() {
		if !strings.HasPrefix(x.Name, "webhook_") {
			continue
		}
		t.Run(x.Name, func(t *testing.T) {
			t.Parallel()
			w, rec := notedWorld(t)
			body := v2KeySale(w.v2BillingKey("K-1"), 1000)
			body["noticeUrls"] = []string{rec.url}
			w.trigger(x.Name)
			began := time.Now()
			if status, got := w.v2Charge("A-1", body, ""); status != http.StatusOK {
				t.Fatalf("charge: %d %v", status, got)
			}
			rec.note("answer")
			w.box.WaitNotices()
			if x.Name == "webhook_late" && took(began) != "late " {
				t.Error("it came soon")
			}
			if diff := cmp.Diff(want[x.Name], rec.notes()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestARequestAsksForAFault(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header map[string]string
		want   string
		net    int64
	}{
		{map[string]string{"X-Sandbox-Fault": "drop_after_commit"}, "lost", 4000},
		{map[string]string{"X-Sandbox-Fault": "status; status=429"}, "429 no JSON", 3000},
		{map[string]string{"X-Sandbox-Fault": "decline;reason=stolen"}, "502 PG_PROVIDER 분실·도난 카드", 3000},
		{map[string]string{"X-Sandbox-Scenario": "v2_bare_502_after_charge"}, "502 no JSON", 4000},
		{map[string]string{"X-Sandbox-Scenario": "v2_charge_slow; delay_ms=1"}, "200", 4000},
		{map[string]string{"X-Sandbox-Scenario": "webhook_twice"}, "200", 4000},
		{map[string]string{"X-Sandbox-Fault": "explode"}, "400", 3000},
		{map[string]string{"X-Sandbox-Fault": "status; status=many"}, "400", 3000},
		{map[string]string{"X-Sandbox-Fault": "status; colour=red"}, "400", 3000},
		{map[string]string{"X-Sandbox-Scenario": "nothing"}, "400", 3000},
		{map[string]string{"X-Sandbox-Scenario": "v1_down"}, "400", 3000},
		{map[string]string{"X-Sandbox-Scenario": "v2_cancel_refused"}, "400", 3000},
	}
	for _, tt := range tests {
		t.Run(brief(tt.header), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			header := v2Header("")
			maps.Copy(header, tt.header)
			seen := saw(s.do(http.MethodPost, v2Root+"A-1/billing-key", "application/json", brief(v2KeySale(s.v2Key, 1000)), header))
			if seen != tt.want || int64(s.box.Ledger().Net) != tt.net {
				t.Errorf("saw %q, the books stand at %d", seen, s.box.Ledger().Net)
			}
			// It was for that request alone.
			if seen := s.v2(http.MethodPost, "/payments/A-2/billing-key", v2KeySale(s.v2Key, 1000)); seen != "200" {
				t.Errorf("the next one saw %q", seen)
			}
		})
	}
}

func TestScenariosAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, got := w.json(http.MethodGet, "/_sandbox/scenarios", nil, nil)
	var names []string
	for _, x := range got["scenarios"].([]any) {
		x := x.(map[string]any)
		names = append(names, x["name"].(string))
		if about := x["about"].(string); !strings.HasSuffix(about, ".") {
			t.Errorf("%s: %q is no sentence", x["name"], about)
		}
	}
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(names) || len(names) < 40 {
		t.Errorf("%d names, some twice", len(names))
	}
	if status, _ := w.json(http.MethodPost, "/_sandbox/scenarios", map[string]any{"name": "nothing"}, nil); status != http.StatusBadRequest {
		t.Errorf("an unknown one: %d", status)
	}
}
