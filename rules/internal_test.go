package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

const tiny = `order_service: { url: "http://orders:8080" }
sandbox: { enabled: Y }
pgs: { inicis: { driver: inicis, name: %s } }
merchants: [{ id: m, pg: inicis, mid: INIpayTest, sign_key: k, hash_key: k }]
payment_methods: [{ code: card, links: { inicis: Y } }]
`

func TestFees(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		of   payment.Won
		want payment.Won
		bad  bool
	}{
		{text: "2.2%", of: 10000, want: 220},
		{text: "2.25%", of: 10000, want: 225},
		{text: "2%", of: 33, want: 1},
		{text: "0%", of: 10000, want: 0},
		{text: "100%", of: 10000, want: 10000},
		{text: "300won", of: 10000, want: 300},
		{text: "1.5%+100won", of: 10000, want: 250},
		{text: "2.2%", of: payment.MaxWon, want: 220_000_000},
		{text: "100.01%", bad: true},
		{text: "2.225%", bad: true},
		{text: "2,2%", bad: true},
		{text: "2.%", bad: true},
		{text: "-1%", bad: true},
		{text: "2", bad: true},
		{text: "won", bad: true},
		{text: "+100won", bad: true},
		{text: "2%+", bad: true},
		{text: "100won+2%", bad: true},
		{text: "", bad: true},
		{text: "%", bad: true},
		{text: "010%", bad: true},
		{text: "1%+100", bad: true},
		{text: "99999999won", bad: true},
	} {
		f, ok := parseFee(tt.text)
		if ok == tt.bad {
			t.Errorf("%q read: %v", tt.text, ok)
		}
		if got := f.Of(tt.of); ok && got != tt.want {
			t.Errorf("%q of %d is %d, want %d", tt.text, tt.of, got, tt.want)
		}
	}
}

func TestMomentsAreKorean(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Unix(-1, 0), time.Date(2026, 12, 4, 14, 59, 59, 0, time.UTC),
		time.Date(2026, 12, 4, 15, 0, 0, 0, time.UTC), time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2400, 2, 29, 23, 0, 0, 0, time.UTC),
	} {
		local, m := at.In(payment.KST()), momentOf(at)
		if m.minute != local.Hour()*60+local.Minute() || m.weekday != int(local.Weekday()) {
			t.Errorf("%v is minute %d of weekday %d, want %v", at, m.minute, m.weekday, local)
		}
	}
}

func TestAnExpressionThatFailsDoesNotMatch(t *testing.T) {
	t.Parallel()
	s, err := Parse("config.yaml", []byte(fmt.Sprintf(tiny, "a")+`routing:
  - { name: broken, when: { expr: "amount % (amount - 1000) == 0" }, choose: { priority: [inicis] } }
  - { name: default, choose: { priority: [inicis] } }
`), Sources{})
	if err != nil {
		t.Fatal(err)
	}
	var warned []string
	opt := Options{Warn: func(rule string, err error) { warned = append(warned, rule+": "+err.Error()) }}
	d, err := s.Decide(&payment.Checkout{
		OrderID: "o", Amount: 1000, Device: payment.DevicePC,
		Payments: []payment.MethodAmount{{Method: "card", Amount: 1000}},
	}, opt)
	if err != nil || d.Rule != "default" {
		t.Errorf("decided by %q, %v; want default", d.Rule, err)
	}
	if len(warned) != 1 || !strings.HasPrefix(warned[0], "broken: evaluating the expression: ") {
		t.Errorf("warnings are %q", warned)
	}
}

func TestExpressionsThatCouldRunLongAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"all(1..1000000, # > 0)", "len(1..100000000) > 0", "count([1,2], # > 1) == 1", "amount in 1..1000000000",
		"repeat(\"x\", 100000000) == \"\"", "now() == now()",
		"true" + strings.Repeat(" && true", 300), strings.Repeat("hour+", 150) + "hour > 0", strings.Repeat("x", 1001),
	} {
		if _, _, err := compileExpr(text); err == nil {
			t.Errorf("%.40q compiles", text)
		}
	}
	for _, text := range []string{
		`amount > 10000 and country != "KR"`, `method in ["card", "trans"]`, `hour >= 22 || hour < 6`,
		`lower(site) startsWith "b"`, `weekday == "sat" ? amount > 5 : false`, `site matches "^[a-c]+$"`,
	} {
		if _, _, err := compileExpr(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCRLFIsTheSameFile(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(tiny, "a")
	unix, err := Parse("config.yaml", []byte(text), Sources{})
	if err != nil {
		t.Fatal(err)
	}
	dos, err := Parse("config.yaml", []byte(strings.ReplaceAll(text, "\n", "\r\n")), Sources{})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := unix.PG("inicis")
	b, _ := dos.PG("inicis")
	if a.Name != b.Name || b.Name != "a" {
		t.Errorf("names are %q and %q", a.Name, b.Name)
	}
}

func TestSecretsStayOutOfErrorsAndVersions(t *testing.T) {
	t.Parallel()
	const hidden = "hunter2hunter2"
	src := Sources{Env: func(string) (string, bool) { return hidden + "\r\n", true }}
	text := strings.Replace(fmt.Sprintf(tiny, "a"), "sign_key: k", `sign_key: "${env:KEY}"`, 1)
	s, err := Parse("config.yaml", []byte(text), src)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := s.Merchant("m")
	if m.Keys.Secret("sign_key").Reveal() != hidden {
		t.Error("the trailing newline of a secret was kept")
	}
	_, err = Parse("config.yaml", []byte(strings.Replace(text, "code: card", "code: crad", 1)), src)
	if err == nil || strings.Contains(err.Error(), hidden) {
		t.Errorf("complaints are %v", err)
	}
	inline := strings.Replace(fmt.Sprintf(tiny, "a"), "sign_key: k", "sign_key: "+hidden, 1)
	_, err = Parse("config.yaml", []byte("mode: live\n"+inline), Sources{})
	if err == nil || strings.Contains(err.Error(), hidden) {
		t.Errorf("complaints are %v", err)
	}
}

// TestAMemoNeverAnswersForAnotherKey puts a key where another one lives.
func TestAMemoNeverAnswersForAnotherKey(t *testing.T) {
	t.Parallel()
	var m memo[string]
	first := memoKey{1}
	m.put(first, "first")
	for i := int32(2); ; i++ {
		other := memoKey{i}
		if other.slot() != first.slot() {
			continue
		}
		if got, ok := m.get(other); ok {
			t.Fatalf("key %v is answered with %q", other, got)
		}
		m.put(other, "other")
		if got, ok := m.get(first); ok {
			t.Fatalf("key %v is answered with %q", first, got)
		}
		return
	}
}

// No test key is charged for real money, and no real card at a test merchant.
func TestAKeysModeIsTheMerchants(t *testing.T) {
	t.Parallel()
	for _, mode := range []payment.Mode{payment.ModeTest, payment.ModeLive} {
		m := merchant{Merchant: payment.Merchant{PG: "pg", Mode: mode}}
		for _, test := range []bool{true, false} {
			why := m.refusesKey([]payment.KeyContract{{PG: "pg", Test: test, TestKnown: true}}, methodCard)
			if (why == "") != (test == (mode == payment.ModeTest)) {
				t.Errorf("a key with test %t at a merchant in mode %s: %q", test, mode, why)
			}
		}
	}
}
