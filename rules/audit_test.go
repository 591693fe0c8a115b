package rules_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// auditConfig is a live file that names every key that is a secret, an address or a listener, and is ready.
const auditConfig = `mode: live
server:
  public: { listen: "10.0.0.5:8080", base_url: "https://pay.shop.example.com", allow_origins: ["https://shop.example.com"], token_key: "${env:SEAL}" }
  sidecar: { listen: "127.0.0.1:8081", tokens: ["${env:TOKEN}"] }
  admin: { listen: "127.0.0.1:9090", token: "${env:DESK}" }
journal: { driver: postgres, dsn: "${env:DSN}" }
order_service: { url: "http://127.0.0.1:9000", events: { secret: "${env:NEW}" } }
pgs:
  inicis: { driver: inicis, environment: live, client_ip: 203.0.113.10, base_url: "https://inicis.example.com" }
  portone: { driver: portone_v2, environment: live, store_id: store-1, api_secret: "${env:V2}", webhook_secrets: "${env:HOOK}", sidecar_listen: "127.0.0.1:8082" }
  one: { driver: portone_v1, environment: live, imp_code: imp31415926, imp_key: "${env:IMPKEY}", imp_secret: "${env:IMPSECRET}" }
merchants:
  - { id: "1", pg: inicis, mid: MOIshop001, sign_key: "${env:SIGN}", api_key: "${env:KEY}", api_iv: "${env:IV}", lite_key: "${env:LITE}", devices: [pc] }
  - { id: "2", pg: portone, mid: MOIshop002, channel_key: ck-2, behind: inicis, manual_confirm: Y }
  - { id: "3", pg: one, mid: MOIshop003, channel_key: ck-3, behind: inicis }
payment_methods:
  - { code: card, links: { inicis: Y, portone: Y, one: Y } }
x2bee: { enabled: Y, return_url: "https://shop.example.com/result" }
`

// secretKeys are the keys of auditConfig that hold secrets, by the reference they are given with.
func secretKeys() map[string]string {
	return map[string]string{
		"SEAL": "server.public.token_key", "TOKEN": "server.sidecar.tokens[0]", "DSN": "journal.dsn", "DESK": "server.admin.token", "NEW": "order_service.events.secret",
		"V2": "pgs.portone.api_secret", "HOOK": "pgs.portone.webhook_secrets", "IMPKEY": "pgs.one.imp_key", "IMPSECRET": "pgs.one.imp_secret",
		"SIGN": "merchants[0].sign_key", "KEY": "merchants[0].api_key", "IV": "merchants[0].api_iv", "LITE": "merchants[0].lite_key",
	}
}

// left is what keeps a file from taking real payments: its errors, or what blocks on the go-live list.
func left(text string, keys map[string]string) []string {
	s, err := rules.Parse("live.yaml", []byte(text), sourcesOf(keys))
	var out []string
	for _, e := range rules.Errors(err) {
		out = append(out, e.Error())
	}
	if err != nil {
		return out
	}
	for _, a := range rules.GoLive(s) {
		if a.Blocking() {
			out = append(out, a.String())
		}
	}
	return out
}

func TestNothingIsLeftOfAReadyFile(t *testing.T) {
	t.Parallel()
	if got := left(auditConfig, liveKeys()); len(got) > 0 {
		t.Errorf("left to settle: %q", got)
	}
}

