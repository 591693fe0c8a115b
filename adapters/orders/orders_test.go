package orders_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/payment"
)

// shop is an order service with one answer.
func shop(t *testing.T, cfg orders.Config, handle http.HandlerFunc) *orders.Client {
	t.Helper()
	srv := httptest.NewServer(handle)
	t.Cleanup(srv.Close)
	cfg.URL = srv.URL + "/shop/"
	cfg.LookupTimeout, cfg.ConfirmTimeout, cfg.EventsTimeout = 300*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond
	client := onewrite.New(onewrite.Options{})
	t.Cleanup(client.CloseIdleConnections)
	c, err := orders.New(cfg, client)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// silent is the split of an order service that does not speak of one.
func silent() orders.Split { return orders.Split{PartsAt: "payments", PGAt: "pg_amount"} }

func TestLookupReadsAnOrder(t *testing.T) {
	t.Parallel()
	c := shop(t, orders.Config{}, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.EscapedPath() != "/shop/orders/A%2F1" {
			t.Errorf("asked %s %s", r.Method, r.URL.EscapedPath())
		}
		answer(200, "application/json", `{"order_id":"A/1","amount":64900,"tax_free":0,"currency":"KRW","order_name":"의자","status":"waiting","more":{}}`)(w, r)
	})
	got, err := c.Lookup(t.Context(), orders.ByHTTP(onewrite.New(onewrite.Options{})), "A/1")
	want := orders.Order{ID: "A/1", Amount: 64_900, TaxFreeSet: true, Name: "의자", Currency: "KRW", Status: "waiting", Split: silent()}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestLookupReadsConfiguredPaths(t *testing.T) {
	t.Parallel()
	c := shop(t, orders.Config{
		LookupPath: "/api/o?no={order_id}",
		Fields:     orders.Fields{OrderID: "payload.ordNo", Amount: "payload.sum.0.won", OrderName: "payload.goodsNm"},
	}, answer(200, "application/json", `{"payload":{"ordNo":"O1","sum":[{"won":1000}],"goodsNm":"책"}}`))
	got, err := c.Lookup(t.Context(), orders.ByHTTP(onewrite.New(onewrite.Options{})), "O1")
	if diff := cmp.Diff(orders.Order{ID: "O1", Amount: 1000, Name: "책", Currency: "KRW", Split: silent()}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestLookupTellsWhetherTaxesAreStated(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]orders.Order{
		`{"order_id":"O1","amount":1100,"order_name":"책"}`:                                {},
		`{"order_id":"O1","amount":1100,"order_name":"책","vat_amount":null}`:              {},
		`{"order_id":"O1","amount":1100,"order_name":"책","vat_amount":0}`:                 {VATSet: true},
		`{"order_id":"O1","amount":1100,"order_name":"책","tax_free":0,"vat_amount":100}`:  {TaxFreeSet: true, VAT: 100, VATSet: true},
		`{"order_id":"O1","amount":1100,"order_name":"책","tax_free":990,"vat_amount":10}`: {TaxFree: 990, TaxFreeSet: true, VAT: 10, VATSet: true},
	} {
		c := shop(t, orders.Config{}, answer(200, "application/json", body))
		want.ID, want.Amount, want.Currency, want.Name, want.Split = "O1", 1100, "KRW", "책", silent()
		got, err := c.Lookup(t.Context(), orders.ByHTTP(onewrite.New(onewrite.Options{})), "O1")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", body, err, diff)
		}
	}
}

func TestLookupBelievesOnlyAWholeAnswer(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	tests := []struct {
		name, kind, body string
		status           int
		want             error
		field            string // what the fault names; busy and gone when there is none to name
	}{
		{"unknown order", json, `{}`, 404, orders.ErrOrderNotFound, "gone"},
		{"a failure", json, `{}`, 500, orders.ErrUnavailable, "busy"},
		{"a redirect", json, `{}`, 302, orders.ErrUnavailable, ""},
		{"a page", "text/html", `{"order_id":"O1","order_name":"책","amount":1}`, 200, orders.ErrUnavailable, ""},
		{"garbage", json, `{"order_id":`, 200, orders.ErrUnavailable, ""},
		{"another order", json, `{"order_id":"O2","order_name":"책","amount":1}`, 200, orders.ErrUnavailable, "order_id"},
		{"no order id", json, `{"amount":1,"order_name":"책"}`, 200, orders.ErrUnavailable, "order_id"},
		{"no amount", json, `{"order_id":"O1","order_name":"책"}`, 200, orders.ErrUnavailable, "amount"},
		{"the amount as text", json, `{"order_id":"O1","order_name":"책","amount":"1"}`, 200, orders.ErrUnavailable, "amount"},
		{"a fraction", json, `{"order_id":"O1","order_name":"책","amount":1.0}`, 200, orders.ErrUnavailable, "amount"},
		{"an exponent", json, `{"order_id":"O1","order_name":"책","amount":1e3}`, 200, orders.ErrUnavailable, "amount"},
		{"below zero", json, `{"order_id":"O1","order_name":"책","amount":-1}`, 200, orders.ErrUnavailable, "amount"},
		{"above all", json, `{"order_id":"O1","order_name":"책","amount":99999999999}`, 200, orders.ErrUnavailable, "amount"},
		{"true for an amount", json, `{"order_id":"O1","order_name":"책","amount":true}`, 200, orders.ErrUnavailable, "amount"},
		{"two prices", json, `{"order_id":"O1","order_name":"책","amount":1,"amount":2}`, 200, orders.ErrUnavailable, ""},
		{"two prices further in", json, `{"order_id":"O1","order_name":"책","amount":1,"x":[{"y":{"z":1,"z":2}}]}`, 200, orders.ErrUnavailable, ""},
		{"more tax-free than there is", json, `{"order_id":"O1","order_name":"책","amount":1,"tax_free":2}`, 200, orders.ErrUnavailable, "tax_free"},
		{"more VAT than there is", json, `{"order_id":"O1","order_name":"책","amount":10,"tax_free":5,"vat_amount":6}`, 200, orders.ErrUnavailable, "tax_free"},
		{"VAT as text", json, `{"order_id":"O1","order_name":"책","amount":10,"vat_amount":"0"}`, 200, orders.ErrUnavailable, "vat_amount"},
		{"VAT below zero", json, `{"order_id":"O1","order_name":"책","amount":10,"vat_amount":-1}`, 200, orders.ErrUnavailable, "vat_amount"},
		{"tax-free as text", json, `{"order_id":"O1","order_name":"책","amount":1,"tax_free":"0"}`, 200, orders.ErrUnavailable, "tax_free"},
		{"too long", json, `{"order_id":"O1","order_name":"책","amount":1,"x":"` + strings.Repeat("x", 2<<20) + `"}`, 200, orders.ErrUnavailable, "busy"},
		{"too many questions", json, `{}`, 429, orders.ErrUnavailable, "busy"},
		{"forbidden", json, `{}`, 403, orders.ErrUnavailable, ""},
		{"a byte order mark", json, "\ufeff" + `{"order_id":"O1","order_name":"책","amount":1}`, 200, orders.ErrUnavailable, ""},
		{"not UTF-8", json, `{"order_id":"O1","order_name":"` + "\xb1" + `","amount":1}`, 200, orders.ErrUnavailable, ""},
		{"no name", json, `{"order_id":"O1","amount":1}`, 200, orders.ErrUnavailable, "order_name"},
		{"an empty name", json, `{"order_id":"O1","order_name":"","amount":1}`, 200, orders.ErrUnavailable, "order_name"},
		{"a PG's part as text", json, `{"order_id":"O1","order_name":"책","amount":10,"pg_amount":"10"}`, 200, orders.ErrUnavailable, "pg_amount"},
		{"a PG's part below zero", json, `{"order_id":"O1","order_name":"책","amount":10,"pg_amount":-1}`, 200, orders.ErrUnavailable, "pg_amount"},
		{"a PG's part above the order", json, `{"order_id":"O1","order_name":"책","amount":10,"pg_amount":11}`, 200, orders.ErrUnavailable, "pg_amount"},
		{"a split that is no list", json, `{"order_id":"O1","order_name":"책","amount":10,"payments":{"card":10}}`, 200, orders.ErrUnavailable, "payments"},
		{"a part without a method", json, `{"order_id":"O1","order_name":"책","amount":10,"payments":[{"amount":10}]}`, 200, orders.ErrUnavailable, "payments.0.method"},
		{"a part without an amount", json, `{"order_id":"O1","order_name":"책","amount":10,"payments":[{"method":"card","amount":10},{"method":"mileage"}]}`, 200, orders.ErrUnavailable, "payments.1.amount"},
		{"a part as text", json, `{"order_id":"O1","order_name":"책","amount":10,"payments":[{"method":"card","amount":"10"}]}`, 200, orders.ErrUnavailable, "payments.0.amount"},
		{"parts that do not add up", json, `{"order_id":"O1","order_name":"책","amount":10,"payments":[{"method":"card","amount":9}]}`, 200, orders.ErrUnavailable, "payments"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := shop(t, orders.Config{}, answer(tt.status, tt.kind, tt.body))
			got, err := c.Lookup(t.Context(), orders.ByHTTP(onewrite.New(onewrite.Options{})), "O1")
			if diff := cmp.Diff(orders.Order{}, got); !errors.Is(err, tt.want) || diff != "" {
				t.Errorf("got %+v, %v; want %v", got, err, tt.want)
			}
			faulty, named := errors.AsType[*orders.AnswerError](err)
			if named != (tt.field != "busy" && tt.field != "gone") || named && (faulty.Field != tt.field || faulty.Ko == "" || faulty.En == "") {
				t.Errorf("the fault is named %+v, want field %q", faulty, tt.field)
			}
		})
	}
}

