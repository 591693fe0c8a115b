package rules_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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
  - { id: "1002", pg: inicis, mid: INIpayTest, sign_key: k, hash_key: k, interest_free: Y }
  - { id: "999", pg: inicis, mid: INIpayTest, sign_key: k, hash_key: k, interest_free: N }
  - { id: "1500", pg: inicis, mid: INIpayTest, sign_key: k, hash_key: k, sites: [outlet], devices: [pc] }
  - { id: "1400", pg: inicis, mid: INIpayTest, sign_key: k, hash_key: k, sites: [outlet], in_use: N, interest_free: Y }
  - { id: "100", pg: inicis, mid: iniescrow0, sign_key: k, hash_key: k, purpose: escrow }
  - { id: "1003", pg: inicis, mid: INIBillTst, sign_key: k, hash_key: k, purpose: recurring }
  - { id: "2001", pg: toss, mid: INIpayTest, sign_key: k, hash_key: k, methods: [card], cards: { kb: pending } }
  - { id: "4001", pg: off, mid: INIpayTest, sign_key: k, hash_key: k, interest_free: Y }
  - { id: "5001", pg: second, mid: INIpayTest, sign_key: k, hash_key: k, sites: [vip], interest_free: Y, max_months: 3 }
  - { id: "5002", pg: second, mid: INIpayTest, sign_key: k, hash_key: k, sites: [vip], interest_free: Y, cards: { suhyup: pending } }
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
		{"secondary means are named, not looked up", main("32"), rules.Where{}, "N Y|32  N Y", ""},
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
			got, err := s.CheckLinks(tt.means, tt.where, rules.Options{Now: storeTime()})
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
			rows, err := s.PGInfo(tt.codes, tt.where, rules.Options{Now: storeTime()})
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
		{"billing keys are issued for cards only", rules.MerchantQuery{Site: "main", PG: "10", Method: "22"}, "", "MERCHANT_NOT_FOUND siteNo"},
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
			got, err := s.FindMerchant(tt.q, rules.Options{Now: storeTime()})
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

// queryShop is a random small shop with what makes queries hard: limits of links, purposes, devices of contracts,
// secondary means.
func queryShop(t *rapid.T) *rules.Snapshot {
	for {
		// A link to a PG whose contracts do not take the method is refused when loading: that is no shop.
		if s := maybeShop(t); s != nil {
			return s
		}
	}
}

// maybeShop draws a shop, or nil.
func maybeShop(t *rapid.T) *rules.Snapshot {
	text := drawShop(t).text()
	pick := func(label string, options ...string) string { return rapid.SampledFrom(options).Draw(t, label) }
	text = strings.Replace(text, "links: { p0: Y", "links: { p0: "+pick("limits", "Y", "{ on: Y, max: 3000 }", "{ on: Y, min: 9000 }", "{ on: Y, from: 2026-12-03 }"), 1)
	text = strings.Replace(text, "- { code: card,", "- { code: card, purposes: "+pick("purposes", "one_time", "[one_time, escrow]", "[billing_key, one_time]", "[escrow]", "[billing_key]")+",", 1)
	text = strings.Replace(text, "- { id: m0,", "- { id: m0, devices: "+pick("devices", "all", "[pc]", "[mobile, app]")+", cards: { default: "+pick("review", "approved", "pending")+", kb: approved },", 1)
	text = strings.Replace(text, "- { id: m1, pg: p1, mid: INIpayTest,", "- { id: m1, pg: p1, "+
		pick("purpose", "mid: INIpayTest", "mid: iniescrow0, purpose: escrow", "mid: INIBillTst, purpose: recurring")+",", 1)
	text = strings.Replace(text, "payment_methods:\n", "payment_methods:\n  - { code: mileage, kind: secondary, in_use: "+
		yn(rapid.Bool().Draw(t, "mileage"))+", sites: "+pick("mileage sites", "all", "[a]")+" }\n", 1)
	s, err := rules.Parse("small.yaml", []byte(text), rules.Sources{})
	if err != nil {
		if strings.Contains(err.Error(), "no merchant of PG") {
			return nil
		}
		t.Fatal(text, err)
	}
	return s
}