// TestEverySecretIsHeld spoils one secret at a time in every way that keys are spoilt, and wants each noticed at its
// key. A new secret key has to be named here.
func TestEverySecretIsHeld(t *testing.T) {
	t.Parallel()
	secret, fields := reflect.TypeFor[payment.Secret](), 0
	for _, section := range []reflect.Type{
		reflect.TypeFor[rules.PublicConfig](), reflect.TypeFor[rules.SidecarConfig](), reflect.TypeFor[rules.AdminConfig](), reflect.TypeFor[rules.JournalConfig](),
		reflect.TypeFor[rules.OrderServiceConfig](), reflect.TypeFor[payment.PG](), reflect.TypeFor[payment.Merchant](),
	} {
		for field := range section.Fields() {
			if f := field.Type; f == secret || f.Kind() == reflect.Slice && f.Elem() == secret {
				fields++
			}
		}
	}
	ofDrivers := make(map[string]bool)
	for _, s := range drivers.Specs() {
		for door, keys := range map[string][]payment.KeySpec{"pgs.": s.PGKeys, "merchants.": s.MerchantKeys} {
			for _, k := range keys {
				if k.Kind == payment.KeySecret || k.Kind == payment.KeySigningSecrets {
					ofDrivers[door+k.Name] = true
				}
			}
		}
	}
	fields += len(ofDrivers)
	const refused = 1 // hash_key, by name
	if fields-refused != len(secretKeys()) {
		t.Errorf("%d fields are secrets and %d are tried here", fields-refused, len(secretKeys()))
	}
	spoil := map[string]func(string) string{
		"a byte order mark":        func(s string) string { return "\ufeff" + s },
		"a zero-width space":       func(s string) string { return s + "\u200b" },
		"a Hangul filler inside":   func(s string) string { return s[:4] + "\u3164" + s[4:] },
		"a control character":      func(s string) string { return s[:4] + "\x07" + s[4:] },
		"a space before":           func(s string) string { return " " + s },
		"a space behind":           func(s string) string { return s + " " },
		"a no-break space":         func(s string) string { return s + "\u00a0" },
		"one byte":                 func(string) string { return "k" },
		"nine good bytes":          func(string) string { return "a9K2x7Qpz" },
		"the same character only":  func(s string) string { return strings.Repeat("A", len(s)) },
		"the demo's signing key":   func(string) string { return "whsec_ZGVtby1zaG9wLWV2ZW50cy1zZWNyZXQtMDAwMDAwMDE=" },
		"the demo's API secret":    func(string) string { return "sandbox-v2-secret" },
		"a key of a public manual": func(string) string { return "ItEQKi3rY7uvDS8l" },
	}
	lengthSaysNothing := []string{"one byte", "nine good bytes", "the same character only"}
	for name, path := range secretKeys() {
		for how, change := range spoil {
			if name == "DSN" && slices.Contains(lengthSaysNothing, how) {
				continue
			}
			keys := liveKeys()
			keys[name] = change(keys[name])
			got := left(auditConfig, keys)
			if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, ": "+path+": ") }) {
				t.Errorf("%s with %s is let through: %q", path, how, got)
			}
			for _, s := range got {
				if v := keys[name]; len(v) > 3 && strings.Contains(s, v) {
					t.Errorf("%s with %s is shown: %s", path, how, s)
				}
			}
		}
	}
}

// TestSigningSecretsVerifySomething: one that is cut, pasted with what stands before it, or in the alphabet of URLs signs
// nothing that anybody can check. serve refused it at its start only.
func TestSigningSecretsVerifySomething(t *testing.T) {
	t.Parallel()
	const good = "whsec_cGFpZC1ieS10aGUtc2hvcC0yMDI3LW5ldy1vbmU="
	for _, bad := range []string{
		strings.TrimSuffix(good, "="), "v1," + good, good[:len(good)-5], "whsec_-_-_cGFpZC1ieS10aGUtc2hvcC0yMDI3LW5ldy0=", "whsec_", "my-shop-secret-2027-for-events",
	} {
		keys := liveKeys()
		keys["NEW"] = bad
		if got := left(auditConfig, keys); len(got) == 0 || !strings.Contains(got[0], "order_service.events.secret: must be whsec_ and base64") {
			t.Errorf("%s is let through: %q", bad, got)
		}
	}
	bare := liveKeys()
	bare["NEW"] = strings.TrimPrefix(good, "whsec_")
	if got := left(auditConfig, bare); len(got) > 0 {
		t.Errorf("without its prefix a secret is the same: %q", got)
	}
}

// TestNoPrintedKeyIsReal takes every signing secret and key that the repository shows to its readers: none of them may
// guard real payments.
func TestNoPrintedKeyIsReal(t *testing.T) {
	t.Parallel()
	printed := map[string]bool{}
	for _, path := range []string{"../config.yaml", "../README.md", "../README.ko.md", "../k8s/overlays/dev/kustomization.yaml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)(?:_key|_iv|_secret|_secrets|secret|-key|-secret)[:=] ?"?((?:whsec_)?[A-Za-z0-9+/-]{8,}=*)`).FindAllStringSubmatch(string(text), -1) {
			if !strings.HasPrefix(m[1], "channel-key") {
				printed[m[1]] = true
			}
		}
	}
	if len(printed) < 12 {
		t.Fatalf("only %d keys are printed: %v", len(printed), slices.Sorted(maps.Keys(printed)))
	}
	for key := range printed {
		keys := liveKeys()
		keys["V2"] = key
		if got := left(auditConfig, keys); len(got) != 1 || !strings.Contains(got[0], "pgs.portone.api_secret: is a ") {
			t.Errorf("%s is let through: %q", key, got)
		}
	}
}

// TestEveryAddressIsHeld sends every address that the schema knows in the clear to another machine.
func TestEveryAddressIsHeld(t *testing.T) {
	t.Parallel()
	tests := map[string][2]string{
		"server.public.base_url": {`base_url: "https://pay.shop.example.com"`, `base_url: "http://pay.shop.example.com"`},
		"order_service.url":      {`url: "http://127.0.0.1:9000"`, `url: "http://orders:8080"`},
		"pgs.inicis.base_url":    {`base_url: "https://inicis.example.com"`, `base_url: "http://inicis.example.com"`},
		"x2bee.return_url":       {`return_url: "https://shop`, `return_url: "http://shop`},
	}
	for path, edit := range tests {
		bad := strings.Replace(auditConfig, edit[0], edit[1], 1)
		got := left(bad, liveKeys())
		if bad == auditConfig || len(got) == 0 || !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, path+": ") }) {
			t.Errorf("%s in the clear is let through: %q", path, got)
		}
	}
	want := slices.Sorted(maps.Keys(tests))
	for i, path := range want {
		want[i] = strings.Replace(path, "pgs.inicis", "pgs.*", 1)
	}
	if diff := cmp.Diff(want, schemaKeys(t, "^https?://[^ ]")); diff != "" {
		t.Errorf("addresses of the schema (-tried +there)\n%s", diff)
	}
	for _, local := range []string{"http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"} {
		if got := left(strings.Replace(auditConfig, "http://127.0.0.1:9000", local, 1), liveKeys()); len(got) > 0 {
			t.Errorf("%s stays on this machine: %q", local, got)
		}
	}
	dsn := liveKeys()
	dsn["DSN"] = "postgres://pgw@db.internal:5432/pgw?sslmode=disable"
	if got := left(auditConfig, dsn); len(got) != 1 || !strings.Contains(got[0], "journal.dsn") {
		t.Errorf("a journal in the clear is let through: %q", got)
	}
}

