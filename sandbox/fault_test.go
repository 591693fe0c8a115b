package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

func TestFaultsAroundAnApproval(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind     sandbox.FaultKind
		captured int64
		// check looks at what the client sees.
		check func(r reply, err error) bool
	}{
		{sandbox.FaultDropAfterCommit, 64900, func(_ reply, err error) bool { return err != nil }},
		{sandbox.FaultDropBeforeCommit, 0, func(_ reply, err error) bool { return err != nil }},
		{sandbox.FaultHalfBody, 64900, func(r reply, err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) && strings.HasPrefix(r.body, "{")
		}},
		{sandbox.FaultStatus, 0, func(r reply, err error) bool { return err == nil && r.status == 503 }},
		{sandbox.FaultStatusAfterCommit, 64900, func(r reply, err error) bool { return err == nil && r.status == 503 }},
		{sandbox.FaultGarbage, 64900, func(r reply, err error) bool {
			return err == nil && r.status == 200 && strings.Contains(r.body, "<html>")
		}},
		{sandbox.FaultWrongAmount, 64900, func(r reply, err error) bool {
			return err == nil && strings.Contains(r.body, `"TotPrice":"65900"`) && strings.Contains(r.body, `"resultCode":"0000"`)
		}},
		{sandbox.FaultWrongMID, 64900, func(r reply, err error) bool {
			return err == nil && strings.Contains(r.body, `"mid":"WRONGMID00"`)
		}},
		{sandbox.FaultWrongOrder, 64900, func(r reply, err error) bool {
			return err == nil && strings.Contains(r.body, `"MOID":"somebody-elses-order"`)
		}},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, result := w.authenticate(w.inicisForm("A-1", "64900"), "pay")
			status, _ := w.json(http.MethodPost, "/_sandbox/faults", map[string]any{"pg": "inicis", "operation": "approve", "kind": tt.kind, "status": 503}, nil)
			if status != http.StatusOK {
				t.Fatal("the fault was not taken")
			}
			r, err := w.do(http.MethodPost, approvePath, "application/x-www-form-urlencoded", encode(w.approval(result["authToken"])), nil)
			if !tt.check(r, err) {
				t.Errorf("the client sees %+v, %v", r, err)
			}
			if got := w.box.Ledger().Captured; int64(got) != tt.captured {
				t.Errorf("captured %d, want %d", got, tt.captured)
			}
			if got := w.box.Executions("inicis", "approve", ""); len(got) != 1 || got[0].Done != (tt.captured > 0) {
				t.Errorf("executions: %+v", got)
			}
			// The fault is spent: the same request now gets an orderly answer.
			again := w.form(approvePath, w.approval(result["authToken"])).object(t)["resultCode"]
			if want := map[bool]string{true: "R201", false: "0000"}[tt.captured > 0]; again != want {
				t.Errorf("afterwards %v, want %s", again, want)
			}
		})
	}
}

func TestFaultWrongAmountEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order, _ := w.order("G001", "11")
	auth := w.v1Token()
	v1 := w.v1Pay(v1Params("A-1", 64900), "pay")
	w.v2Pay(v2Params("A-2", "channel-key-v2-auto", 64900), "pay")
	tests := []struct {
		pg, path, want string
		header         map[string]string
	}{
		{"portone_v1", "/portone/v1/payments/" + v1["imp_uid"].(string) + "?include_sandbox=true", `"amount":65900`, auth},
		{"portone_v2", v2Root + "A-2", `"total":65900`, v2Header("")},
		{"shop", "/shop/orders/" + order, `"amount":65900`, nil},
	}
	for _, tt := range tests {
		if err := w.box.Inject(sandbox.Fault{PG: tt.pg, Operation: "lookup", Kind: sandbox.FaultWrongAmount}); err != nil {
			t.Fatal(err)
		}
		if r := w.must(http.MethodGet, tt.path, "", "", tt.header); !strings.Contains(r.body, tt.want) {
			t.Errorf("%s: %s", tt.pg, r.body)
		}
		if r := w.must(http.MethodGet, tt.path, "", "", tt.header); strings.Contains(r.body, tt.want) {
			t.Errorf("%s: the fault is not spent", tt.pg)
		}
	}
}

// TestDelayBeforeCommitRunsAfterTheClientLeft is the race that net cancel exists for: the client gives up, its
// net cancel comes first, and the late approval must find a dead token.
func TestDelayBeforeCommitRunsAfterTheClientLeft(t *testing.T) {
	t.Parallel()
	for _, netCancel := range []bool{true, false} {
		w := newWorld(t)
		_, result := w.authenticate(w.inicisForm("A-1", "64900"), "pay")
		if err := w.box.Inject(sandbox.Fault{PG: "inicis", Operation: "approve", Kind: sandbox.FaultDelayBeforeCommit, DelayMS: 150}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+approvePath, strings.NewReader(encode(w.approval(result["authToken"]))))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if resp, err := w.http.Do(req); err == nil {
			resp.Body.Close()
			t.Fatal("the approval answered in time")
		}
		cancel()
		want := int64(64900)
		if netCancel {
			want = 0
			if got := w.form(netCancelPath, w.approval(result["authToken"])).object(t); got["resultCode"] != "0000" {
				t.Errorf("net cancel: %v", got)
			}
		}
		deadline := time.Now().Add(5 * time.Second)
		for !w.box.Executions("inicis", "approve", "")[0].Done && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
		if got := w.box.Ledger().Net; int64(got) != want {
			t.Errorf("net cancel %v: net %d, want %d", netCancel, got, want)
		}
	}
}

func TestDelayAnswersUnmatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.box.Inject(sandbox.Fault{PG: "portone_v1", Operation: "token", Kind: sandbox.FaultDelay, DelayMS: 60}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	w.v1Token()
	if took := time.Since(start); took < 60*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
}

func TestFaultTimes(t *testing.T) {
	t.Parallel()
	count := func(times int) (failed int) {
		w := newWorld(t)
		order, _ := w.order("G001", "11")
		if err := w.box.Inject(sandbox.Fault{PG: "shop", Operation: "lookup", Kind: sandbox.FaultStatus, Times: times}); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if r := w.must(http.MethodGet, "/shop/orders/"+order, "", "", nil); r.status == http.StatusInternalServerError {
				failed++
			}
		}
		w.must(http.MethodDelete, "/_sandbox/faults", "", "", nil)
		if r := w.must(http.MethodGet, "/shop/orders/"+order, "", "", nil); r.status != http.StatusOK {
			t.Errorf("after clearing: %d", r.status)
		}
		return failed
	}
	for times, want := range map[int]int{0: 1, 1: 1, 3: 3, -1: 5} {
		if got := count(times); got != want {
			t.Errorf("times %d: %d requests failed, want %d", times, got, want)
		}
	}
}

func TestBadCommandsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, bodies := range map[string][]string{
		"/_sandbox/faults": {
			`{`, `{"pg":"toss","kind":"delay"}`, `{"pg":"inicis","operation":"prepare","kind":"delay"}`, `{"pg":"inicis","kind":"explode"}`,
			`{"pg":"inicis","kind":"delay","delay_ms":-1}`, `{"pg":"inicis","kind":"status","status":200}`, `{"pg":"inicis","kind":"delay","tims":1}`,
		},
		"/_sandbox/shop": {`{"confirm":"maybe"}`, `{}`},
	} {
		for _, body := range bodies {
			if r := w.must(http.MethodPost, path, "application/json", body, nil); r.status != http.StatusBadRequest {
				t.Errorf("%s %s: %d", path, body, r.status)
			}
		}
	}
}

func TestResetForgetsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.order("G001", "11")
	w.charge("A-1", "64900")
	if err := w.box.Inject(sandbox.Fault{PG: "inicis", Kind: sandbox.FaultStatus}); err != nil {
		t.Fatal(err)
	}
	if r := w.must(http.MethodGet, "/_sandbox/ledger", "", "", nil); !strings.Contains(r.body, `"captured":64900`) {
		t.Errorf("ledger: %s", r.body)
	}
	w.must(http.MethodPost, "/_sandbox/reset", "", "", nil)
	if r := w.must(http.MethodGet, "/_sandbox/ledger", "", "", nil); r.body != `{"entries":[],"captured":0,"cancelled":0,"net":0}` {
		t.Errorf("ledger: %s", r.body)
	}
	if r := w.must(http.MethodGet, "/_sandbox/executions", "", "", nil); r.body != `{"count":0,"executions":[]}` {
		t.Errorf("executions: %s", r.body)
	}
	if got, _ := w.charge("A-1", "64900"); got["resultCode"] != "0000" {
		t.Errorf("a fault survived: %v", got)
	}
}

func TestExecutionsCarryTheRequestID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order, _ := w.order("G001", "11")
	w.must(http.MethodGet, "/shop/orders/"+order, "", "", map[string]string{"X-Request-Id": "req-1"})
	got := w.box.Executions("shop", "lookup", order)
	if len(got) != 1 || got[0].RequestID != "req-1" || got[0].Status != http.StatusOK || got[0].Method != http.MethodGet {
		t.Errorf("executions: %+v", got)
	}
}

func TestBoundedMemory(t *testing.T) {
	t.Parallel()
	cfg := sandbox.Defaults()
	cfg.MaxPayments = 10
	box := sandbox.New(cfg)
	w := newWorld(t)
	server := http.Server{Handler: box.Handler()}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(ln)
	t.Cleanup(func() { server.Close() })
	w.url, w.box = "http://"+ln.Addr().String(), box
	w.clock.now = time.Now()
	for i := range 50 {
		w.order("G001", "11")
		w.v2Pay(v2Params("A-"+won(int64(i)), "channel-key-v2-auto", 1000), "pay")
	}
	if got := box.Ledger(); len(got.Entries) > 10 || got.Captured != 50_000 {
		t.Errorf("%d entries, captured %d", len(got.Entries), got.Captured)
	}
	if got := box.Shop(); len(got.Orders) != 10 || got.Created != 50 {
		t.Errorf("%d orders, created %d", len(got.Orders), got.Created)
	}
	if got := box.Executions("", "", ""); len(got) >= 20 {
		t.Errorf("%d executions", len(got))
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	before := goleak.IgnoreCurrent()
	defer goleak.VerifyNone(t, before)
	box := sandbox.New(sandbox.Defaults())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- box.Run(ctx, ln) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if err := box.Inject(sandbox.Fault{PG: "portone_v1", Operation: "token", Kind: sandbox.FaultDelay, DelayMS: 60_000}); err != nil {
		t.Fatal(err)
	}
	slow := make(chan struct{})
	go func() {
		defer close(slow)
		if resp, err := client.Post("http://"+ln.Addr().String()+"/portone/v1/users/getToken", "application/json", strings.NewReader(`{}`)); err == nil {
			resp.Body.Close()
		}
	}()
	for len(box.Executions("portone_v1", "token", "")) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Run does not stop")
	}
	<-slow
}

func TestRunReportsABrokenListener(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := sandbox.New(sandbox.Defaults()).Run(t.Context(), ln); err == nil {
		t.Error("Run on a closed listener returns no error")
	}
}
