package rules_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// storeConfig is a shop with everything that the X2BEE store API tells apart.
const storeConfig = `
order_service: { url: "http://orders:8080" }
sandbox: { enabled: Y }
x2bee: { enabled: Y, acquirers: { kb: "102" } }
pgs:
  inicis: { code: "10", name: 이니시스, driver: inicis }
  toss: { code: "20", name: 토스, driver: inicis }
  off: { code: "40", driver: inicis, in_use: N }
  second: { code: "10", driver: inicis }
merchants:
  - { id: "1002", pg: inicis, mid: INIpayTest, sign_key: k, interest_free: Y }
  - { id: "999", pg: inicis, mid: INIpayTest, sign_key: k, interest_free: N }
  - { id: "1500", pg: inicis, mid: INIpayTest, sign_key: k, sites: [outlet], devices: [pc] }
  - { id: "1400", pg: inicis, mid: INIpayTest, sign_key: k, sites: [outlet], in_use: N, interest_free: Y }
  - { id: "100", pg: inicis, mid: iniescrow0, sign_key: k, purpose: escrow }
  - { id: "1003", pg: inicis, mid: INIBillTst, sign_key: k, purpose: recurring }
  - { id: "2001", pg: toss, mid: INIpayTest, sign_key: k, methods: [card], cards: { kb: pending } }
  - { id: "4001", pg: off, mid: INIpayTest, sign_key: k, interest_free: Y }
  - { id: "5001", pg: second, mid: INIpayTest, sign_key: k, sites: [vip], interest_free: Y, max_months: 3 }
  - { id: "5002", pg: second, mid: INIpayTest, sign_key: k, sites: [vip], interest_free: Y, cards: { suhyup: pending } }
payment_methods:
  - { code: card, x2bee: "11", name: 신용카드, links: { toss: Y, inicis: Y } }
  - { code: trans, x2bee: "12", links: { inicis: N, off: Y } }
  - { code: kakaopay, x2bee: "15", in_use: N, links: { inicis: Y } }
  - { code: payco, x2bee: "16", sites: [outlet], devices: [mobile], links: { inicis: Y } }
  - { code: naverpay, x2bee: "14", links: { inicis: { on: Y, from: 2027-01-01 }, off: Y } }
  - { code: phone, links: { second: Y } }
  - { code: lpay, x2bee: "19" }
  - { code: samsung, x2bee: "22", purposes: [billing_key], links: { inicis: Y } }
  - { code: ssgpay, x2bee: "21", purposes: [escrow, one_time], links: { inicis: Y } }
  - { code: mileage, x2bee: "32", kind: secondary }
interest_free_notices:
  - { id: "1", acquirer: shinhan, from: 2026-12-01, until: 2026-12-31, months: [{ from_amount: 300000, months: [2, 3, 6] }, { from_amount: 50000, months: [2] }] }
  - { id: "2", acquirer: kb, from: 2026-12-01, until: 2026-12-31, partial: Y, paid_by: acquirer, merchants: ["5001"], months: [{ from_amount: 50000, months: [2, 3, 12] }] }
  - { id: "3", acquirer: hana, from: 2026-12-02, until: 2026-12-31, months: [{ from_amount: 50000, months: [2] }] }
  - { id: "4", acquirer: lotte, from: 2026-11-01, until: 2026-11-30, months: [{ from_amount: 50000, months: [2] }] }
  - { id: "5", acquirer: nh, from: 2026-12-01, until: 2026-12-31, in_use: N, months: [{ from_amount: 50000, months: [2] }] }
  - { id: "6", acquirer: bc, from: 2026-12-01, until: 2026-12-31, merchants: ["999"], months: [{ from_amount: 50000, months: [2] }] }
  - { id: "7", acquirer: woori, from: 2026-12-01, until: 2026-12-31, merchants: ["5001"], months: [{ from_amount: 50000, months: [12] }] }
  - { id: "8", acquirer: samsung, from: 2026-12-01, until: 2026-12-31, merchants: ["1400"], months: [{ from_amount: 50000, months: [2] }] }
  - { id: "9", acquirer: citi, from: 2026-12-01, until: 2026-12-31, merchants: ["4001"], months: [{ from_amount: 50000, months: [2] }] }
  - { id: "10", acquirer: suhyup, from: 2026-12-01, until: 2026-12-31, merchants: ["5002"], months: [{ from_amount: 50000, months: [2] }] }
`

