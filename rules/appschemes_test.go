package rules_test

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

func TestAppsAreAllowedBySite(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("config.yaml", []byte(`
order_service: { url: "http://o:1" }
sandbox: { enabled: Y }
app_schemes: [myshop, { scheme: outlet, sites: [outlet, books] }, { scheme: com.example.shop, sites: all }]
pgs: { inicis: { driver: inicis } }
merchants: [{ id: "1001", pg: inicis, mid: INIpayTest, sign_key: k }]
payment_methods: [{ code: card, links: { inicis: Y } }]
`), sources())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		scheme string
		site   payment.Site
		want   bool
	}{
		{"myshop", "main", true},
		{"myshop", "", true},
		{"com.example.shop", "main", true},
		{"outlet", "outlet", true},
		{"outlet", "books", true},
		{"outlet", "main", false},
		{"outlet", "", false},
		{"othershop", "main", false},
		{"", "main", false},
		{"MYSHOP", "main", false},
		{"myshop://", "main", false},
	} {
		if got := s.AllowsApp(tt.scheme, tt.site); got != tt.want {
			t.Errorf("%s on site %q: %v, want %v", tt.scheme, tt.site, got, tt.want)
		}
	}
}
