package payment_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
)

// technical are words that a buyer has no use for: fields, settings, code.
var technical = regexp.MustCompile("[a-z]_[a-z]|[a-z]\\.[a-z]|[A-Z]{2}[A-Z_]{2,}|[`{}<>=]|\\b(?i:yaml|json|http|header|field|body|token|config|configuration|merchant|gateway|PG|MID|trace|webhook|journal|attempt|routing|link)\\b|연결여부|사용여부|가맹점|설정|라우팅|필드")

// checkBuyerText holds a text for buyers to its form: Korean in Korean, English in English, and no word of a
// developer's.
func checkBuyerText(t *testing.T, what, ko, en string) {
	t.Helper()
	hangul := func(c rune) bool { return c >= '가' && c <= '힣' }
	switch {
	case !strings.ContainsFunc(ko, hangul):
		t.Errorf("%s: %q is not Korean", what, ko)
	case en == "" || strings.ContainsFunc(en, hangul):
		t.Errorf("%s: %q is not English", what, en)
	}
	for _, text := range []string{ko, en} {
		if word := technical.FindString(text); word != "" {
			t.Errorf("%s: a buyer reads %q in %q", what, word, text)
		}
	}
}

// constants reads the text constants of a file whose names begin so.
func constants(t *testing.T, file string, prefixes ...string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		for _, p := range prefixes {
			if text, err := strconv.Unquote(literal.Value); err == nil && strings.HasPrefix(spec.Names[0].Name, p) {
				list = append(list, text)
			}
		}
		return true
	})
	return list
}

func TestWhatBuyersReadOfProblems(t *testing.T) {
	t.Parallel()
	codes := constants(t, "problem.go", "Code")
	if len(codes) < 40 {
		t.Fatalf("found %d codes", len(codes))
	}
	for _, code := range codes {
		ko, en := payment.Code(code).ForBuyer()
		checkBuyerText(t, code, ko, en)
	}
	p := payment.Problem{Code: payment.CodeBlockedByControl, BuyerKo: "은행 점검 시간입니다"}
	if ko, en := p.ForBuyer(); ko != "은행 점검 시간입니다" || en == "" {
		t.Errorf("the shop's own words: %q %q", ko, en)
	}
}

func TestWhatBuyersReadOfEndings(t *testing.T) {
	t.Parallel()
	reasons := append(constants(t, "reason.go", "Declined", "Refused"), "declined_by_pg", "shop_refused", "shop_silent", "mismatch_amount", "never_paid", "approval_answer_lost")
	seen := map[payment.Code]bool{}
	for _, reason := range reasons {
		e, known := payment.EndingOf(payment.Reason(reason))
		if !known || e.Code == "" {
			t.Errorf("%s has no ending", reason)
			continue
		}
		checkBuyerText(t, reason, e.Ko, e.En)
		seen[e.Code] = true
	}
	for _, code := range []payment.Code{payment.EndedLimit, payment.EndedStock, payment.EndedShopClosed, payment.EndedExpired, payment.EndedByBuyer, payment.EndedGivenBack} {
		if !seen[code] {
			t.Errorf("no reason ends as %s", code)
		}
	}
	e := payment.UnknownEnding()
	checkBuyerText(t, "unknown", e.Ko, e.En)
	if _, known := payment.EndingOf("a word nobody knows"); known {
		t.Error("a stranger's word is known")
	}
	for _, reason := range []string{"approved", "account_issued"} {
		if e, known := payment.EndingOf(payment.Reason(reason)); !known || e.Code != "" {
			t.Errorf("%s ends as %v, %v", reason, e, known)
		}
	}
}

func TestTheShopsCodesForANo(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]payment.Reason{
		"OUT_OF_STOCK": payment.RefusedStock, "PRICE_CHANGED": payment.RefusedPrice, "SHOP_CLOSED": payment.RefusedClosed,
		"": "", "out_of_stock": "", "LIMIT_EXCEEDED": "", "SOMETHING_ELSE": "",
	} {
		if got := payment.RefusedFor(code); got != want {
			t.Errorf("%q: got %q, want %q", code, got, want)
		}
	}
}
