package rules_test

import (
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/rules"
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
		{"merchants[3].manual_confirm", false},
		{"pgs.inicis.environment", true},
		{"pgs.inicis.client_ip", false},
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

// TestWebhookSecretsBlockWhenTheyAreKnown: none is advice, for the sweep finds payments too; one of the demo is a forger's.
func TestWebhookSecretsBlockWhenTheyAreKnown(t *testing.T) {
	t.Parallel()
	none, err := rules.Parse("c.yaml", []byte("order_service: { url: \"http://127.0.0.1:9\" }\nsandbox: { enabled: Y }\n"+
		"pgs: { p: { driver: portone_v2, store_id: s, api_secret: k } }\nmerchants: [{ id: \"1\", pg: p, channel_key: c, behind: inicis }]\n"+
		"payment_methods: [{ code: card, links: { p: Y } }]\n"), sources())
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := rules.LoadFile("../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[*rules.Snapshot]bool{none: false, shipped: true} {
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