// TestEveryListenerIsHeld puts every listener of the schema onto the public port and, but for the public one, onto a
// public address.
func TestEveryListenerIsHeld(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"server.sidecar.listen": `listen: "127.0.0.1:8081"`, "server.admin.listen": `listen: "127.0.0.1:9090"`,
		"pgs.portone.sidecar_listen": `listen: "127.0.0.1:8082"`,
	}
	others := []string{"server.public.listen", "sandbox.listen"}
	for path, old := range tests {
		for _, listen := range []string{"127.0.0.1:8080", ":8080", "203.0.113.7:8085", "[2001:db8::1]:8085"} {
			got := left(strings.Replace(auditConfig, old, `listen: "`+listen+`"`, 1), liveKeys())
			if len(got) == 0 || !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, path+": ") }) {
				t.Errorf("%s at %s is let through: %q", path, listen, got)
			}
		}
	}
	open := strings.Replace(auditConfig, `listen: "127.0.0.1:9090", token: "${env:DESK}"`, `listen: ":9090"`, 1)
	if got := left(open, liveKeys()); len(got) != 1 || !strings.Contains(got[0], "server.admin: :9090 is not the loopback interface") {
		t.Errorf("an admin listener without a token on every interface is let through: %q", got)
	}
	for _, inside := range []string{"127.0.0.1:9091", "10.1.2.3:9091", "[fd00::1]:9091", "localhost:9091", ":9091"} {
		if got := left(strings.Replace(auditConfig, "127.0.0.1:9090", inside, 1), liveKeys()); len(got) > 0 {
			t.Errorf("%s is refused: %q", inside, got)
		}
	}
	tests["pgs.*.sidecar_listen"] = tests["pgs.portone.sidecar_listen"]
	delete(tests, "pgs.portone.sidecar_listen")
	if diff := cmp.Diff(slices.Sorted(slices.Values(slices.AppendSeq(others, maps.Keys(tests)))), schemaKeys(t, ":[0-9]{1,5}$")); diff != "" {
		t.Errorf("listeners of the schema (-tried +there)\n%s", diff)
	}
	sandbox := strings.Replace(config("x"), "enabled: Y", `enabled: Y, listen: ":8080"`, 1)
	if _, err := rules.Parse("c.yaml", []byte(sandbox), sources()); err == nil || !strings.Contains(err.Error(), "both have port 8080") {
		t.Errorf("the sandbox at the public port: %v", err)
	}
}

