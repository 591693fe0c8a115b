package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// pays is one method of a split and what it pays.
func pays(method string, amount int) map[string]any {
	return map[string]any{"method": method, "amount": amount}
}

// splits are what an order service may say of an order of 64,900 won, what a browser may ask for, and what comes of
// it: what goes through the PG, or the code of the refusal and its field.
var splits = []struct {
	name, said string
	asked      []any
	want       string
}{
	{"nothing is said, the card pays all", ``, []any{pays("card", 64900)}, "64900"},
	{"nothing is said, the rest is mileage", ``, []any{pays("card", 100), pays("mileage", 64800)}, "SPLIT_MISMATCH payments"},
	{"nothing is said, a little is mileage", ``, []any{pays("card", 64899), pays("mileage", 1)}, "SPLIT_MISMATCH payments"},
	{"nothing is said, all is mileage", ``, []any{pays("mileage", 64900)}, "SPLIT_MISMATCH payments"},
	{"nothing is said, mileage of nothing", ``, []any{pays("card", 64900), pays("mileage", 0)}, "64900"},
	{"null says nothing", `"pg_amount":null,"payments":null`, []any{pays("card", 100), pays("mileage", 64800)}, "SPLIT_MISMATCH payments"},
	{"an empty list says nothing", `"payments":[]`, []any{pays("card", 100), pays("mileage", 64800)}, "SPLIT_MISMATCH payments"},

	{"the PG's part", `"pg_amount":60000`, []any{pays("card", 60000), pays("mileage", 4900)}, "60000"},
	{"the PG's part, another wallet", `"pg_amount":60000`, []any{pays("mileage", 4900), pays("tosspay", 60000)}, "60000"},
	{"less than the PG's part", `"pg_amount":60000`, []any{pays("card", 100), pays("mileage", 64800)}, "SPLIT_MISMATCH payments"},
	{"more than the PG's part", `"pg_amount":60000`, []any{pays("card", 64900)}, "SPLIT_MISMATCH payments"},
	{"none of the PG's part", `"pg_amount":60000`, []any{pays("mileage", 64900)}, "SPLIT_MISMATCH payments"},
	{"the PG's part is all", `"pg_amount":64900`, []any{pays("card", 64900)}, "64900"},
	{"the PG's part is nothing", `"pg_amount":0`, []any{pays("mileage", 64900)}, "internal"},
	{"the PG's part is nothing, the card pays", `"pg_amount":0`, []any{pays("card", 64900)}, "SPLIT_MISMATCH payments"},

	{"a list", `"payments":[{"method":"card","amount":60000},{"method":"mileage","amount":4900}]`, []any{pays("card", 60000), pays("mileage", 4900)}, "60000"},
	{"a list in the shop's codes", `"payments":[{"method":"32","amount":4900},{"method":"11","amount":60000}]`, []any{pays("card", 60000), pays("mileage", 4900)}, "60000"},
	{"a list, another wallet", `"payments":[{"method":"card","amount":60000},{"method":"mileage","amount":4900}]`, []any{pays("tosspay", 60000), pays("mileage", 4900)}, "60000"},
	{"less than in the list", `"payments":[{"method":"card","amount":60000},{"method":"mileage","amount":4900}]`, []any{pays("card", 100), pays("mileage", 64800)}, "SPLIT_MISMATCH payments"},
	{"the card pays all that was split", `"payments":[{"method":"card","amount":60000},{"method":"mileage","amount":4900}]`, []any{pays("card", 64900)}, "SPLIT_MISMATCH payments"},
	{"a list without mileage", `"payments":[{"method":"card","amount":64900}]`, []any{pays("card", 60000), pays("mileage", 4900)}, "SPLIT_MISMATCH payments"},
	{"another secondary method than in the list", `"payments":[{"method":"card","amount":60000},{"method":"giftcard","amount":4900}]`, []any{pays("card", 60000), pays("mileage", 4900)}, "SPLIT_MISMATCH payments"},
	{
		"two secondary methods the other way round", `"payments":[{"method":"card","amount":60000},{"method":"giftcard","amount":900},{"method":"mileage","amount":4000}]`,
		[]any{pays("card", 60000), pays("mileage", 900), pays("giftcard", 4000)},
		"SPLIT_MISMATCH payments",
	},
	{
		"two secondary methods", `"payments":[{"method":"card","amount":60000},{"method":"giftcard","amount":900},{"method":"mileage","amount":4000}]`,
		[]any{pays("card", 60000), pays("mileage", 4000), pays("giftcard", 900)},
		"60000",
	},
	{"a list of mileage alone", `"payments":[{"method":"mileage","amount":64900}]`, []any{pays("mileage", 64900)}, "internal"},

	{"both, in agreement", `"pg_amount":60000,"payments":[{"method":"card","amount":60000},{"method":"mileage","amount":4900}]`, []any{pays("card", 60000), pays("mileage", 4900)}, "60000"},
	{"both, at odds", `"pg_amount":100,"payments":[{"method":"card","amount":60000},{"method":"mileage","amount":4900}]`, []any{pays("card", 60000), pays("mileage", 4900)}, "ORDER_ANSWER_INVALID pg_amount"},
	{"a list with a word that nobody knows", `"payments":[{"method":"card","amount":60000},{"method":"STARS","amount":4900}]`, []any{pays("card", 60000), pays("mileage", 4900)}, "ORDER_ANSWER_INVALID payments.1.method"},
	{"the PG's part as text", `"pg_amount":"60000"`, []any{pays("card", 60000), pays("mileage", 4900)}, "ORDER_ANSWER_INVALID pg_amount"},
	{"the PG's part as a fraction", `"pg_amount":60000.0`, []any{pays("card", 60000), pays("mileage", 4900)}, "ORDER_ANSWER_INVALID pg_amount"},
	{"a list that does not add up", `"payments":[{"method":"card","amount":60000}]`, []any{pays("card", 60000), pays("mileage", 4900)}, "ORDER_ANSWER_INVALID payments"},
}

