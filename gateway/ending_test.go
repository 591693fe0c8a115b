package gateway

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// TestABuyerWhoHasNotPaidHearsWhy: a stable code and both languages, in the address that he is sent to.
func TestABuyerWhoHasNotPaidHearsWhy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		play           func(h *house) answer
		status, code   string
		inKo, inEn     string
		reason         payment.Reason // in the journal
		journaledAsked bool
	}{
		{"he closed the window", func(h *house) answer { return h.postReturn(h.inicisReturn("cancel")) }, "declined", "BUYER_CANCELLED", "취소", "cancelled", "", false},
		{"a limit, before the approval", func(h *house) answer {
			form := h.inicisReturn("fail")
			form.Set("resultMsg", "카드 한도초과")
			return h.postReturn(form)
		}, "declined", "LIMIT_EXCEEDED", "한도", "limit", "", false},
		{"a no without a word", func(h *house) answer {
			form := h.inicisReturn("fail")
			form.Set("resultMsg", "")
			form.Set("resultCode", "9999")
			return h.postReturn(form)
		}, "declined", "DECLINED", "승인되지 않았습니다", "declined", "", false},
		{"the shop takes nothing", func(h *house) answer {
			form := h.inicisReturn("pay")
			if err := h.sandbox.SetShop(sandbox.ShopNo); err != nil {
				h.t.Fatal(err)
			}
			return h.postReturn(form)
		}, "refused", "SHOP_REFUSED", "주문을 받을 수 없습니다", "takes no orders", "shop_refused", false},
		{"the goods are sold out", func(h *house) answer {
			body := h.checkout("card")
			o := h.soldOut()
			body["order_id"], body["amount"] = o.ID, float64(o.Amount)
			body["payments"] = []any{map[string]any{"method": "card", "amount": float64(o.Amount)}}
			return h.postReturn(h.press(h.formOf(body), "pay"))
		}, "refused", "OUT_OF_STOCK", "품절", "sold out", "shop_out_of_stock", false},
		{"the shop says nothing", func(h *house) answer {
			form := h.inicisReturn("pay")
			if err := h.sandbox.SetShop(sandbox.ShopDown); err != nil {
				h.t.Fatal(err)
			}
			return h.postReturn(form)
		}, "refused", "SHOP_SILENT", "응답하지 않아", "did not answer", "shop_silent", false},
		{"the PG did something else", func(h *house) answer {
			form := h.inicisReturn("pay")
			if err := h.sandbox.Inject(sandbox.Fault{PG: "inicis", Operation: "approve", Kind: sandbox.FaultWrongAmount}); err != nil {
				h.t.Fatal(err)
			}
			return h.postReturn(form)
		}, "cancelled", "GIVEN_BACK", "돌려", "goes back", "mismatch_amount", true},
		{"the window is over", func(h *house) answer {
			form := h.inicisReturn("pay")
			now := h.g.now()
			h.g.now = func() time.Time { return now.Add(time.Hour) }
			return h.postReturn(form)
		}, "pending", "RETURN_EXPIRED", "시간이 지났습니다", "time to pay is over", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			a := tt.play(h)
			to, err := url.Parse(a.header.Get("Location"))
			if err != nil || a.status != http.StatusSeeOther {
				t.Fatalf("got %d %s", a.status, a.body)
			}
			q := to.Query()
			if q.Get("status") != tt.status || q.Get("code") != tt.code || !strings.Contains(q.Get("detail_ko"), tt.inKo) || !strings.Contains(q.Get("detail_en"), tt.inEn) {
				t.Errorf("sent to %s", to)
			}
			if tt.reason == "" {
				return
			}
			attempt, _, err := h.journal.Attempt(t.Context(), payment.AttemptID(q.Get("attempt_id")))
			if err != nil || attempt.Reason != tt.reason {
				t.Errorf("the journal says %q, %v; want %q", attempt.Reason, err, tt.reason)
			}
			// Whoever asks later hears the same code.
			if end := (lifecycle.Result{Attempt: attempt}).Ending(); string(end.Code) != tt.code {
				t.Errorf("later it is %s", end.Code)
			}
			if tt.journaledAsked {
				h.hears(tt.code)
			}
		})
	}
}

