package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// acme is a driver that the rules have never heard of, with something of every kind.
func acme() payment.DriverSpec {
	return payment.DriverSpec{
		Name: "acme", Title: "Acme Pay", Company: "Acme",
		PGKeys: []payment.KeySpec{
			{Name: "acme_shop", Doc: "The shop at Acme.", Required: true},
			{Name: "acme_regions", Doc: "Where.", Kind: payment.KeyTexts, Defaults: map[payment.Environment][]string{payment.EnvSandbox: {"seoul", "busan"}}},
			{Name: "acme_hooks", Doc: "What it signs with.", Kind: payment.KeySigningSecrets},
		},
		MerchantKeys: []payment.KeySpec{
			{Name: "acme_key", Doc: "The key.", Kind: payment.KeySecret, Size: 8, Required: true, Unless: []payment.MerchantPurpose{payment.MerchantEscrow}},
			{Name: "acme_phone", Doc: "The key for phones.", Kind: payment.KeySecret},
			{Name: "acme_later", Kind: payment.KeySecret, NotBuilt: "Acme has not opened it"},
		},
		WebhookSources: map[payment.Environment][]string{payment.EnvSandbox: {"192.0.2.9"}},
		MID:            payment.MIDSpec{Required: true, Longest: 5, Tests: []string{"acmeT"}},
		PublicKeys:     []string{"acme-123"},
		Methods:        []payment.Method{"card", "trans"},
		KeyMethods:     []payment.Method{"trans"},
		PhoneNeeds:     payment.LiveNeed{Keys: []string{"acme_phone"}, Msg: "phones need the key", Fix: "add acme_phone"},
		ConfirmHook:    true, ConfirmKey: "acme_hooks",
		PGNeeds: []payment.LiveNeed{{Keys: []string{"acme_hooks"}, Msg: "nothing is signed", Fix: "ask Acme", Optional: true}},
	}
}

// acmeConfig is a file of Acme's, with what is to be written of the PG and of the merchant.
func acmeConfig(pg, merchant string) []byte {
	return []byte("order_service: { url: \"http://127.0.0.1:9\" }\nsandbox: { enabled: Y }\npgs: { a: { driver: acme, " + pg + " } }\n" +
		"merchants: [{ id: \"1\", pg: a, " + merchant + " }]\npayment_methods: [{ code: card, links: { a: Y } }]\n")
}