// withGiftcards adds a second secondary method.
func withGiftcards(c *fixture.Config) {
	c.Methods = append(c.Methods, fixture.Method{Code: "giftcard", Name: "상품권", Kind: "secondary", InUse: true})
}

// orderSaying is an order of 64,900 won as the order service shows it.
func orderSaying(said string) string {
	return strings.Replace(`{"order_id":"O-1","amount":64900,"currency":"KRW","order_name":"의자","status":"waiting",`+said+`}`, ",}", "}", 1)
}

// TestCheckoutTakesTheSplitFromTheShop: what a PG charges is the order service's word, never the browser's.
func TestCheckoutTakesTheSplitFromTheShop(t *testing.T) {
	t.Parallel()
	for _, tt := range splits {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, withGiftcards, shopAt(answering(t, orderSaying(tt.said)).URL))
			a := h.postCheckout(map[string]any{
				"order_id": "O-1", "amount": 64900, "payments": tt.asked, "site": "main", "device": "pc", "return_url": publicURL + "/result",
				"buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
			})
			if got := outcomeOf(a.json); got != tt.want {
				t.Errorf("got %q, want %q: %d %s", got, tt.want, a.status, a.body)
			}
		})
	}
}

// outcomeOf is what a PG is to charge by an answer, internal, or a problem's code and field.
func outcomeOf(a map[string]any) string {
	if code, refused := a["code"].(string); refused {
		field, _ := a["field"].(string)
		return code + " " + field
	}
	if a["settled_by"] == "internal" {
		return "internal"
	}
	p := windowParams(a)
	for _, name := range []string{"price", "amount", "totalAmount"} {
		if v, ok := p[name]; ok {
			return fmt.Sprint(v)
		}
	}
	return fmt.Sprint(a)
}

// TestInicisParamTakesTheSplitFromTheShop: subPayInfoList is the storefront's word.
func TestInicisParamTakesTheSplitFromTheShop(t *testing.T) {
	t.Parallel()
	for _, tt := range splits {
		card, others := 0, []any{}
		for _, p := range tt.asked {
			p := p.(map[string]any)
			if p["method"] == "card" {
				card = p["amount"].(int)
				continue
			}
			others = append(others, map[string]any{"payWayCd": p["method"], "payAmt": p["amount"]})
		}
		if card == 0 {
			continue // its window is for cards here
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := storeHouse(t, withGiftcards, shopAt(answering(t, orderSaying(tt.said)).URL))
			a := h.store("inicisPcParam", encoded(t, map[string]any{
				"ordNo": "O-1", "mersNo": "1001", "payWayCd": "11", "payAmt": card, "subPayInfoList": others, "goodsNm": "의자", "ordManNm": "홍길동",
				"ordManTelNo": "010-4242-4242", "ordManEmailAddr": "gildong@example.com", "returnUrl": publicURL + "/result",
			}))
			payload, _ := a.json["payload"].(map[string]any)
			got := fmt.Sprint(payload["price"])
			if code, refused := payload["code"].(string); refused {
				got = code
			}
			if want, _, _ := strings.Cut(tt.want, " "); got != want {
				t.Errorf("got %q, want %q: %d %s", got, want, a.status, a.body)
			}
		})
	}
}