func store(t *testing.T) *rules.Snapshot {
	t.Helper()
	s, err := rules.Parse("store.yaml", []byte(storeConfig), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// storeTime is noon of the first day of December in Korea.
func storeTime() time.Time { return time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC) }

// codeOf is a problem's code and field, or nothing.
func codeOf(err error) string {
	if p, ok := payment.AsProblem(err); ok {
		return string(p.Code) + " " + p.Field
	}
	return ""
}

func yesNo(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}

func TestLinkCheck(t *testing.T) {
	t.Parallel()
	s := store(t)
	main := func(code string) []rules.Means { return []rules.Means{{Method: code}} }
	tests := []struct {
		name  string
		means []rules.Means
		where rules.Where
		want  string // main usable, then per row: method, PG code, link, use
		err   string
	}{
		{"a linked method is usable", main("11"), rules.Where{}, "Y Y|11 10 Y Y", ""},
		{"our own code is known too", main("card"), rules.Where{}, "Y Y|11 10 Y Y", ""},
		{"the PG asked about is looked at", []rules.Means{{Method: "11", PG: "20"}}, rules.Where{}, "Y Y|11 20 Y Y", ""},
		{"a PG may go by our name", []rules.Means{{Method: "11", PG: "toss"}}, rules.Where{}, "Y Y|11 20 Y Y", ""},
		{"a link that is off is a normal answer", []rules.Means{{Method: "12", PG: "10"}}, rules.Where{}, "Y N|12 10 N Y", ""},
		{"a PG that is off makes it unusable", main("12"), rules.Where{}, "Y N|12 40 Y N", ""},
		{"a missing row counts as off", []rules.Means{{Method: "12", PG: "20"}}, rules.Where{}, "Y N|12 20 N Y", ""},
		{"a method without links has no PG", main("19"), rules.Where{}, "Y N|19  N N", ""},
		{"a method that is off is unusable", main("15"), rules.Where{}, "Y N|15 10 Y N", ""},
		{"a link that is not on yet is off", []rules.Means{{Method: "14", PG: "10"}}, rules.Where{}, "Y N|14 10 N Y", ""},
		{"several PGs of one code count as one", []rules.Means{{Method: "phone", PG: "10"}}, rules.Where{}, "Y Y|phone 10 Y Y", ""},
		{"a method of another site is unusable", main("16"), rules.Where{Site: "main"}, "Y N|16 10 Y Y", ""},
		{"a method of another device is unusable", main("16"), rules.Where{Device: payment.DevicePC}, "Y N|16 10 Y Y", ""},
		{"where it is offered it is usable", main("16"), rules.Where{Site: "outlet", Device: payment.DeviceMobile}, "Y Y|16 10 Y Y", ""},
		{"a PG without a merchant for the site is unusable", main("phone"), rules.Where{Site: "main"}, "Y N|phone 10 Y N", ""},
		{"secondary means are named, not looked up", main("32"), rules.Where{}, "N N|32  N Y", ""},
		{"main and secondary together", []rules.Means{{Method: "32"}, {Method: "11"}}, rules.Where{}, "Y Y|32  N Y|11 10 Y Y", ""},
		{"two main means are refused", []rules.Means{{Method: "11"}, {Method: "12"}}, rules.Where{}, "", "TWO_PRIMARIES payInfoList.1.payWayCd"},
		{"an unknown method is refused", main("99"), rules.Where{}, "", "UNKNOWN_METHOD payInfoList.0.payWayCd"},
		{"an empty method is refused", main(""), rules.Where{}, "", "MISSING_FIELD payInfoList.0.payWayCd"},
		{"an unknown PG is refused", []rules.Means{{Method: "11", PG: "77"}}, rules.Where{}, "", "INVALID_FIELD payInfoList.0.pgGbCd"},
		{"an empty list is refused", nil, rules.Where{}, "", "MISSING_FIELD payInfoList"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := s.CheckLinks(tt.means, tt.where, storeTime())
			if codeOf(err) != tt.err {
				t.Fatalf("got %v, want %q", err, tt.err)
			}
			if tt.err != "" {
				return
			}
			parts := []string{yesNo(got.Main) + " " + yesNo(got.Usable)}
			for _, r := range got.Rows {
				parts = append(parts, strings.Join([]string{r.MethodCode, r.PGCode, yesNo(r.Linked), yesNo(r.InUse)}, " "))
			}
			if text := strings.Join(parts, "|"); text != tt.want {
				t.Errorf("got %s, want %s", text, tt.want)
			}
		})
	}
}

