package sandbox

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/korean"
)

// issueAccount issues a virtual account through a PG's window; Inicis' by its approval.
func issueAccount(t *testing.T, s *Sandbox, base, version, shop string) {
	t.Helper()
	if version == "inicis" {
		s.mu.Lock()
		defer s.mu.Unlock()
		now := s.cfg.Now()
		tx := &inicisTx{tid: s.transactionID("VBNK", "INIpayTest", now), mid: "INIpayTest", oid: "A1", method: methodVBank, price: 1000, at: now}
		s.inicis.txs.put(tx.tid, tx)
		s.inicis.byOrder.put("INIpayTest/A1", tx)
		s.inicisIssue(tx, &inicisWindow{due: now.Add(time.Hour)})
		return
	}
	params := map[string]any{
		"channelKey": "channel-key-v1-inicis", "pay_method": "vbank", "merchant_uid": "A1", "name": "연필", "amount": 1000,
		"buyer_tel": "010-4242-4242", "notice_url": shop + "/notice",
	}
	if version == "v2" {
		params = map[string]any{
			"storeId": "store-sandbox", "channelKey": "channel-key-v2-auto", "paymentId": "A1", "orderName": "연필", "totalAmount": 1000,
			"currency": "KRW", "payMethod": "VIRTUAL_ACCOUNT", "noticeUrls": []string{shop + "/notice"},
			"customer": map[string]any{"fullName": "홍길동", "phoneNumber": "010-4242-4242", "email": "gildong@example.com"},
		}
	}
	open := sdkCall(t, base+"/portone/sdk/"+version+"/open", map[string]any{"imp_code": "imp00000000", "device": "pc", "params": params})
	if open["key"] == nil {
		t.Fatalf("the window did not open: %v", open)
	}
	sdkCall(t, base+"/portone/sdk/"+version+"/act", map[string]any{"key": open["key"], "action": "pay"})
}

func TestDepositsAreTold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		version string
		want    []string
	}{
		{"inicis", []string{"amt_input=1000", "amt_input=1000"}},
		{"v1", []string{`"status":"ready"`, `"status":"paid"`, `"status":"paid"`}},
		{"v2", []string{"Transaction.Ready", "Transaction.VirtualAccountIssued", "Transaction.Paid", "Transaction.Paid"}},
	}
	for _, tt := range tests {
		t.Run(tt.version, func(t *testing.T) {
			t.Parallel()
			s, base, rec, shop := hooked(t, nil)
			rec.answer = "OK"
			if err := s.SetInicisNotice("", shop+"/hooks/inicis/deposit"); err != nil {
				t.Fatal(err)
			}
			if err := s.SetNotices(NoticeBefore); err != nil {
				t.Fatal(err)
			}
			issueAccount(t, s, base, tt.version, shop)
			if err := s.Deposit(Deposit{Ref: "A1", Times: 2}); err != nil {
				t.Fatal(err)
			}
			got := rec.bodies()
			if len(got) != len(tt.want) {
				t.Fatalf("sent %q", got)
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("sent %q, want %s", got[i], want)
				}
			}
		})
	}
}

func TestInicisDepositNotice(t *testing.T) {
	t.Parallel()
	s, base, rec, shop := hooked(t, func(c *Config) { c.InicisRetryUnit = 0 })
	for _, bad := range []string{"x", "/hooks", "ftp://shop.test/"} {
		if err := s.SetInicisNotice("INIpayTest", bad); err == nil {
			t.Errorf("%q was taken as an address", bad)
		}
	}
	rsp := sdkCall(t, base+"/_sandbox/notices", map[string]any{"mid": "INIpayTest", "url": shop + "/deposit"})
	issueAccount(t, s, base, "inicis", shop)
	if err := s.Deposit(Deposit{Ref: "A1"}); err != nil {
		t.Fatal(err)
	}
	s.WaitNotices()
	got := rec.bodies()
	if len(got) != 1 {
		t.Fatalf("%v: sent %q", rsp, got)
	}
	form, err := url.ParseQuery(got[0])
	if err != nil {
		t.Fatal(err)
	}
	bank, err := korean.EUCKR.NewDecoder().String(form.Get("nm_inputbank"))
	if err != nil || strings.TrimSpace(bank) != bankName {
		t.Errorf("bank %q: %v", bank, err)
	}
	account := s.Accounts()[0]
	for field, want := range map[string]string{
		"no_oid": "A1", "id_merchant": "INIpayTest", "no_vacct": account.Number, "cd_bank": "00000088", "type_msg": "0200",
	} {
		if strings.TrimSpace(form.Get(field)) != want {
			t.Errorf("%s = %q, want %s", field, form.Get(field), want)
		}
	}
	if tid := form.Get("no_tid"); !strings.HasPrefix(tid, "ININPGVBNKINIpayTest") || len(tid) != 40 || tid == form.Get("no_req_tid") {
		t.Errorf("deposit TID %s", tid)
	}
}

