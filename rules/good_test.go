package rules_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

const liveConfig = `mode: live
server:
  public: { base_url: "https://pay.shop.example.com", allow_origins: ["https://shop.example.com"], token_key: "${file:/run/token}" }
order_service: { url: "https://orders.shop.internal:8443", events: { secret: ["${env:NEW}", "${env:OLD}"] } }
pgs:
  inicis: { driver: inicis, environment: live, client_ip: 203.0.113.10 }
  portone: { driver: portone_v2, environment: live, store_id: store-1, api_secret: "${env:V2}", webhook_secrets: "${env:HOOK}", base_url: "https://proxy.example.com" }
merchants:
  - { id: "1", pg: inicis, mid: MOIshop001, sign_key: "${env:SIGN}", api_key: "${env:KEY}", api_iv: "${env:IV}", devices: [pc] }
  - { id: "2", pg: portone, mid: MOIshop002, channel_key: ck, behind: inicis, manual_confirm: Y }
payment_methods:
  - { code: card, x2bee: "11", links: { inicis: true, portone: false } }
intercepts:
  - { name: order, match: { method: POST, path: /api/orders }, read_answer: { order_id: "body:ordNo", amount: "body:payAmt", device: "header:X-Device", site: "const:main" }, put: pg, errors: x2bee }
  - { name: shop, match: { path: "/shop/*" } }
`

// liveKeys are keys that could be real, by the names that the live files of these tests give them.
func liveKeys() map[string]string {
	return map[string]string{
		"NEW": "whsec_cGFpZC1ieS10aGUtc2hvcC0yMDI3LW5ldy1vbmU=", "OLD": "whsec_cGFpZC1ieS10aGUtc2hvcC0yMDI2LW9sZC1vbmU=",
		"V2": "mRk1PzvV7cB0hT5sYw2N", "HOOK": "whsec_cG9ydG9uZS1zaWducy13aXRoLXRoaXMtb25lIQ==", "SIGN": "c2hvcC1zaWduLWtleS0wNDE3NTg5Mg==",
		"HASH": "9B1D4C7E2FA85036D1B2C3E4F5A69788", "KEY": "qT8vXz2LmN5kRj7W", "IV": "hG4sD9fK2pLzXc1=", "LITE": "a0p4V3ZRbVp0THlSbnNEYg==",
		"IMPKEY": "8274650193746582", "IMPSECRET": "d41f7a2c9b8e6350d41f7a2c9b8e6351", "TOKEN": "5f0c7d1a9e3b48620d7c", "DSN": "postgres://pgw@db:5432/pgw",
		"DESK": "c84e19a7f03b5d621e9fa0d7", "SEAL": "q83vEjRWeJq83qvN7wESM0RVZneImaq7zN3u/wARIjM=",
	}
}

func liveSources() rules.Sources { return sourcesOf(liveKeys()) }

// sourcesOf answers references to the environment from keys, and the file /run/token with SEAL.
func sourcesOf(keys map[string]string) rules.Sources {
	return rules.Sources{
		Env: func(name string) (string, bool) { return keys[name] + "\n", keys[name] != "" },
		ReadFile: func(path string) ([]byte, error) {
			if path != "/run/token" {
				return nil, os.ErrNotExist
			}
			return []byte(keys["SEAL"] + "\n"), nil
		},
	}
}

func TestALiveFileWithReferencesLoads(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("live.yaml", []byte(liveConfig), liveSources())
	if err != nil {
		t.Fatal(err)
	}
	if left := rules.GoLive(s); len(left) != 0 {
		t.Errorf("there is still advice: %v", left)
	}
	p, _ := s.PG("inicis")
	if p.BaseURL != "" || cmp.Diff([]string{"fc", "ks"}, p.Keys.Texts("idcs")) != "" || p.ApproveTimeout != 30*time.Second || p.ReadTimeout != 10*time.Second {
		t.Errorf("the live PG is %+v", p)
	}
	if o, _ := s.PG("portone"); o.BaseURL != "https://proxy.example.com" || o.Keys.Secret("webhook_secrets").Reveal() != liveKeys()["HOOK"] {
		t.Errorf("the PG with its own base URL is %+v", o)
	}
	m, _ := s.Merchant("1")
	if m.Mode != payment.ModeLive || m.Keys.Secret("api_iv").Reveal() != liveKeys()["IV"] {
		t.Errorf("the merchant is %+v", m)
	}
	if got := s.OrderService().EventsSecrets; len(got) != 2 || got[1].Reveal() != liveKeys()["OLD"] {
		t.Errorf("there are %d event secrets", len(got))
	}
}

func TestInterceptsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("live.yaml", []byte(liveConfig), liveSources())
	if err != nil {
		t.Fatal(err)
	}
	want := []rules.Intercept{
		{
			Name: "order", Method: "POST", Path: "/api/orders", Put: "pg", Errors: "x2bee",
			ReadAnswer: map[string]rules.Source{
				"order_id": {Kind: "body", Value: "ordNo"}, "amount": {Kind: "body", Value: "payAmt"}, "device": {Kind: "header", Value: "X-Device"},
				"site": {Kind: "const", Value: "main"},
			},
			ReadRequest: map[string]rules.Source{}, RefuseBefore: map[string]rules.Source{},
		},
		{
			Name: "shop", Path: "/shop/", Prefix: true, Errors: "problem",
			ReadAnswer: map[string]rules.Source{}, ReadRequest: map[string]rules.Source{}, RefuseBefore: map[string]rules.Source{},
		},
	}
	got := s.Intercepts()
	whole := cmpopts.IgnoreUnexported(rules.ErrorTemplate{}, rules.ErrorPage{})
	if diff := cmp.Diff(want, got, whole); diff != "" {
		t.Errorf("intercepts (-want +got)\n%s", diff)
	}
	if got[0].Forward() || !got[1].Forward() {
		t.Error("only the second is a plain forward")
	}
}

func TestSandboxPGsAreReachedAtTheSandbox(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{"127.0.0.1:7070": "http://127.0.0.1:7070", ":7071": "http://127.0.0.1:7071"} {
		text := strings.Replace(config("x"), "enabled: Y", "enabled: Y, listen: \""+listen+"\"", 1)
		s, err := rules.Parse("config.yaml", []byte(text), sources())
		if err != nil {
			t.Fatal(err)
		}
		if p, _ := s.PG("inicis"); p.BaseURL != want || cmp.Diff([]string{"stg"}, p.Keys.Texts("idcs")) != "" {
			t.Errorf("with the sandbox at %s the PG is %+v", listen, p)
		}
	}
}

func TestTheVersionIsTheTextAndItsSecrets(t *testing.T) {
	t.Parallel()
	parse := func(text, secret string) string {
		s, err := rules.Parse("config.yaml", []byte(text), rules.Sources{Env: func(string) (string, bool) { return secret, true }})
		if err != nil {
			t.Fatal(err)
		}
		return s.Version()
	}
	plain := config("x")
	if a, b := parse(plain, "1"), parse(plain, "2"); a != b || len(a) != 12 {
		t.Errorf("the same text has the versions %s and %s", a, b)
	}
	ref := strings.Replace(plain, "sign_key: k", `sign_key: "${env:K}"`, 1)
	if a, b := parse(ref, "1"), parse(ref, "2"); a == b {
		t.Error("another secret has the same version")
	}
	if a, b := parse(plain, ""), parse(plain+"# a comment\n", ""); a == b {
		t.Error("another text has the same version")
	}
}

func TestListsForMetrics(t *testing.T) {
	t.Parallel()
	s := shop(t)
	if got := len(s.PGs()); got != 5 {
		t.Errorf("%d PGs, want 5", got)
	}
	if got := len(s.Merchants()); got != 10 {
		t.Errorf("%d merchants, want 10", got)
	}
	card := s.Methods()[0]
	if code, ok := s.ResolveMethod("11"); card != "card" || !ok || code != card || s.Secondary(card) {
		t.Errorf("the first method is %s, 11 is %s", card, code)
	}
	linked := 0
	for _, p := range s.PGs() {
		check, err := s.CheckLinks([]rules.Means{{Method: "card", PG: string(p.ID)}}, rules.Where{}, rules.Options{Now: monday()})
		if err == nil && check.Rows[0].Linked && check.Rows[0].InUse {
			linked++
		}
	}
	if linked != 4 {
		t.Errorf("cards are linked to %d PGs, want 4", linked)
	}
	if code, ok := s.ResolveMethod("32"); !ok || code != "mileage" || !s.Secondary(code) {
		t.Errorf("32 is %s", code)
	}
	if _, ok := s.ResolveMethod("33"); ok {
		t.Error("33 is a method")
	}
	// From December's first moment in Korea to its last.
	for at, want := range map[string]int{"2026-11-30T14:59:59Z": 0, "2026-11-30T15:00:00Z": 1, "2026-12-20T00:00:00Z": 1, "2026-12-31T14:59:59Z": 1, "2026-12-31T15:00:00Z": 0} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if list, err := s.StoreNotices(rules.NoticeQuery{Acquirer: "bc"}, now); err != nil || len(list) != want {
			t.Errorf("at %s BC shows %+v, %v; want %d", at, list, err, want)
		}
	}
}