// splitShop is an order service whose answer to a new order and whose look-up say different things.
func splitShop(t *testing.T, answered, lookedUp string) (url string, lookups func() int) {
	t.Helper()
	var mu sync.Mutex
	n := 0
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodGet {
			mu.Lock()
			n++
			mu.Unlock()
			_, _ = io.WriteString(w, orderSaying(lookedUp))
			return
		}
		_, _ = io.WriteString(w, strings.Replace(`{"payload":{"ordNo":"O-1","payAmt":64900,"goodsNm":"의자",`+answered+`}}`, ",}", "}", 1))
	}))
	t.Cleanup(shop.Close)
	return shop.URL, func() int { mu.Lock(); defer mu.Unlock(); return n }
}

// TestInterceptTakesTheSplitFromTheShop: from its answer, or from its look-up; what the browser asked for must be
// the same.
func TestInterceptTakesTheSplitFromTheShop(t *testing.T) {
	t.Parallel()
	readList := func(c *fixture.Config) {
		read := c.Intercepts[0].ReadAnswer
		read["pay_method"], read["pay_amount"] = "body:payload.means.#.code", "body:payload.means.#.won"
	}
	both := `{"payWayCd":"11","payAmt":60000},{"payWayCd":"32","payAmt":4900}`
	cheat := `{"payWayCd":"11","payAmt":100},{"payWayCd":"32","payAmt":64800}`
	unsaid := `{"payWayCd":"11"},{"payWayCd":"32"}`
	tests := []struct {
		name, asked, answered, lookedUp string
		edit                            fixture.Edit
		want                            string
		lookups                         int
	}{
		{"the card alone asks nobody", `{"payWayCd":"11"}`, ``, ``, nil, "64900", 0},
		{"the answer says the PG's part", both, `"pgAmt":60000`, ``, nil, "60000", 0},
		{"the answer's part, no amounts asked", unsaid, `"pgAmt":60000`, ``, nil, "60000", 0},
		{"less than the answer's part", cheat, `"pgAmt":60000`, ``, nil, "SPLIT_MISMATCH payments", 0},
		{"the whole is the PG's, mileage is asked", cheat, `"pgAmt":64900`, ``, nil, "SPLIT_MISMATCH payments", 0},
		{"the card alone is asked, the shop splits", `{"payWayCd":"11"}`, `"pgAmt":60000`, ``, nil, "SPLIT_MISMATCH payments", 0},
		{"mileage alone", `{"payWayCd":"32"}`, `"pgAmt":0`, ``, nil, "internal", 0},
		{"mileage alone, nobody says so", `{"payWayCd":"32"}`, ``, ``, nil, "SPLIT_MISMATCH payments", 1},
		{"mileage alone, the shop wants the card", `{"payWayCd":"32"}`, `"pgAmt":64900`, ``, nil, "SPLIT_MISMATCH payments", 0},
		{"nobody says anything", both, ``, ``, nil, "SPLIT_MISMATCH payments", 1},
		{"nobody says anything, and nothing is asked", unsaid, ``, ``, nil, "SPLIT_MISMATCH payments", 1},
		{"the look-up says it", both, ``, `"pg_amount":60000`, nil, "60000", 1},
		{"the look-up lists it, no amounts asked", unsaid, ``, `"payments":[{"method":"card","amount":60000},{"method":"mileage","amount":4900}]`, nil, "60000", 1},
		{"less than the look-up's part", cheat, ``, `"pg_amount":60000`, nil, "SPLIT_MISMATCH payments", 1},
		{"the answer's part is text", both, `"pgAmt":"60000"`, ``, nil, "INVALID_FIELD payload.pgAmt", 0},
		{"an amount for one method of two", `{"payWayCd":"11"},{"payWayCd":"32","payAmt":64900}`, `"pgAmt":60000`, ``, nil, "INVALID_FIELD payMeans.#.payAmt", 0},

		{"the answer lists it", `{"payWayCd":"11"}`, `"means":[{"code":"11","won":60000},{"code":"32","won":4900}]`, ``, readList, "60000", 0},
		{"less than the answer's list", cheat, `"means":[{"code":"11","won":60000},{"code":"32","won":4900}]`, ``, readList, "SPLIT_MISMATCH payments", 0},
		{"less than the answer's list, and than the order", `{"payWayCd":"11","payAmt":100},{"payWayCd":"32","payAmt":4900}`, `"means":[{"code":"11","won":60000},{"code":"32","won":4900}]`, ``, readList, "SPLIT_MISMATCH payments", 0},
		{"the answer's list and part at odds", both, `"pgAmt":100,"means":[{"code":"11","won":60000},{"code":"32","won":4900}]`, ``, readList, "ORDER_ANSWER_INVALID payload.pgAmt", 0},
		{"the answer lists methods only", both, `"means":[{"code":"11"},{"code":"32"}]`, `"pg_amount":60000`, readList, "60000", 1},
		{"the answer gives one amount for two methods", `{"payWayCd":"11"}`, `"means":[{"code":"11"},{"code":"32","won":64900}]`, ``, readList, "INVALID_FIELD payload.means.#.won", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url, lookups := splitShop(t, tt.answered, tt.lookedUp)
			h := newHouse(t, tt.edit, shopAt(url))
			a := h.post("/api/orders", "application/json", `{"goods":[],"payMeans":[`+tt.asked+`],"buyer":{"name":"홍길동","tel":"010-4242-4242","email":"a@example.com"},"return_url":"`+publicURL+`/result"}`)
			payload, _ := a.json["payload"].(map[string]any)
			pg, ok := payload["pg"].(map[string]any)
			if !ok {
				pg = payload // refused before the order
			}
			if problem, refused := pg["problem"].(map[string]any); refused {
				pg = problem
			}
			if got := outcomeOf(pg); got != tt.want || lookups() != tt.lookups {
				t.Errorf("got %q after %d look-ups, want %q after %d: %d %s", got, lookups(), tt.want, tt.lookups, a.status, a.body)
			}
		})
	}
}