// Anything but exactly OK is a failure: ten more tries.
func TestInicisTellsUntilItHearsOK(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]int{"OK": 1, "OK\n": 11, "<OK>": 11, "": 11} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			s, base, rec, shop := hooked(t, func(c *Config) { c.InicisRetryUnit = 10 * time.Microsecond })
			rec.answer = answer
			if err := s.SetInicisNotice("", shop); err != nil {
				t.Fatal(err)
			}
			issueAccount(t, s, base, "inicis", shop)
			if err := s.Deposit(Deposit{Ref: "A1"}); err != nil {
				t.Fatal(err)
			}
			s.WaitNotices()
			if got := rec.bodies(); len(got) != want || len(slices.Compact(got)) != 1 {
				t.Errorf("sent %d times", len(got))
			}
		})
	}
}

func TestConsoleCancelsAreTold(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"v1": {`"status":"paid"`, `"cancellation_id"`, `"status":"cancelled"`},
		"v2": {"Transaction.Ready", "Transaction.Paid", "Transaction.PartialCancelled", "Transaction.Cancelled"},
	}
	for version, want := range tests {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s, base, rec, shop := hooked(t, nil)
			if err := s.SetNotices(NoticeBefore); err != nil {
				t.Fatal(err)
			}
			buy(t, version, base, shop, "pay", false)
			for _, x := range []map[string]any{{"ref": "A1", "amount": 400}, {"ref": "A1"}} {
				if rsp := sdkCall(t, base+"/_sandbox/console/cancel", x); rsp["ok"] != true {
					t.Fatalf("%v: %v", x, rsp)
				}
			}
			got := rec.bodies()
			if len(got) != len(want) {
				t.Fatalf("sent %q", got)
			}
			for i, w := range want {
				if !strings.Contains(got[i], w) {
					t.Errorf("sent %q, want %s", got[i], w)
				}
			}
			if l := s.Ledger(); l.Net != 0 || l.Entries[1].Amount != 400 || l.Entries[1].By != "console" {
				t.Errorf("ledger %+v", l)
			}
			for _, x := range []ConsoleCancel{{Ref: "A1"}, {Ref: "A1", Amount: -1}, {Ref: "A9"}, {Ref: "A9", Surplus: true}} {
				if err := s.ConsoleCancel(x); err == nil {
					t.Errorf("%+v was done", x)
				}
			}
		})
	}
}

func TestV1TellsOfItsOwnCancelsOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	s, base, rec, shop := hooked(t, nil)
	if err := s.SetNotices(NoticeBefore); err != nil {
		t.Fatal(err)
	}
	buy(t, "v1", base, shop, "pay", false)
	token := sdkCall(t, base+"/portone/v1/users/getToken", map[string]any{"imp_key": "sandbox-imp-key", "imp_secret": "sandbox-imp-secret"})
	for i, ask := range []bool{false, true} {
		body := mustJSON(map[string]any{"merchant_uid": "A1", "amount": 100, "reason": "x", "enable_webhook": ask})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/portone/v1/payments/cancel", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", token["response"].(map[string]any)["access_token"].(string))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := len(rec.bodies()); got != 1+i {
			t.Errorf("enable_webhook %v: %d messages", ask, got)
		}
	}
}