// everyOrder makes orders by some methods of every kind, tried one by one: none of the axes that the rules find themselves.
func everyOrder(methods []payment.Method, where rules.Where, do func(c *payment.Checkout) (more bool)) {
	for _, amount := range []payment.Won{0, 100, 101, 2999, 3000, 3001, 4999, 5000, 5001, 8999, 9000, 9001, 9002, 19999, 20000} {
		for _, purpose := range []payment.Purpose{"one_time", "escrow", "billing_key"} {
			for _, device := range []payment.Device{"pc", "mobile", "app"} {
				for _, site := range []payment.Site{"", "a", "b", "c"} {
					for _, country := range []string{"", "JP"} {
						for _, card := range []string{"", "kb", "bc", "lotte"} {
							if where.Site != "" && where.Site != site || where.Device != "" && where.Device != device {
								continue
							}
							c := &payment.Checkout{Purpose: purpose, Device: device, Site: site, Country: country, TaxFreeSet: true}
							if card != "" {
								c.Card = &payment.Card{Company: card}
							}
							for _, m := range methods {
								part := amount
								if m == "mileage" {
									part = 10
								}
								c.Payments = append(c.Payments, payment.MethodAmount{Method: m, Amount: part})
								c.Amount += part
							}
							if !do(c) {
								return
							}
						}
					}
				}
			}
		}
	}
}

// TestQueriesAgreeWithDecisions: what a query calls usable, some checkout is taken for, at that PG and merchant; and
// what some checkout is taken for, a query calls usable.
func TestQueriesAgreeWithDecisions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := queryShop(t)
		methods := rapid.SampledFrom([][]payment.Method{{"card"}, {"trans"}, {"mileage"}, {"mileage", "card"}, {"trans", "mileage"}}).Draw(t, "methods")
		where := rules.Where{
			Site:   rapid.SampledFrom([]payment.Site{"", "a", "b", "c"}).Draw(t, "site"),
			Device: rapid.SampledFrom([]payment.Device{"", "pc", "mobile", "app"}).Draw(t, "device"),
		}
		opt := rules.Options{Now: drawTime(t)}
		takenBy, chosen := map[payment.MerchantID]bool{}, map[payment.PGID]bool{}
		inside := false
		everyOrder(methods, where, func(c *payment.Checkout) bool {
			dec, err := s.Decide(c, opt)
			switch {
			case err != nil:
			case dec.Internal:
				inside = true
			default:
				chosen[dec.PG.ID], takenBy[dec.Merchant.ID] = true, true
				for _, f := range dec.Fallbacks {
					takenBy[f.Merchant] = true
				}
			}
			return true
		})
		var means []rules.Means
		for _, m := range methods {
			means = append(means, rules.Means{Method: string(m)})
		}
		check, err := s.CheckLinks(means, where, opt)
		if err != nil {
			t.Fatal(err)
		}
		if want := inside || len(takenBy) > 0; check.Usable != want {
			t.Fatalf("%v at %+v: the link check says %t, orders %t by %v", methods, where, check.Usable, want, takenBy)
		}
		if len(methods) > 1 || inside {
			return
		}
		info, err := s.PGInfo([]string{string(methods[0])}, where, opt)
		if err != nil || len(info) != min(len(chosen), 1) || len(info) == 1 && !chosen[info[0].PG] {
			t.Fatalf("%v at %+v: the PG look-up finds %v, %v; orders go to %v", methods, where, info, err, chosen)
		}
		for _, p := range s.PGs() {
			m, err := s.FindMerchant(rules.MerchantQuery{Site: where.Site, PG: string(p.ID), Method: string(methods[0])}, opt)
			if where.Device != "" {
				break // the merchant look-up knows no device
			}
			ours := slices.ContainsFunc(s.Merchants(), func(m *payment.Merchant) bool { return m.PG == p.ID && takenBy[m.ID] })
			if ours != (err == nil) || err == nil && !takenBy[m.ID] {
				t.Fatalf("%v at %+v: the merchant look-up at %s finds %s, %v; orders are taken by %v", methods, where, p.ID, m.ID, err, takenBy)
			}
		}
	})
}