// TestOriginsAreThoseThatBrowsersSend: in every other writing the shop's own page is refused.
func TestOriginsAreThoseThatBrowsersSend(t *testing.T) {
	t.Parallel()
	tests := []struct{ origin, say string }{
		{"https://shop.example.com", ""},
		{"http://127.0.0.1:8080", ""},
		{"https://[2001:db8::1]", ""},
		{"https://xn--bj0bj06e.kr", ""},
		{"https://shop.example.com:8443", ""},
		{"https://shop.example.com:443", "(write https://shop.example.com)"},
		{"http://shop.example.com:80", "(write http://shop.example.com)"},
		{"https://Shop.Example.com", "(write https://shop.example.com)"},
		{"HTTPS://shop.example.com", "(write https://shop.example.com)"},
		{"https://shop.example.com/", "(write https://shop.example.com)"},
		{"https://한글상점.kr", "punycode"},
		{"https://*.example.com", "no host has that name"},
		{"https://shop.example.com.", "no host has that name"},
		{"https://shop..example.com", "no host has that name"},
		{"https://-shop.example.com", "no host has that name"},
		{"https://127.1", "no host has that name"},
		{"https://[2001:0db8::1]", "no host has that name"},
		{"https://shop.example.com:0443", "no host has that name"},
		{"https://shop.example.com:70000", "no host has that name"},
		{"https://shop_1.example.com", ""},
		{"https://user@shop.example.com", "no scheme, host and port"},
		{"https://shop.example.com?x", "no scheme, host and port"},
		{"shop.example.com", "no scheme, host and port"},
		{"null", "no scheme, host and port"},
		{"app://shop.example.com", "neither https nor http"},
	}
	for _, tt := range tests {
		t.Run(tt.origin, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(auditConfig, `allow_origins: ["https://shop.example.com"]`, `allow_origins: ["https://shop.example.com", "`+tt.origin+`"]`, 1)
			_, err := rules.Parse("live.yaml", []byte(text), liveSources())
			if (err == nil) != (tt.say == "") || err != nil && !strings.Contains(err.Error(), tt.say) {
				t.Errorf("got %v, want %q", err, tt.say)
			}
		})
	}
}

// TestKeysOfPGsAreWhatTheyLookLike: names that go to a PG as they are hold nothing that nobody sees.
func TestKeysOfPGsAreWhatTheyLookLike(t *testing.T) {
	t.Parallel()
	for path, value := range map[string]string{
		"pgs.portone.store_id": "store-1", "pgs.one.imp_code": "imp31415926", "merchants[0].mid": "MOIshop001",
		"merchants[1].channel_key": "ck-2", "pgs.inicis.client_ip": "203.0.113.10",
	} {
		for _, mark := range []string{`\ufeff`, `\u200b`, `\u00a0`, `\u3164`, " ", "가"} {
			text := strings.Replace(auditConfig, ": "+value, `: "`+value+mark+`"`, 1)
			if got := left(text, liveKeys()); len(got) == 0 || !strings.Contains(got[0], ": "+path+": has ") {
				t.Errorf("%s with %s is let through: %q", path, mark, got)
			}
		}
	}
	for _, title := range []string{"이니시스", "KG 이니시스", "tab\\tand\\nline"} {
		if got := left(strings.Replace(auditConfig, "driver: inicis,", `driver: inicis, name: "`+title+`",`, 1), liveKeys()); len(got) > 0 {
			t.Errorf("the title %s is refused: %q", title, got)
		}
	}
}

// TestPhonesNeedTheHashKey: without it a contract is for PCs, and is so called before real money moves.
func TestPhonesNeedTheHashKey(t *testing.T) {
	t.Parallel()
	for devices, want := range map[string]string{
		"[pc, mobile]": "merchants[0].hash_key: without the hash key no window is opened on phones",
		"all":          "merchants[0].hash_key: without the hash key no window is opened on phones",
		"[mobile]":     "", "[app]": "",
	} {
		text := strings.Replace(auditConfig, "devices: [pc]", "devices: "+devices, 1)
		if want == "" {
			_, err := rules.Parse("c.yaml", []byte(text), sources())
			if err == nil || !strings.Contains(err.Error(), "is for phones and apps, and without the hash key") {
				t.Errorf("devices: %s is let through: %v", devices, err)
			}
			continue
		}
		if got := left(text, liveKeys()); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("devices: %s is let through: %q", devices, got)
		}
	}
}

func TestPagesOfX2BEEAreAtTheShop(t *testing.T) {
	t.Parallel()
	got := left(strings.Replace(auditConfig, "https://shop.example.com/result", "https://other.example.com/result", 1), liveKeys())
	if len(got) != 1 || !strings.Contains(got[0], "x2bee.return_url: https://other.example.com is not one of allow_origins") {
		t.Errorf("got %q", got)
	}
}

// schemaKeys are the keys of the schema whose pattern holds a text, with * for free keys.
func schemaKeys(t *testing.T, pattern string) []string {
	t.Helper()
	text, err := rules.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var found []string
	var walk func(node any, path string)
	walk = func(node any, path string) {
		m, ok := node.(map[string]any)
		if !ok {
			return
		}
		if p, ok := m["pattern"].(string); ok && strings.Contains(p, pattern) {
			found = append(found, strings.TrimPrefix(path, "."))
		}
		properties, _ := m["properties"].(map[string]any)
		for key, sub := range properties {
			walk(sub, path+"."+key)
		}
		walk(m["additionalProperties"], path+".*")
	}
	walk(root, "")
	slices.Sort(found)
	return found
}
