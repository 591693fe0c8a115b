package rules_test

import (
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
		{"pgs.portone.webhook_secrets", false},
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