func TestLookupReadsTheSplit(t *testing.T) {
	t.Parallel()
	card := []payment.MethodAmount{{Method: "card", Amount: 6}, {Method: "POINT", Amount: 4}}
	tests := []struct {
		name, body string
		fields     orders.Fields
		want       orders.Split
	}{
		{"nothing", `{}`, orders.Fields{}, orders.Split{}},
		{"null", `{"payments":null,"pg_amount":null}`, orders.Fields{}, orders.Split{}},
		{"an empty list says nothing", `{"payments":[]}`, orders.Fields{}, orders.Split{}},
		{"a list", `{"payments":[{"method":"card","amount":6,"more":1},{"method":"POINT","amount":4}]}`, orders.Fields{}, orders.Split{Parts: card}},
		{"the PG's part", `{"pg_amount":6}`, orders.Fields{}, orders.Split{PG: 6, PGSet: true}},
		{"nothing for a PG", `{"pg_amount":0}`, orders.Fields{}, orders.Split{PGSet: true}},
		{"both", `{"pg_amount":6,"payments":[{"method":"card","amount":6},{"method":"POINT","amount":4}]}`, orders.Fields{}, orders.Split{Parts: card, PG: 6, PGSet: true}},
		{
			"under other names", `{"means":[{"code":"card","won":6},{"code":"POINT","won":4}],"due":{"pg":6}}`,
			orders.Fields{Payments: `means.#.{"method":code,"amount":won}`, PGAmount: "due.pg"},
			orders.Split{Parts: card, PG: 6, PGSet: true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := `{"order_id":"O1","order_name":"책","amount":10,` + strings.TrimPrefix(tt.body, "{")
			c := shop(t, orders.Config{Fields: tt.fields}, answer(200, "application/json", strings.Replace(body, ",}", "}", 1)))
			got, err := c.Lookup(t.Context(), orders.ByHTTP(onewrite.New(onewrite.Options{})), "O1")
			got.Split.PartsAt, got.Split.PGAt = "", ""
			if diff := cmp.Diff(tt.want, got.Split); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
			if got.Split.Stated() != (len(tt.want.Parts) > 0 || tt.want.PGSet) {
				t.Errorf("stated: %v", got.Split.Stated())
			}
		})
	}
}

