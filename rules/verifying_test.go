package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestAMalformedWebhookSecretIsPassedOver, named, and in the way of going live; the good one is in force.
func TestAMalformedWebhookSecretIsPassedOver(t *testing.T) {
	t.Parallel()
	const good = "whsec_c2FuZGJveC1wb3J0b25lLXYyLWhvb2tzLTAwMDAwMDE="
	const text = `order_service: { url: "http://orders:8080" }
sandbox: { enabled: Y }
pgs: { portone: { driver: portone_v2, store_id: s, api_secret: k, webhook_secrets: [%s] } }
merchants: [{ id: "1", pg: portone, mid: x, channel_key: c, behind: inicis }]
payment_methods: [{ code: card, links: { portone: Y } }]
`
	for _, bad := range []string{"v1,whsec_bmV3LXNlY3JldC0wMDAwMDAwMDAwMDAwMDE=", "whsec_bmV3LXNlY3JldC0wMDAwMDAwMDAwMDAwMDE", "whsec_Xx-_Xx-_Xx-_Xx-_Xx-_Xx-_", "whsec_YQ=="} {
		for i, list := range []string{fmt.Sprintf("%q, %s", bad, good), fmt.Sprintf("%s, %q", good, bad)} {
			s, err := Parse("config.yaml", fmt.Appendf(nil, text, list), Sources{})
			if err != nil {
				t.Fatalf("%s: %v", list, err)
			}
			p, _ := s.PG("portone")
			if got := p.Keys.Secrets("webhook_secrets"); len(got) != 1 || got[0].Reveal() != good {
				t.Errorf("%s: %d secrets are in force", list, len(got))
			}
			path := fmt.Sprintf("pgs.portone.webhook_secrets[%d]", i)
			if passed := s.PassedOver(); len(passed) != 1 || passed[0].Path != path || strings.Contains(passed[0].String(), bad) {
				t.Errorf("%s: passed over is %v", list, passed)
			}
			blocks := false
			for _, a := range GoLive(s) {
				blocks = blocks || a.Path == path && a.Blocking()
			}
			if !blocks {
				t.Errorf("%s: nothing keeps it from going live", list)
			}
		}
	}
}
