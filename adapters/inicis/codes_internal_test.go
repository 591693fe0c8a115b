package inicis

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

var updateDocs = flag.Bool("update-docs", false, "write the tables of codes in docs/ and testdata/codes.golden anew")

// held compares what stands in a file with what the code says, or writes it.
func held(t *testing.T, path, got, want string, write func(string) string) {
	t.Helper()
	if *updateDocs {
		if err := os.WriteFile(path, []byte(write(want)), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the code says; run `go test ./adapters/inicis -run Codes -update-docs` (-want +got):\n%s", path, diff)
	}
}

// wholeCodes are the codes of a row as Inicis would answer them.
func (r *codeRow) wholeCodes() []string {
	families := r.families
	if families == nil {
		families = []string{"500"}
	}
	var list []string
	for _, s := range r.suffixes {
		for _, f := range families {
			list = append(list, f+s)
		}
	}
	return append(list, r.codes...)
}

// TestEveryRowOfTheCodesIsRead answers with every code that is written down, in each place where it may stand.
func TestEveryRowOfTheCodesIsRead(t *testing.T) {
	t.Parallel()
	names := map[class]string{classDeclined: "no", classUnknown: "unknown", classNotFound: "not found"}
	var want strings.Builder
	seen := map[string]bool{}
	for i := range codeTable {
		row := &codeTable[i]
		for _, code := range row.wholeCodes() {
			if seen[code] {
				t.Errorf("%s has two rows", code)
			}
			seen[code] = true
			v := judge(code, "")
			if v.class != row.kind.class() || v.why != row.why() || v.refused != row.refused() {
				t.Errorf("%s: got %+v", code, v)
			}
			if in := judge("01", "거절", code); in != v {
				t.Errorf("%s in detailResultCode: got %+v, want %+v", code, in, v)
			}
			if in := judge("01", "거절 ("+code+")"); len(code) == 6 && in != v {
				t.Errorf("%s in a message: got %+v, want %+v", code, in, v)
			}
			fmt.Fprintf(&want, "%s: %s, %s; payment %q, cancel %q\n", code, row.kind, names[v.class], v.why, v.refused)
		}
		if row.ko == "" || row.en == "" || len(row.wholeCodes()) == 0 {
			t.Errorf("row %d says nothing", i)
		}
		if _, known := payment.EndingOf(row.why()); row.why() != "" && !known {
			t.Errorf("nobody is told of %s", row.why())
		}
		if _, _, known := payment.CancelText(row.refused()); row.refused() != "" && !known {
			t.Errorf("nobody is told of %s", row.refused())
		}
	}
	path := filepath.Join("testdata", "codes.golden")
	got, err := os.ReadFile(path)
	if err != nil && !*updateDocs {
		t.Fatal(err)
	}
	held(t, path, string(got), want.String(), func(s string) string { return s })
}

// TestWhatMayHaveHappenedComesFirst holds codes that stand together to their order.
func TestWhatMayHaveHappenedComesFirst(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code, message, detail string
		want                  class
	}{
		{"01", "한도 초과 (500644)", "500110", classUnknown},
		{"500623", "통신 장애 500050", "", classUnknown},
		{"01", "500623 500050", "", classUnknown},
		{"500644", "거래 없음 500623", "", classNotFound},
		{"01", "응답 지연", "500644", classUnknown},
		{"01", "한도 초과", "120055", classUnknown},
		{"01", "한도 초과", "00", classUnknown},
		{"1200", "", "", classUnknown},
		{"1255", "", "", classUnknown},
		{"070006", "", "", classUnknown},
		{"NOBODY_KNOWS", "", "", classDeclined},
		{"626", "", "", classDeclined},
		{"", "한도 초과", "", classUnknown},
		{"<html>", "한도 초과", "", classUnknown},
	} {
		if got := judge(tt.code, tt.message, tt.detail); got.class != tt.want {
			t.Errorf("%s %q %s: got %d, want %d", tt.code, tt.message, tt.detail, got.class, tt.want)
		}
	}
}