func TestPGInfo(t *testing.T) {
	t.Parallel()
	s := store(t)
	tests := []struct {
		name  string
		codes []string
		where rules.Where
		want  string
		err   string
	}{
		{"of several PGs the first of the file is taken", []string{"11"}, rules.Where{}, "11:inicis", ""},
		{"a method without a PG is left out", []string{"12", "11", "19"}, rules.Where{}, "11:inicis", ""},
		{"a method that is off is left out", []string{"15"}, rules.Where{}, "", ""},
		{"a secondary method is left out", []string{"32"}, rules.Where{}, "", ""},
		{"one row a method", []string{"11", "card"}, rules.Where{}, "11:inicis", ""},
		{"a scheduled link is left out before its time", []string{"14"}, rules.Where{}, "", ""},
		{"a method of another site is left out", []string{"16"}, rules.Where{Site: "main"}, "", ""},
		{"a PG without a merchant for the site is left out", []string{"phone"}, rules.Where{Site: "main"}, "", ""},
		{"a PG with a merchant for the site is named", []string{"phone"}, rules.Where{Site: "vip"}, "phone:second", ""},
		{"an unknown method is refused", []string{"11", "99"}, rules.Where{}, "", "UNKNOWN_METHOD payWayCdList.1"},
		{"an empty list is refused", nil, rules.Where{}, "", "MISSING_FIELD payWayCdList"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows, err := s.PGInfo(tt.codes, tt.where, storeTime())
			if codeOf(err) != tt.err {
				t.Fatalf("got %v, want %q", err, tt.err)
			}
			var parts []string
			for _, r := range rows {
				parts = append(parts, r.MethodCode+":"+string(r.PG))
			}
			if got := strings.Join(parts, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMerchantLookup(t *testing.T) {
	t.Parallel()
	s := store(t)
	tests := []struct {
		name string
		q    rules.MerchantQuery
		want payment.MerchantID
		err  string
	}{
		{"the lowest number comes first", rules.MerchantQuery{Site: "main", PG: "10"}, "999", ""},
		{"one of the site comes before general ones", rules.MerchantQuery{Site: "outlet", PG: "10"}, "1500", ""},
		{"of two PGs with one code all merchants count", rules.MerchantQuery{Site: "vip", PG: "10"}, "5001", ""},
		{"the method must be covered", rules.MerchantQuery{Site: "main", PG: "20", Method: "12"}, "", "MERCHANT_NOT_FOUND siteNo"},
		{"a covered method", rules.MerchantQuery{Site: "main", PG: "20", Method: "11"}, "2001", ""},
		{"a recurring method goes to a recurring contract", rules.MerchantQuery{Site: "main", PG: "10", Method: "22"}, "1003", ""},
		{"an ordinary contract comes before escrow", rules.MerchantQuery{Site: "main", PG: "10", Method: "21"}, "999", ""},
		{"an acquirer whose review is done", rules.MerchantQuery{Site: "main", PG: "20", Acquirer: "101"}, "2001", ""},
		{"an acquirer whose review is not done", rules.MerchantQuery{Site: "main", PG: "20", Acquirer: "102"}, "", "MERCHANT_NOT_FOUND siteNo"},
		{"an acquirer by our word", rules.MerchantQuery{Site: "main", PG: "20", Acquirer: "hana"}, "2001", ""},
		{"a PG that is off has no merchant", rules.MerchantQuery{Site: "main", PG: "40"}, "", "MERCHANT_NOT_FOUND siteNo"},
		{"an unknown PG", rules.MerchantQuery{Site: "main", PG: "77"}, "", "INVALID_FIELD pgGbCd"},
		{"an unknown method", rules.MerchantQuery{Site: "main", PG: "10", Method: "99"}, "", "UNKNOWN_METHOD payWayCd"},
		{"an unknown acquirer", rules.MerchantQuery{Site: "main", PG: "10", Acquirer: "zzz"}, "", "INVALID_FIELD acqrCd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := s.FindMerchant(tt.q, storeTime())
			if codeOf(err) != tt.err || got.ID != tt.want {
				t.Errorf("got %q, %v, want %q, %q", got.ID, err, tt.want, tt.err)
			}
		})
	}
}

func TestStoreNotices(t *testing.T) {
	t.Parallel()
	s := store(t)
	tests := []struct {
		name string
		q    rules.NoticeQuery
		now  time.Time
		want string
		err  string
	}{
		{"running ones with a merchant that pays the interest, by acquirer", rules.NoticeQuery{}, storeTime(), "1:101:10:[50000:2 300000:2,3,6] 2:102:10:[50000:2,3]", ""},
		{"a later one appears when it starts", rules.NoticeQuery{Acquirer: "hana"}, storeTime().AddDate(0, 0, 1), "3:hana:10:[50000:2]", ""},
		{"nothing is left when all have ended", rules.NoticeQuery{}, storeTime().AddDate(0, 1, 0), "", ""},
		{"for a site only those of its merchants", rules.NoticeQuery{Site: "main"}, storeTime(), "1:101:10:[50000:2 300000:2,3,6]", ""},
		{"for a site with its own merchant", rules.NoticeQuery{Site: "vip", Acquirer: "102"}, storeTime(), "2:102:10:[50000:2,3]", ""},
		{"for a PG whose merchants have it off", rules.NoticeQuery{PG: "20"}, storeTime(), "", ""},
		{"an unknown PG", rules.NoticeQuery{PG: "77"}, storeTime(), "", "INVALID_FIELD pgGbCd"},
		{"an unknown acquirer", rules.NoticeQuery{Acquirer: "zzz"}, storeTime(), "", "INVALID_FIELD acqrCd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := s.StoreNotices(tt.q, tt.now)
			if codeOf(err) != tt.err {
				t.Fatalf("got %v, want %q", err, tt.err)
			}
			var parts []string
			for _, n := range list {
				var steps []string
				for _, step := range n.Thresholds {
					months := strings.Trim(strings.ReplaceAll(fmt.Sprint(step.Months), " ", ","), "[]")
					steps = append(steps, fmt.Sprintf("%d:%s", step.FromAmount, months))
				}
				parts = append(parts, fmt.Sprintf("%s:%s:%s:%v", n.ID, n.AcquirerCode, n.PGCode, steps))
			}
			if got := strings.Join(parts, " "); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestDecideFor(t *testing.T) {
	t.Parallel()
	s := store(t)
	checkout := func(method payment.Method) *payment.Checkout {
		return &payment.Checkout{
			OrderID: "o-1", Amount: 60000, Device: payment.DevicePC, Site: "main",
			Payments: []payment.MethodAmount{{Method: method, Amount: 60000}},
		}
	}
	tests := []struct {
		name   string
		in     *payment.Checkout
		id     payment.MerchantID
		err    string
		months int
	}{
		{"the merchant that is chosen", checkout("card"), "999", "", 0},
		{"a merchant of a fallback, with its own offer", checkout("card"), "2001", "", 0},
		{"a merchant that is not offered", checkout("card"), "5001", "MERCHANT_NOT_FOUND mersNo", 0},
		{"an unknown merchant", checkout("card"), "nobody", "MERCHANT_NOT_FOUND mersNo", 0},
		{"nothing left for a PG", checkout("mileage"), "999", "MERCHANT_NOT_FOUND mersNo", 0},
		{"a denial stays a denial", checkout("lpay"), "999", "METHOD_NOT_LINKED payments.0.method", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := s.DecideFor(tt.in, tt.id, rules.Options{Now: storeTime()})
			if codeOf(err) != tt.err {
				t.Fatalf("got %v, want %q", err, tt.err)
			}
			if err == nil && (got.Merchant.ID != tt.id || got.PG.ID != got.Merchant.PG || got.Fallbacks != nil) {
				t.Errorf("got %s of %s, fallbacks %v", got.Merchant.ID, got.PG.ID, got.Fallbacks)
			}
		})
	}
	// The second PG hides KB, so its window must, although another PG was chosen first.
	got, err := s.DecideFor(checkout("card"), "2001", rules.Options{Now: storeTime()})
	if err != nil || len(got.Installments.Cards) == 0 || cmp.Diff([]payment.AcquirerMonths(nil), got.Installments.InterestFree) != "" {
		t.Errorf("the offer is another merchant's: %+v, %v", got.Installments, err)
	}
}

func TestX2BEECodes(t *testing.T) {
	t.Parallel()
	s := store(t)
	if got := s.AcquirerCode("shinhan") + s.AcquirerCode("kb") + s.AcquirerCode("hana"); got != "101102hana" {
		t.Errorf("got %s", got)
	}
	for medium, want := range map[string]payment.Device{"20": "pc", "30": "mobile", "40": "app", "50": "app", "": "", "10": ""} {
		if got, ok := rules.DeviceOf(medium); !ok || got != want {
			t.Errorf("medium %q is %q", medium, got)
		}
	}
	if _, ok := rules.DeviceOf("99"); ok {
		t.Error("medium 99 is known")
	}
}

func TestX2BEESection(t *testing.T) {
	t.Parallel()
	const rest = "order_service: { url: \"http://orders:8080\" }\npgs: {}\nmerchants: []\npayment_methods: []\n"
	tests := []struct {
		name, section, want string
	}{
		{"the defaults", "x2bee: { enabled: Y }", ""},
		{"900 without quotes", "x2bee: { business_error_status: 900 }", ""},
		{"another status", "x2bee: { business_error_status: 901 }", `unknown value "901"`},
		{"two functions at one path", "x2bee: { paths: { pg_info: /v1/payment/mersInfo } }", "two functions have the path"},
		{"a path without a slash", "x2bee: { paths: { pg_info: v1 } }", "is not valid here"},
		{"an unknown card company", "x2bee: { acquirers: { shinan: \"101\" } }", "unknown card company"},
		{"two card companies with one code", "x2bee: { acquirers: { kb: \"101\" } }", "have the same code"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := rules.Parse("c.yaml", []byte(rest+tt.section+"\n"), rules.Sources{})
			var e *rules.Error
			if (err == nil) != (tt.want == "") || err != nil && (!errors.As(err, &e) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	s, err := rules.Parse("c.yaml", []byte(rest+"x2bee: { base_path: /x/, business_error_status: 900 }\n"), rules.Sources{})
	if err != nil || s.X2BEE().BasePath != "/x" || !s.X2BEE().Status900 {
		t.Errorf("got %+v, %v", s.X2BEE(), err)
	}
}

// TestQueriesAgreeWithDecisions: what a query calls usable, a checkout is not refused for.
func TestQueriesAgreeWithDecisions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shop := drawShop(t)
		s := shop.snapshot(t)
		for range 20 {
			c, now := drawCheckout(t), drawTime(t)
			c.Amount = 1000
			c.Payments[0].Amount = c.Amount
			where := rules.Where{Site: c.Site, Device: c.Device}
			check, err := s.CheckLinks([]rules.Means{{Method: string(c.Payments[0].Method)}}, where, now)
			if err != nil {
				t.Fatal(err)
			}
			info, err := s.PGInfo([]string{string(c.Payments[0].Method)}, where, now)
			if err != nil {
				t.Fatal(err)
			}
			if check.Usable != (len(info) == 1) {
				t.Fatalf("the link check says %t, the PG lookup found %v", check.Usable, info)
			}
			dec, err := s.Decide(c, rules.Options{Now: now})
			p, denied := payment.AsProblem(err)
			unusable := denied && (p.Code == payment.CodeMethodNotLinked || p.Code == payment.CodePGNotInUse)
			if check.Usable && unusable || !check.Usable && !denied {
				t.Fatalf("usable is %t, decided %v", check.Usable, err)
			}
			if denied {
				continue
			}
			m, err := s.FindMerchant(rules.MerchantQuery{Site: c.Site, PG: string(dec.PG.ID), Method: string(dec.Method)}, now)
			if c.Site != "" && (err != nil || m.ID != dec.Merchant.ID) {
				t.Fatalf("the lookup finds %s (%v), the decision %s", m.ID, err, dec.Merchant.ID)
			}
		}
	})
}