// TestQueriesFollowRoutingAndControls: the cases in which the store API said something else than the checkout.
func TestQueriesFollowRoutingAndControls(t *testing.T) {
	t.Parallel()
	s, err := rules.Parse("store.yaml", []byte(strings.Replace(storeConfig, "interest_free_notices:", `routing:
  - { name: large, when: { method: card, amount: { from: 300000 } }, choose: { priority: [inicis] } }
  - { name: cards, when: { method: card }, choose: { priority: [toss] } }
  - { name: rest, choose: { priority: [second, inicis] } }
controls:
  - { name: night, methods: [phone], daily: ["11:00-13:00"] }
  - { name: points, methods: [mileage], daily: ["23:00-24:00"] }
interest_free_notices:`, 1)), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	noon, evening := storeTime(), storeTime().Add(6*time.Hour)
	info := func(at time.Time, codes ...string) string {
		rows, err := s.PGInfo(codes, rules.Where{}, rules.Options{Now: at})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range rows {
			out = append(out, string(r.Method)+":"+string(r.PG))
		}
		return strings.Join(out, " ")
	}
	usable := func(at time.Time, means ...rules.Means) bool {
		got, err := s.CheckLinks(means, rules.Where{}, rules.Options{Now: at})
		if err != nil {
			t.Fatal(err)
		}
		return got.Usable
	}
	if got := info(noon, "card", "phone"); got != "card:toss" {
		t.Errorf("at noon the PGs are %s: routing sends cards to toss, and phone is closed", got)
	}
	if got := info(evening, "card", "phone"); got != "card:toss phone:second" {
		t.Errorf("in the evening the PGs are %s", got)
	}
	if got := info(evening, "21"); got != "ssgpay:inicis" {
		t.Errorf("ssgpay goes to %s", got)
	}
	if usable(noon, rules.Means{Method: "phone"}) || !usable(evening, rules.Means{Method: "phone"}) {
		t.Error("a control closes phone at noon, and at noon only")
	}
	if !usable(noon, rules.Means{Method: "32"}) || usable(noon.Add(11*time.Hour+time.Minute), rules.Means{Method: "32"}) {
		t.Error("mileage alone is usable, but where a control closes it")
	}
	if !usable(noon, rules.Means{Method: "11", PG: "10"}) {
		t.Error("large card orders go to inicis")
	}
	if usable(noon, rules.Means{Method: "21", PG: "20"}) {
		t.Error("toss takes no ssgpay")
	}
	down := rules.Options{Now: noon, Health: unwell("toss")}
	if rows, err := s.PGInfo([]string{"11"}, rules.Where{}, down); err != nil || len(rows) != 1 || rows[0].PG != "toss" {
		t.Errorf("the only PG of its rule is named also while it is unwell: %v %v", rows, err)
	}
}

// TestWhatOnlyPortOneOffersIsNotInicis: the direct driver opens no window for it.
func TestWhatOnlyPortOneOffersIsNotInicis(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("links: { toss: Y, inicis: Y } }", "links: { toss: Y, inicis: Y } }\n  - { code: smartculture, links: { inicis: Y } }").Replace(storeConfig)
	if _, err := rules.Parse("store.yaml", []byte(text), rules.Sources{}); err == nil || !strings.Contains(err.Error(), "no merchant of PG inicis takes smartculture") {
		t.Errorf("got %v", err)
	}
	text = strings.Replace(storeConfig, "methods: [card]", "methods: [card, smartculture]", 1)
	text = strings.Replace(text, "  - { code: lpay,", "  - { code: smartculture }\n  - { code: lpay,", 1)
	if _, err := rules.Parse("store.yaml", []byte(text), rules.Sources{}); err == nil || !strings.Contains(err.Error(), "driver inicis does not support smartculture") {
		t.Errorf("got %v", err)
	}
}

// unwell is a PG that is not well; all others are.
type unwell payment.PGID

func (u unwell) Healthy(p payment.PGID) bool { return p != payment.PGID(u) }