func TestV1TellsOfEscrow(t *testing.T) {
	t.Parallel()
	s, base, rec, shop := hooked(t, nil)
	if err := s.SetNotices(NoticeBefore); err != nil {
		t.Fatal(err)
	}
	params := map[string]any{
		"channelKey": "channel-key-v1-inicis", "pay_method": "card", "merchant_uid": "A1", "name": "연필", "amount": 1000,
		"buyer_tel": "010-4242-4242", "notice_url": shop + "/notice", "escrow": true,
	}
	open := sdkCall(t, base+"/portone/sdk/v1/open", map[string]any{"imp_code": "imp00000000", "params": params})
	sdkCall(t, base+"/portone/sdk/v1/act", map[string]any{"key": open["key"], "action": "pay"})
	for _, bad := range []map[string]any{{"ref": "A1", "status": "5"}, {"ref": "A9", "status": "2"}} {
		if rsp := sdkCall(t, base+"/_sandbox/escrow", bad); rsp["ok"] == true {
			t.Errorf("%v was taken", bad)
		}
	}
	if rsp := sdkCall(t, base+"/_sandbox/escrow", map[string]any{"ref": "A1", "status": "3"}); rsp["ok"] != true {
		t.Fatal(rsp)
	}
	got := rec.bodies()
	if len(got) != 2 || !strings.Contains(got[1], `"event":"Inicis.Escrow.Changed"`) || !strings.Contains(got[1], `"escrow_status":"3"`) {
		t.Errorf("sent %q", got)
	}
}

func TestV2CancelsThatEndLater(t *testing.T) {
	t.Parallel()
	for mode, want := range map[CancelMode]string{CancelLater: "Transaction.Cancelled", CancelLaterFails: ""} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s, base, rec, shop := hooked(t, nil)
			if err := s.SetNotices(NoticeBefore); err != nil {
				t.Fatal(err)
			}
			if err := s.SetCancels("perhaps", 0); err == nil {
				t.Error("an unknown mode was taken")
			}
			if rsp := sdkCall(t, base+"/_sandbox/cancels", map[string]any{"v2": mode}); rsp["ok"] != true {
				t.Fatal(rsp)
			}
			buy(t, "v2", base, shop, "pay", false)
			cancel := func() string {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/portone/v2/payments/A1/cancel", strings.NewReader(`{"reason":"x"}`))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "PortOne sandbox-v2-secret")
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = res.Body.Close() }()
				return readAll(t, res)
			}
			if got := cancel(); !strings.Contains(got, `"status":"REQUESTED"`) || s.Ledger().Cancelled != 0 {
				t.Errorf("asked: %s, %+v", got, s.Ledger())
			}
			if got := cancel(); !strings.Contains(got, "PAYMENT_ALREADY_CANCELLED") {
				t.Errorf("asked for the same money again: %s", got)
			}
			sdkCall(t, base+"/_sandbox/cancels/finish", map[string]any{"ref": "A9"})
			if s.Ledger().Cancelled != 0 {
				t.Error("another payment's name ended it")
			}
			sdkCall(t, base+"/_sandbox/cancels/finish", map[string]any{"ref": "A1"})
			got := rec.bodies()
			if !strings.Contains(got[2], "Transaction.CancelPending") {
				t.Errorf("sent %q", got)
			}
			if done := s.Ledger().Cancelled == 1000; done != (want != "") || (done && !strings.Contains(got[len(got)-1], want)) {
				t.Errorf("in the end %+v, sent %q", s.Ledger(), got)
			}
			if want == "" {
				if err := s.SetCancels(CancelAtOnce, 0); err != nil {
					t.Fatal(err)
				}
				if got := cancel(); !strings.Contains(got, "SUCCEEDED") {
					t.Errorf("after the failure: %s", got)
				}
			}
		})
	}
}

func readAll(t *testing.T, res *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestV2CancelsEndAfterADelay(t *testing.T) {
	t.Parallel()
	s, base, _, shop := hooked(t, nil)
	if err := s.SetCancels(CancelLater, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	buy(t, "v2", base, shop, "pay", false)
	s.mu.Lock()
	c := &call{now: s.cfg.Now()}
	p, _ := s.v2.payments.get("A1")
	s.v2Wait(c, s.v2Request(c, p.current, 300, taxes{}, "API", "cancel"))
	s.mu.Unlock()
	s.WaitNotices()
	if l := s.Ledger(); l.Cancelled != 300 {
		t.Errorf("ledger %+v", l)
	}
}