func TestConfirmIsYesOnlyForAnUnmistakableYes(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	tests := []struct {
		name    string
		handle  http.HandlerFunc
		want    orders.Answer
		wantErr error
	}{
		{"yes", answer(200, json, `{"confirm":true}`), orders.Answer{Yes: true}, nil},
		{"no with reasons", answer(200, json, `{"confirm":false,"reason_ko":"품절","reason_en":"sold out"}`), orders.Answer{ReasonKo: "품절", ReasonEn: "sold out"}, nil},
		{"no with another status", answer(409, json, `{"confirm":false,"reason_ko":"품절"}`), orders.Answer{ReasonKo: "품절"}, nil},
		{"yes with another status", answer(201, json, `{"confirm":true}`), orders.Answer{}, orders.ErrUnavailable},
		{"yes with a failure", answer(500, json, `{"confirm":true}`), orders.Answer{}, orders.ErrUnavailable},
		{"yes as text", answer(200, json, `{"confirm":"true"}`), orders.Answer{}, orders.ErrUnavailable},
		{"yes as a number", answer(200, json, `{"confirm":1}`), orders.Answer{}, orders.ErrUnavailable},
		{"yes and no", answer(200, json, `{"confirm":false,"confirm":true}`), orders.Answer{}, orders.ErrUnavailable},
		{"yes in other letters", answer(200, json, `{"Confirm":true}`), orders.Answer{}, orders.ErrUnavailable},
		{"yes on a page", answer(200, "text/html", `{"confirm":true}`), orders.Answer{}, orders.ErrUnavailable},
		{"null", answer(200, json, `{"confirm":null}`), orders.Answer{}, orders.ErrUnavailable},
		{"nothing", answer(200, json, ``), orders.Answer{}, orders.ErrUnavailable},
		{"a byte order mark", answer(200, json, "\ufeff"+`{"confirm":true}`), orders.Answer{}, orders.ErrUnavailable},
		{"a redirect", answer(302, json, `{"confirm":true}`), orders.Answer{}, orders.ErrUnavailable},
		{"silence", hang, orders.Answer{}, orders.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := shop(t, orders.Config{}, tt.handle).Confirm(t.Context(), orders.Question{OrderID: "O1"})
			if got != tt.want || !errors.Is(err, tt.wantErr) || tt.wantErr == nil && err != nil {
				t.Errorf("got %+v, %v; want %+v, %v", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

func TestConfirmSaysWhatIsToBeCharged(t *testing.T) {
	t.Parallel()
	var body string
	c := shop(t, orders.Config{}, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		body = r.Method + " " + r.URL.Path + " " + string(text)
		answer(200, "application/json", `{"confirm":true}`)(w, r)
	})
	_, err := c.Confirm(t.Context(), orders.Question{
		OrderID: "O1", AttemptID: "A1", PG: "inicis", Method: "card", Amount: 64_900, OrderAmount: 70_000,
		Payments: []payment.MethodAmount{{Method: "card", Amount: 64_900}, {Method: "mileage", Amount: 5_100}},
	})
	want := `POST /shop/orders/O1/confirm {"order_id":"O1","attempt_id":"A1","pg":"inicis","method":"card","amount":64900,"order_amount":70000,"payments":[{"method":"card","amount":64900},{"method":"mileage","amount":5100}]}`
	if err != nil || body != want {
		t.Errorf("sent %s, %v\nwant %s", body, err, want)
	}
}

func TestMessagesAreSignedWithEverySecret(t *testing.T) {
	t.Parallel()
	oldKey, newKey := []byte("pg-gateway-test-secret-000000001"), []byte("pg-gateway-test-secret-000000002")
	secret := func(key []byte) payment.Secret {
		return payment.Secret("whsec_" + base64.StdEncoding.EncodeToString(key))
	}
	var got http.Header
	var body []byte
	c := shop(t, orders.Config{Secrets: []payment.Secret{secret(newKey), secret(oldKey) + "\n"}}, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	msg := payment.Message{ID: "msg_1", OrderID: "O1", Body: []byte(`{"type":"payment.confirmed"}`)}
	if err := c.Deliver(t.Context(), msg, time.Unix(1714039200, 999)); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, key := range [][]byte{newKey, oldKey} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(`msg_1.1714039200.{"type":"payment.confirmed"}`))
		list = append(list, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	if got.Get("webhook-id") != "msg_1" || got.Get("webhook-timestamp") != "1714039200" ||
		got.Get("webhook-signature") != strings.Join(list, " ") || string(body) != string(msg.Body) {
		t.Errorf("sent %v %s", got, body)
	}
}

func TestOnlyA2xxAcknowledges(t *testing.T) {
	t.Parallel()
	cfg := orders.Config{Secrets: []payment.Secret{"whsec_cGctZ2F0ZXdheS10ZXN0LXNlY3JldC0wMDAwMDAwMDE="}}
	msg := payment.Message{ID: "msg_1", Body: []byte(`{}`)}
	for status, want := range map[int]bool{200: true, 202: true, 299: true, 301: false, 400: false, 404: false, 410: false, 500: false} {
		err := shop(t, cfg, answer(status, "text/plain", "")).Deliver(t.Context(), msg, time.Unix(1, 0))
		if (err == nil) != want || err != nil && !errors.Is(err, orders.ErrNotAcknowledged) {
			t.Errorf("status %d: %v", status, err)
		}
	}
	if err := shop(t, orders.Config{}, answer(200, "", "")).Deliver(t.Context(), msg, time.Unix(1, 0)); !errors.Is(err, orders.ErrNotAcknowledged) {
		t.Errorf("an unsigned message went out: %v", err)
	}
}

func TestNewRefusesABadConfiguration(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]orders.Config{
		"no address":       {},
		"a relative one":   {URL: "/shop"},
		"another scheme":   {URL: "ftp://shop"},
		"a secret in hex":  {URL: "http://shop", Secrets: []payment.Secret{"whsec_zz!!"}},
		"a short secret":   {URL: "http://shop", Secrets: []payment.Secret{"whsec_c2hvcnQ="}},
		"an empty secret":  {URL: "http://shop", Secrets: []payment.Secret{""}},
		"a second bad one": {URL: "http://shop", Secrets: []payment.Secret{"whsec_cGctZ2F0ZXdheS10ZXN0LXNlY3JldC0wMDAwMDAwMDE=", "x"}},
	} {
		_, err := orders.New(cfg, onewrite.New(onewrite.Options{}))
		if err == nil || strings.Contains(err.Error(), "whsec_z") || strings.Contains(err.Error(), "c2hvcnQ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