// TestNoCodeIsReadAsASuccess answers with whatever there may be: none is a payment, a cancel or a panic.
func TestNoCodeIsReadAsASuccess(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var known []string
	for i := range codeTable {
		known = append(known, codeTable[i].wholeCodes()...)
	}
	known = append(known, "취소", "응답 없음", " ", "&", "=", "\xff", "\x00", "\"", "{", "성공", "OK", "0", "5")
	text := func() string {
		var b strings.Builder
		for range random.IntN(4) {
			b.WriteString(known[random.IntN(len(known))])
			if random.IntN(3) == 0 {
				b.WriteByte(byte(random.IntN(256)))
			}
		}
		return b.String()
	}
	a := payment.Attempt{ID: "a_1", MID: "INIpayTest", Amount: 1000, Currency: payment.CurrencyKRW, Method: "card"}
	req := adapters.CancelRequest{
		Account: adapters.Account{PG: &payment.PG{}, Merchant: &payment.Merchant{}}, Attempt: a, Amount: 1000, Remaining: 1000,
	}
	for range 20_000 {
		code, message, extra := text(), text(), text()
		if v := judge(code, message, extra); v.class != classDeclined && v.class != classUnknown && v.class != classNotFound {
			t.Fatalf("%q %q %q: class %d", code, message, extra, v.class)
		}
		body := fmt.Sprintf(`{"resultCode":%q,"resultMsg":%q,"detailResultCode":%q,"tid":"t","mid":"INIpayTest",`+
			`"MOID":"a_1","TotPrice":"1000","payMethod":"Card"}`, code, message, extra)
		if r, err := parseApproval([]byte(body), "", "1", a); err == nil && code != "0000" && r.Outcome == payment.OutcomeApproved {
			t.Fatalf("%s is an approval", body)
		}
		if r, err := parseRefund([]byte(body), "", req); err == nil && code != "00" &&
			(r.Outcome != payment.OutcomeDeclined || r.Cancelled != 0) {
			t.Fatalf("%s is a refund: %+v", body, r)
		}
		form := "P_STATUS=" + code + "&P_RMESG1=" + message + "&P_TID=t&P_AMT=1000&P_MID=INIpayTest&P_OID=a_1&P_TYPE=CARD"
		r, err := parseMobileApproval([]byte(form), "", a)
		// The status is what stands before the first separator, as any reader of it takes it.
		status, _, _ := strings.Cut(code, "&")
		if err == nil && status != "00" && r.Outcome == payment.OutcomeApproved {
			t.Fatalf("%q is an approval on a phone", form)
		}
	}
}

const (
	tableBegins = "<!-- codes: go test ./adapters/inicis -run Codes -update-docs -->\n"
	tableEnds   = "<!-- end of codes -->\n"
)

// TestCodesAreDocumented holds the tables of docs/inicis.md and docs/inicis.ko.md to the one that is read.
func TestCodesAreDocumented(t *testing.T) {
	t.Parallel()
	for _, doc := range []struct {
		name, head, no, looked, used, refused, missing string
		kinds                                          map[kind]string
		korean                                         bool
	}{
		{
			name: "inicis.md", head: "| codes | meaning | class | a payment | a cancel |", no: "declined", looked: "looked up",
			used: "looked up, nothing is undone", refused: "refused",
		},
		{
			name: "inicis.ko.md", head: "| 코드 | 뜻 | 분류 | 결제 | 취소 |", no: "거절", looked: "조회로 확인",
			used: "되돌리지 않고 조회로 확인", refused: "거절", korean: true,
			kinds: map[kind]string{
				kindPermanent: "영구", kindTemporary: "일시", kindBuyer: "구매자", kindRequest: "요청", kindConfiguration: "설정",
				kindMerchant: "가맹점", kindAlarm: "경보", kindUnknown: "미확인", kindDone: "이미 처리됨", kindNotFound: "없음",
			},
		},
	} {
		var want strings.Builder
		want.WriteString(doc.head + "\n|---|---|---|---|---|\n")
		for i := range codeTable {
			row := &codeTable[i]
			meaning, sort := row.en, string(row.kind)
			if doc.korean {
				meaning, sort = row.ko, doc.kinds[row.kind]
			}
			pays := fmt.Sprintf("%s, `%s`", doc.no, orElse(string(row.why()), string(payment.ReasonDeclined)))
			cancels := fmt.Sprintf("%s, `%s`", doc.refused, orElse(row.refused(), string(payment.ReasonDeclined)))
			switch {
			case slices.Contains(row.codes, codeUsed):
				pays, cancels = doc.used, doc.looked
			case row.kind.class() == classNotFound:
				pays = doc.used
			case row.kind.class() == classUnknown:
				pays, cancels = doc.looked, doc.looked
			}
			fmt.Fprintf(&want, "| %s | %s | %s | %s | %s |\n", row.listed(), meaning, sort, pays, cancels)
		}
		path := filepath.Join("..", "..", "docs", doc.name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, found := strings.Cut(string(text), tableBegins)
		got, after, ended := strings.Cut(rest, tableEnds)
		if !found || !ended {
			t.Fatalf("%s lacks the lines between which its table stands", path)
		}
		held(t, path, got, want.String(), func(s string) string { return before + tableBegins + s + tableEnds + after })
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// listed is how a row's codes stand in a document: …626 is the suffix of any family.
func (r *codeRow) listed() string {
	var list []string
	for _, s := range r.suffixes {
		if r.families == nil {
			list = append(list, "…"+s)
		}
	}
	if r.families != nil {
		list = r.wholeCodes()
	} else {
		list = append(list, r.codes...)
	}
	return strings.Join(list, " ")
}
