package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func TestWhatBlocksGoingLive(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path string
		want bool
	}{
		{"mode", true},
		{"sandbox", true},
		{"server.public.base_url", true},
		{"merchants[0].mid", true},
		{"merchants[0].api_key", true},
		{"merchants[0].cards", false},
		{"pgs.inicis.environment", true},
		{"pgs.portone.webhook_secrets[1]", true},
		{"payment_methods.card", false},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			if got := (rules.Advice{Path: tt.path}).Blocking(); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

// TestWhatDriversAskForBlocksAsTheySay: of what a driver wants before real money moves, some costs comfort only.
func TestWhatDriversAskForBlocksAsTheySay(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("c.yaml", []byte(`order_service: { url: "http://127.0.0.1:9" }
sandbox: { enabled: Y }
pgs:
  inicis: { driver: inicis }
  p: { driver: portone_v2, store_id: s, api_secret: k }
merchants:
  - { id: "0", pg: inicis, mid: INIpayTest, sign_key: k }
  - { id: "1", pg: inicis, mid: INIBillTst, sign_key: k, purpose: recurring }
  - { id: "2", pg: p, channel_key: c, behind: inicis }
  - { id: "3", pg: p, channel_key: c, behind: inicis, manual_confirm: Y, sites: a }
payment_methods: [{ code: card, links: { p: Y } }]
`), sources())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		"pgs.inicis.client_ip": false, "pgs.p.webhook_secrets": false, "merchants[2].manual_confirm": false,
		"merchants[0].api_key": true, "merchants[1].api_key": true, "merchants[1].lite_key": true, "merchants[0].hash_key": true,
	}
	got := map[string]bool{}
	for _, a := range rules.GoLive(s) {
		if _, asked := want[a.Path]; asked || strings.HasSuffix(a.Path, ".manual_confirm") || strings.HasSuffix(a.Path, ".hash_key") {
			got[a.Path] = a.Blocking()
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what blocks differs (-want +got)\n%s", diff)
	}
}

// TestWebhookSecretsBlockWhenTheyAreKnown: none is advice, for the sweep finds payments too; one of the demo is a forger's.
func TestWebhookSecretsBlockWhenTheyAreKnown(t *testing.T) {
	t.Parallel()
	none, err := rules.Parse("c.yaml", []byte("order_service: { url: \"http://127.0.0.1:9\" }\nsandbox: { enabled: Y }\n"+
		"pgs: { p: { driver: portone_v2, store_id: s, api_secret: k } }\nmerchants: [{ id: \"1\", pg: p, channel_key: c, behind: inicis }]\n"+
		"payment_methods: [{ code: card, links: { p: Y } }]\n"), sources())
	if err != nil {
		t.Fatal(err)
	}
	demo, err := rules.Parse("config.yaml", []byte(fixture.Text()), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[*rules.Snapshot]bool{none: false, demo: true} {
		found, blocking := 0, false
		for _, a := range rules.GoLive(s) {
			if strings.HasSuffix(a.Path, ".webhook_secrets") {
				found, blocking = found+1, blocking || a.Blocking()
			}
		}
		if found == 0 || blocking != want {
			t.Errorf("%d complaints, blocking %t, want %t", found, blocking, want)
		}
	}
}