// hears checks that a message of the outbox tells the shop of a payment that failed, with a code and both languages.
func (h *house) hears(code string) {
	h.t.Helper()
	messages, err := h.journal.OutboxDue(h.t.Context(), journal.OutboxLane{}, time.Now().Add(time.Hour), 10, time.Minute)
	if err != nil || len(messages) != 1 {
		h.t.Fatalf("messages %v, %v", messages, err)
	}
	var m struct {
		Type string
		Data struct {
			Reason, Code string
			DetailKo     string `json:"detail_ko"`
			DetailEn     string `json:"detail_en"`
		}
	}
	if err := json.Unmarshal(messages[0].Body, &m); err != nil {
		h.t.Fatal(err)
	}
	if m.Type != "payment.failed" || m.Data.Code != code || m.Data.Reason == "" || !strings.ContainsFunc(m.Data.DetailKo, isHangul) || m.Data.DetailEn == "" {
		h.t.Errorf("the shop hears %s", messages[0].Body)
	}
}

// soldOut is an order of goods that ran out while the buyer was paying.
func (h *house) soldOut() sandbox.Order {
	h.t.Helper()
	res, err := http.Post(h.url+"/shop/api/orders", "application/json", strings.NewReader(`{"goods":[{"goodsNo":"G005","qty":1}],"payMeans":[{"payWayCd":"11"}]}`))
	if err != nil {
		h.t.Fatal(err)
	}
	_ = res.Body.Close()
	orders := h.sandbox.Shop().Orders
	return orders[len(orders)-1]
}

// TestACallbackHearsWhyNothingWasPaid: the answer of /checkout/complete and of the sidecar say the same.
func TestACallbackHearsWhyNothingWasPaid(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	attempt, token := h.v2Authenticated()
	if err := h.sandbox.SetShop(sandbox.ShopNo); err != nil {
		t.Fatal(err)
	}
	a := h.post(pathComplete, "application/json", `{"attempt_id":"`+attempt+`","payment_token":"`+token+`"}`)
	if a.json["status"] != "refused" || a.json["code"] != "SHOP_REFUSED" || a.json["reason"] != "shop_refused" ||
		a.json["detail_ko"] != "주문을 받을 수 없습니다" || a.json["detail_en"] != "The shop takes no orders now" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if to, _ := a.json["redirect_url"].(string); !strings.Contains(to, "code=SHOP_REFUSED") || !strings.Contains(to, "detail_ko=") {
		t.Errorf("leads to %s", to)
	}
	b := h.send(h.sidecar, httptest.NewRequest(http.MethodGet, "/attempts/"+attempt, nil))
	if b.json["code"] != "SHOP_REFUSED" || b.json["detail_ko"] == "" || b.json["detail_en"] == "" {
		t.Errorf("the sidecar says %s", b.body)
	}
	paid, proof := func() (string, string) {
		if err := h.sandbox.SetShop(sandbox.ShopYes); err != nil {
			t.Fatal(err)
		}
		return h.v2Authenticated()
	}()
	if a := h.post(pathComplete, "application/json", `{"attempt_id":"`+paid+`","payment_token":"`+proof+`"}`); a.json["status"] != "approved" || a.json["code"] != nil || a.json["detail_ko"] != nil {
		t.Errorf("a paid order got %d %s", a.status, a.body)
	}
}

// TestPagesLeadBackToTheShop, fit a phone, and say nothing that only a developer would know.
func TestPagesLeadBackToTheShop(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for name, a := range map[string]answer{
		"a reload":           h.get(pathInicisReturn),
		"an unknown attempt": h.get(pathPortOneReturn + "?merchant_uid=nosuchattempt"),
		"a forged return":    h.post(pathInicisReturn, "application/x-www-form-urlencoded", "resultCode=0000&merchantData=x"),
		"a forged key":       h.post(pathInicisKey, "application/x-www-form-urlencoded", "resultCode=SUCCESS"),
	} {
		page := string(a.body)
		for _, want := range []string{`<a id="shop" href="http://localhost:8080/">`, "쇼핑몰로 돌아가기", "Back to the shop", "width=device-width", "@media(max-width", "overflow-wrap", `lang="ko"`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %s", name, want)
			}
		}
		for _, word := range []string{"attempt_id", "return_url", "merchantData", "trace_id", "orderNumber", "mid,"} {
			if strings.Contains(page, word) {
				t.Errorf("%s: a buyer reads %s: %s", name, word, page)
			}
		}
	}
	if got := h.g.shopPage("https://m.shop.example.com/pay/result?x=1"); got != "https://m.shop.example.com/" {
		t.Errorf("a known shop page leads to %s", got)
	}
	if got := h.g.shopPage("javascript:alert(1)"); got != "http://localhost:8080/" {
		t.Errorf("another scheme leads to %s", got)
	}
}