func acmeLoader(t *testing.T) *rules.Loader {
	t.Helper()
	l, err := rules.NewLoader(append(drivers.Specs(), acme()))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestDriverThatChargesNoKeys: nothing is charged through it, whatever its contract says.
func TestDriverThatChargesNoKeys(t *testing.T) {
	t.Parallel()
	text := strings.Replace(string(acmeConfig("acme_shop: shop", "mid: acmeT, acme_key: acme-123, purpose: recurring")),
		"code: card,", "code: trans, purposes: [recurring],", 1)
	s, err := acmeLoader(t).Parse("a.yaml", []byte(text), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Decide(&payment.Checkout{
		OrderID: "O-1", Amount: 9900, Currency: payment.CurrencyKRW, Purpose: payment.PurposeRecurring,
		Payments: []payment.MethodAmount{{Method: "trans", Amount: 9900}},
	}, rules.Options{})
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeMerchantNotFound {
		t.Errorf("decided %+v, %v", d, err)
	}
}

// TestDriverWithoutAnAPI: what opens an API or says how it is called is refused where there is none.
func TestDriverWithoutAnAPI(t *testing.T) {
	t.Parallel()
	for _, key := range []string{`sidecar_listen: "127.0.0.1:8082"`, "credentials: ours"} {
		text := acmeConfig("acme_shop: shop, "+key, "mid: acmeT, acme_key: acme-123")
		_, err := acmeLoader(t).Parse("a.yaml", text, rules.Sources{})
		if err == nil || !strings.Contains(err.Error(), "driver acme has no API that the order service calls") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestRulesTakeADriverAsData: nothing of the rules is told of a new driver but its spec.
func TestRulesTakeADriverAsData(t *testing.T) {
	t.Parallel()
	l := acmeLoader(t)
	s, err := l.Parse("a.yaml", acmeConfig("acme_shop: shop", "mid: acmeT, acme_key: acme-123"), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	pg, _ := s.PG("a")
	m, _ := s.Merchant("1")
	if pg.Keys.Text("acme_shop") != "shop" || !slices.Equal(pg.Keys.Texts("acme_regions"), []string{"seoul", "busan"}) ||
		!slices.Equal(pg.WebhookSources, []string{"192.0.2.9"}) || m.Keys.Secret("acme_key").Reveal() != "acme-123" {
		t.Errorf("the driver is given %v and %v", pg, m)
	}
	var live []string
	for _, a := range rules.GoLive(s) {
		if strings.HasPrefix(a.Path, "pgs.a.acme") || strings.HasPrefix(a.Path, "merchants[0]") {
			live = append(live, a.String())
		}
	}
	if diff := cmp.Diff([]string{
		"merchants[0].acme_key: the secret stands in the file (${file:path} or ${env:NAME})",
		"merchants[0].acme_key: is a public test key (use a key of its own)",
		"pgs.a.acme_hooks: nothing is signed (ask Acme)",
		"merchants[0].mid: acmeT is a public test MID (use the contract's own MID)",
		"merchants[0].acme_phone: phones need the key (add acme_phone)",
	}, live); diff != "" {
		t.Errorf("before going live (-want +got)\n%s", diff)
	}
	schema, err := l.JSONSchema()
	if err != nil || !strings.Contains(string(schema), "The shop at Acme.") || strings.Contains(string(schema), "acme_later") {
		t.Errorf("the schema does not describe Acme: %v", err)
	}
}

func TestRulesHoldADriverToItsSpec(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ pg, merchant, want string }{
		"a key of the PG is missing":   {"in_use: Y", "mid: acmeT, acme_key: acme-123", "driver acme needs acme_shop (add acme_shop: ...)"},
		"a key is missing":             {"acme_shop: s", "mid: acmeT", "a merchant of driver acme needs acme_key (add acme_key: ...)"},
		"the MID is missing":           {"acme_shop: s", "acme_key: acme-123", "a merchant of driver acme needs mid (add mid: ...)"},
		"a key is too short":           {"acme_shop: s", "mid: acmeT, acme_key: short", "must have 8 characters, not 5 (copy it whole, with any = at its end)"},
		"a key is not built":           {"acme_shop: s", "mid: acmeT, acme_key: acme-123, acme_later: x", "acme_later does nothing: Acme has not opened it (leave it out)"},
		"a malformed signing secret":   {"acme_shop: s, acme_hooks: x", "mid: acmeT, acme_key: acme-123", "must be whsec_ and base64"},
		"the MID is too long":          {"acme_shop: s", "mid: acmeTT, acme_key: acme-123", "the MID is longer than 5 characters (Acme MIDs have 5 characters)"},
		"a live MID":                   {"acme_shop: s", "mid: other, acme_key: acme-123", "other looks like a live MID, refused in mode test (the test MIDs are acmeT)"},
		"a channel":                    {"acme_shop: s", "mid: acmeT, acme_key: acme-123, channel_key: c", "driver acme has no channels"},
		"manual confirmation":          {"acme_shop: s", "mid: acmeT, acme_key: acme-123, manual_confirm: Y", "driver acme has no channels"},
		"a question that nobody signs": {"acme_shop: s", "mid: acmeT, acme_key: acme-123, confirm_hook: Y", "confirm_hook needs the secrets that Acme signs with (add acme_hooks to pgs.a)"},
		"a method that it has not":     {"acme_shop: s", "mid: acmeT, acme_key: acme-123, methods: [card, phone]", "driver acme does not support phone"},
		"a method without keys":        {"acme_shop: s", "mid: acmeT, acme_key: acme-123, purpose: recurring, methods: card", "a recurring contract of driver acme does not support card (it takes trans)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(string(acmeConfig(tt.pg, tt.merchant)), "links: { a: Y } }", "links: { a: Y } }, { code: phone, links: { a: N } }", 1)
			if _, err := acmeLoader(t).Parse("a.yaml", []byte(text), rules.Sources{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	escrow := acmeConfig("acme_shop: s", "mid: acmeT, purpose: escrow")
	if _, err := acmeLoader(t).Parse("a.yaml", escrow, rules.Sources{}); err != nil {
		t.Errorf("a key is asked of a contract that needs none: %v", err)
	}
}

// TestDriversThatCannotStandInOneFile are refused before any file is read.
func TestDriversThatCannotStandInOneFile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*payment.DriverSpec)
		want   string
	}{
		"no name":                           {func(s *payment.DriverSpec) { s.Name = "" }, "needs a name of its own"},
		"another's name":                    {func(s *payment.DriverSpec) { s.Name = drivers.Specs()[0].Name }, "needs a name of its own"},
		"another's key read in another way": {func(s *payment.DriverSpec) { s.PGKeys[0].Name = "store_id" }, "the key store_id is another driver's"},
		"a key that every PG has":           {func(s *payment.DriverSpec) { s.PGKeys[0].Name = "read_timeout" }, "the key read_timeout is no driver's own"},
		"a key that every merchant has":     {func(s *payment.DriverSpec) { s.MerchantKeys[0].Name = "channel_key" }, "the key channel_key is no driver's own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := acme()
			tt.change(&s)
			if _, err := rules.NewLoader(append(drivers.Specs(), s)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}
