package e2e

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// charged is what the gateway answers a charge of a billing key with, a problem's code included.
type charged struct {
	http    int
	Attempt string `json:"attempt_id"`
	State   string `json:"state"`
	Code    string `json:"code"`
	Retry   string `json:"retry"`
}

// chargeOf asks for one charge of the customer that register made.
func (s *orderService) chargeOf(o order, key string) (c charged) {
	s.p.t.Helper()
	body, err := json.Marshal(map[string]any{
		"order_id": o.ID, "customer_uid": plantedToken, "amount": o.Amount, "order_name": "월간 이용권",
		"buyer": map[string]string{"name": plantedName, "tel": plantedTel, "email": plantedMail},
	})
	if err != nil {
		s.p.t.Fatal(err)
	}
	c.http = s.call(http.MethodPost, "/subscriptions/charge", key, body, &c)
	return c
}

// register has a customer's card registered at PortOne V1, under a customer_uid of the shop's.
func (p *gatewayProcess) register(uid string) {
	p.t.Helper()
	open := map[string]any{"imp_code": "imp00000000", "device": "pc", "params": map[string]any{
		"channelKey": "channel-key-v1-billing", "pay_method": "card", "merchant_uid": "registers", "customer_uid": uid,
		"name": "월간 이용권", "amount": 0, "buyer_name": "홍길동", "buyer_tel": "010-4242-4242", "buyer_email": "gildong@example.com",
	}}
	var rsp map[string]any
	if err := p.buyer("card").playSDK(p.t.Context(), "http://"+p.sandbox+"/portone/sdk/v1", open, "pay", &rsp); err != nil {
		p.t.Fatal(err)
	}
}

// sentCharges counts the charges that reached the PG.
func (p *gatewayProcess) sentCharges() int {
	p.t.Helper()
	var list struct {
		Count int `json:"count"`
	}
	p.getJSON("http://"+p.sandbox+"/_sandbox/executions?pg=portone_v1&operation=again", &list)
	return list.Count
}

// A gateway that is killed between the request and its answer finds the charge again, tells the shop, and charges nothing
// a second time, whoever asks. Neither the key nor its owner is anywhere but at the PG.
func TestAChargeOutlivesItsGateway(t *testing.T) {
	t.Parallel()
	s, sidecar := orderServiceAt(t)
	s.p = startApart(t, sidecar, quick, fixture.KeysBy("portone1"), func(c *fixture.Config) {
		c.Telemetry.LogLevel, c.PGs["portone1"].ApproveTimeout = "debug", "2s"
	})
	p := s.p
	p.register(plantedToken)
	o, err := p.buyer("card").order(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.fault("portone_v1", "again", "delay", map[string]any{"delay_ms": 20_000})
	lost := make(chan struct{})
	go func() {
		defer close(lost)
		req, err := http.NewRequest(http.MethodPost, s.base+"/subscriptions/charge", strings.NewReader(`{"order_id":"`+o.ID+
			`","customer_uid":"`+plantedToken+`","amount":`+jsonOf(o.Amount)+`,"order_name":"월간 이용권","buyer":{"name":"`+plantedName+
			`","tel":"`+plantedTel+`","email":"`+plantedMail+`"}}`))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", `"first"`)
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			t.Errorf("the gateway that was killed answered %d", res.StatusCode)
		}
	}()
	p.waitFor("the charge to reach the PG", 10*time.Second, func() bool { return p.sentCharges() == 1 })
	p.kill()
	<-lost
	p.run()
	// Its key is held by who died; another one is told that the order may be charged.
	if c := s.chargeOf(o, "second"); c.http != http.StatusConflict || c.Retry != "unsafe" {
		t.Errorf("meanwhile another key is answered %+v", c)
	}
	p.mustBalanceWithin(2*time.Minute, o.Amount)
	if c := s.chargeOf(o, "second"); c.http != http.StatusConflict || c.Code != "ORDER_ALREADY_PAID" || c.Retry != "never" {
		t.Errorf("afterwards another key is answered %+v", c)
	}
	if n := p.sentCharges(); n != 1 {
		t.Errorf("%d charges were sent", n)
	}
	if found := traces.FindString(p.log.String()); found != "" {
		t.Errorf("the log holds %q", found)
	}
	mustNotHold(t, p, "data/journal.db")
}

func jsonOf(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// mustNotHold wants no planted data in a file of the gateway's, nor in what SQLite keeps beside it.
func mustNotHold(t *testing.T, p *gatewayProcess, name string) {
	t.Helper()
	p.kill()
	for _, file := range []string{name, name + "-wal"} {
		text, err := os.ReadFile(filepath.Join(p.dir, file))
		if err != nil && !errors.Is(err, fs.ErrNotExist) || file == name && len(text) == 0 {
			t.Errorf("%s: %v", file, err)
		}
		if found := traces.Find(text); found != nil {
			t.Errorf("%s holds %q", file, found)
		}
	}
	p.run()
}