// TestEveryProblemIsToldInKorean, whatever its detail was made of.
func TestEveryProblemIsToldInKorean(t *testing.T) {
	t.Parallel()
	for _, code := range []payment.Code{payment.CodeInvalidJSON, payment.CodeInternal, payment.CodeBlockedByControl, payment.CodeOrderAnswerInvalid, payment.CodeSplitMismatch} {
		for _, ko := range []string{"", "closed for maintenance", "점검 중입니다"} {
			b := body(&payment.Problem{Code: code, DetailKo: ko, DetailEn: "x"}, "t")
			if !strings.ContainsFunc(b.DetailKo, isHangul) || !strings.Contains(b.DetailKo, ko) || !strings.ContainsFunc(b.Buyer.Ko, isHangul) || b.Buyer.En == "" {
				t.Errorf("%s with %q: %+v", code, ko, b)
			}
		}
	}
}

// TestProblemsAreMadeInBothLanguages reads every problem that the sources make: one that says something in English
// says it in Korean too.
func TestProblemsAreMadeInBothLanguages(t *testing.T) {
	t.Parallel()
	made := 0
	for _, dir := range []string{".", "settle", "../rules", "../payment"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			set := gotoken.NewFileSet()
			file, err := parser.ParseFile(set, name, text, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.CompositeLit); ok && strings.HasSuffix(exprText(text, set, lit.Type), "Problem") {
					made++
					checkLanguages(t, set.Position(lit.Pos()), text, set, lit)
				}
				if call, ok := n.(*ast.CallExpr); ok {
					made += checkCall(t, set.Position(call.Pos()), text, set, call)
				}
				return true
			})
		}
	}
	if made < 60 {
		t.Errorf("found %d problems, so the reading is broken", made)
	}
}

// checkCall checks the Korean text that is handed to whatever makes problems, and counts them.
func checkCall(t *testing.T, at gotoken.Position, text []byte, set *gotoken.FileSet, call *ast.CallExpr) int {
	t.Helper()
	name := exprText(text, set, call.Fun)
	nth, ok := map[string]int{"fieldProblem": 1, "orderFault": 2, "problem": 2, "d.deny": 3}[name]
	if !ok || len(call.Args) <= nth {
		return 0
	}
	ko := exprText(text, set, call.Args[nth])
	if strings.Contains(ko, `"`) && ko != `""` && !strings.HasSuffix(ko, "+ko") && !strings.ContainsFunc(ko, isHangul) {
		t.Errorf("%s: %s is handed %s for Korean", at, name, ko)
	}
	return 1
}

func exprText(text []byte, set *gotoken.FileSet, e ast.Expr) string {
	if e == nil {
		return ""
	}
	return string(text[set.Position(e.Pos()).Offset:set.Position(e.End()).Offset])
}

func checkLanguages(t *testing.T, at gotoken.Position, text []byte, set *gotoken.FileSet, lit *ast.CompositeLit) {
	t.Helper()
	said := map[string]ast.Expr{}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			said[exprText(text, set, kv.Key)] = kv.Value
		}
	}
	ko, en := said["DetailKo"], said["DetailEn"]
	switch {
	case (ko == nil) != (en == nil):
		t.Errorf("%s: a detail in one language only", at)
	case ko == nil, strings.Contains(exprText(text, set, ko), "ko"): // what it is made of is checked where it is written
	case strings.Contains(exprText(text, set, ko), `"`) && !strings.ContainsFunc(exprText(text, set, ko), isHangul):
		t.Errorf("%s: DetailKo is not Korean: %s", at, exprText(text, set, ko))
	case strings.ContainsFunc(exprText(text, set, en), isHangul):
		t.Errorf("%s: DetailEn is not English: %s", at, exprText(text, set, en))
	}
}