// TestTheSplitIsToldToTheShop: the question before the charge and the message behind it name every part.
func TestTheSplitIsToldToTheShop(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var question map[string]any
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, orderSaying(`"pg_amount":60000`))
			return
		}
		mu.Lock()
		defer mu.Unlock()
		_ = json.NewDecoder(r.Body).Decode(&question)
		_, _ = io.WriteString(w, `{"confirm":true}`)
	}))
	t.Cleanup(shop.Close)
	for name, method := range map[string]string{"carried through the browser": "card", "journaled before the window": "tosspay"} {
		h := newHouse(t, shopAt(shop.URL))
		a := h.postCheckout(map[string]any{
			"order_id": "O-1", "amount": 64900, "payments": []any{pays(method, 60000), pays("32", 4900)}, "site": "main", "device": "pc",
			"return_url": publicURL + "/result", "buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
		})
		id := payment.AttemptID(fmt.Sprint(a.json["attempt_id"]))
		want := []any{map[string]any{"method": method, "amount": 60000.0}, map[string]any{"method": "mileage", "amount": 4900.0}}
		if method == "tosspay" {
			got, _, err := h.journal.Attempt(t.Context(), id)
			if err != nil || got.Secondary != "mileage:4900" {
				t.Errorf("%s: the journal holds %q, %v", name, got.Secondary, err)
			}
			continue
		}
		h.postReturn(h.press(formIn(a), "pay"))
		mu.Lock()
		if diff := cmp.Diff(want, question["payments"]); diff != "" {
			t.Errorf("%s: the question %v (-want +got)\n%s", name, question, diff)
		}
		mu.Unlock()
		messages, err := h.journal.OutboxDue(t.Context(), journal.OutboxLane{}, time.Now().Add(time.Hour), 10, time.Minute)
		if err != nil || len(messages) != 1 {
			t.Fatalf("%s: messages %v, %v", name, messages, err)
		}
		var body struct {
			Data map[string]any `json:"data"`
		}
		if err := json.Unmarshal(messages[0].Body, &body); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, body.Data["payments"]); diff != "" {
			t.Errorf("%s: the message %s (-want +got)\n%s", name, messages[0].Body, diff)
		}
	}
}
