package gateway

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// TestASourceOfABodyHasOneName: a field that only some reader takes for the order, or for the method, is refused, also
// when no other has that name.
func TestASourceOfABodyHasOneName(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"))
	const form, js = "application/x-www-form-urlencoded", "application/json"
	for _, tt := range []struct{ kind, body, want string }{
		{form, "x=1", ""},
		{form, "x[od]=1&odd=1", ""},
		{form, "OD[id]=O-2", "DUPLICATE_KEY"},
		{form, "+od[id]=O-2", "DUPLICATE_KEY"},
		{form, "od[ID]=O-2", "DUPLICATE_KEY"},
		{form, "x=1;od[id]=O-2", "DUPLICATE_KEY"},
		{form, "od[id%00]=O-2", "INVALID_JSON"},
		{partsKind, formPart(" od[id]", "O-2") + "--B--\r\n", "DUPLICATE_KEY"},
		{partsKind, formPart("=?UTF-8?Q?od[id]?=", "O-2") + "--B--\r\n", "INVALID_JSON"},
		{js, `{"x":1,"odd":{"id":1}}`, ""},
		{js, `{"x":{"OD":{"id":"O-2"}}}`, ""},
		{js, `{"Od":{"id":"O-2"}}`, "DUPLICATE_KEY"},
		{js, `{"od":{"ID":"O-2"}}`, "DUPLICATE_KEY"},
		{js, `{"od":{"\u0049d":"O-2"}}`, "DUPLICATE_KEY"},
	} {
		before, _, _ := shop.seen()
		a := h.post("/pay", tt.kind, tt.body)
		n, _, got := shop.seen()
		if tt.want == "" && (string(a.body) != "<p>pay</p>" || n != before+1 || got != tt.body) {
			t.Errorf("%s: got %d %s, and the shop %q", tt.body, a.status, a.body, got)
		}
		if tt.want != "" && (!strings.HasPrefix(string(a.body), "<p id=no>"+tt.want+" ") || n != before) {
			t.Errorf("%s: got %d %s, want %s", tt.body, a.status, a.body, tt.want)
		}
	}
}

// TestAnOrderIDIsOneToAll: what JavaScript or PHP would make another text of names no order.
func TestAnOrderIDIsOneToAll(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"))
	for id, want := range map[string]string{
		`"O-1"`: "", "1000": "ORDER_NOT_FOUND", `"1e3"`: "ORDER_NOT_FOUND", `"12345678901234567891"`: "ORDER_NOT_FOUND",
		"1e3": "INVALID_FIELD", "1000.0": "INVALID_FIELD", "-1": "INVALID_FIELD", "12345678901234567891": "INVALID_FIELD", "true": "INVALID_FIELD",
	} {
		a := h.post("/pay", "application/json", `{"od":{"id":`+id+`,"method":"11"}}`)
		if want == "" && string(a.body) != "<p>pay</p>" || want != "" && !strings.HasPrefix(string(a.body), "<p id=no>"+want+" ") {
			t.Errorf("%s: got %d %s, want %s", id, a.status, a.body, want)
		}
	}
}

// TestAListIsAList: PHP goes through the members of an object as it does through a list, so that a method would be hidden
// there.
func TestAListIsAList(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"), func(c *fixture.Config) {
		c.Intercepts[0].ReadRequest["pay_method"] = "body:pay.#.code"
		delete(c.Intercepts[0].ReadRequest, "amount")
	})
	const form, js = "application/x-www-form-urlencoded", "application/json"
	for _, tt := range []struct {
		kind, body string
		taken      bool
	}{
		{form, "x=1", true},
		{form, "pay[0][code]=11&pay[1][code]=11", true},
		{js, `{"pay":[{"code":"11"}]}`, true},
		{form, "pay[1][code]=11", false},
		{form, "pay[x][code]=11", false},
		{form, "pay[1][code]=11&pay[0][code]=11", false},
		{js, `{"pay":{"0":{"code":"11"}}}`, false},
	} {
		before, _, _ := shop.seen()
		a := h.post("/pay", tt.kind, tt.body)
		n, _, _ := shop.seen()
		if tt.taken && (string(a.body) != "<p>pay</p>" || n != before+1) {
			t.Errorf("%s: got %d %s", tt.body, a.status, a.body)
		}
		if !tt.taken && (string(a.body) != "<p id=no>INVALID_FIELD pay.#.code</p>" || n != before) {
			t.Errorf("%s: got %d %s", tt.body, a.status, a.body)
		}
	}
}

// TestAQueryAndAFormSayOneThing: servlets take the query's parameter where both have one, PHP's $_REQUEST the form's.
func TestAQueryAndAFormSayOneThing(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	sources := func(order, method string) fixture.Edit {
		return func(c *fixture.Config) {
			c.Intercepts[0].ReadRequest["order_id"], c.Intercepts[0].ReadRequest["pay_method"] = order, method
			delete(c.Intercepts[0].ReadRequest, "amount")
		}
	}
	inForm := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"), sources("body:od_id", "body:m.0"))
	inQuery := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"), sources("query:od.id", "query:m"))
	const form, js = "application/x-www-form-urlencoded", "application/json"
	for _, tt := range []struct {
		house              *house
		target, kind, body string
		want               string
	}{
		{inForm, "/pay", form, "od_id=O-1&m[]=11", ""},
		{inForm, "/pay?x=%zz&y=od_id", form, "od_id=O-1&m[]=11", ""},
		{inForm, "/pay?od_id=O-1", form, "od_id=O-1&m[]=11", ""},
		{inForm, "/pay?od_id=O-1", partsKind, formPart("od_id", "O-1") + formPart("m[]", "11") + "--B--\r\n", ""},
		{inForm, "/pay?od_id=O-2", form, "od_id=O-1&m[]=11", "DUPLICATE_KEY od_id"},
		{inForm, "/pay?od_id=O-2", partsKind, formPart("od_id", "O-1") + formPart("m[]", "11") + "--B--\r\n", "DUPLICATE_KEY od_id"},
		{inForm, "/pay?od_id=O-1&od_id=O-1", form, "od_id=O-1&m[]=11", "DUPLICATE_KEY od_id"},
		{inForm, "/pay?od.id=O-1", form, "od_id=O-1&m[]=11", "DUPLICATE_KEY od_id"},
		{inForm, "/pay?od[id=O-2", form, "od_id=O-1&m[]=11", "DUPLICATE_KEY od_id"},
		{inForm, "/pay?od_id=O-2", form, "m[]=11", "DUPLICATE_KEY od_id"},
		{inForm, "/pay?m[]=11", form, "od_id=O-1&m[]=11", "DUPLICATE_KEY m.0"},
		{inForm, "/pay?m=11", form, "od_id=O-1&m[]=11", "DUPLICATE_KEY m.0"},
		{inForm, "/pay?od_id=O-2", js, `{"od_id":"O-1","m":["11"]}`, ""},
		{inQuery, "/pay?od.id=O-1&m=11", form, "x=1", ""},
		{inQuery, "/pay?od.id=O-1&m=11", form, "m=11&od.id=O-1", ""},
		{inQuery, "/pay?od.id=O-1&m=11", form, "od.id=O-2", "DUPLICATE_KEY od.id"},
		{inQuery, "/pay?od.id=O-1&m=11", form, "od_id=O-2", "DUPLICATE_KEY "},
		{inQuery, "/pay?od.id=O-1&m=11", form, "od.id[]=O-1", "DUPLICATE_KEY od.id"},
		{inQuery, "/pay", form, "od.id=O-1", "DUPLICATE_KEY od.id"},
		{inQuery, "/pay?od[id=O-2", form, "", "REQUEST_UNREADABLE "},
		{inQuery, "/pay?od.id=O-1&m=11", js, `{"od.id":"O-2"}`, ""},
	} {
		before, _, _ := shop.seen()
		a := tt.house.post(tt.target, tt.kind, tt.body)
		n, _, _ := shop.seen()
		if tt.want == "" && (string(a.body) != "<p>pay</p>" || n != before+1) {
			t.Errorf("%s %s: got %d %s", tt.target, tt.body, a.status, a.body)
		}
		if tt.want != "" && (string(a.body) != "<p id=no>"+tt.want+"</p>" || n != before) {
			t.Errorf("%s %s: got %d %s, want %s", tt.target, tt.body, a.status, a.body, tt.want)
		}
	}
}

// TestWhatCountsIsHandedOn: what Connection names stays behind, so that the shop would see less than was checked.
func TestWhatCountsIsHandedOn(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"), func(c *fixture.Config) {
		c.Intercepts[0].ReadRequest["device"] = "header:X-Device"
	})
	type lines = map[string][]string
	for _, tt := range []struct {
		lines lines
		want  string
	}{
		{nil, ""},
		{lines{"Connection": {"keep-alive"}}, ""},
		{lines{"Connection": {"X-Other, close"}}, ""},
		{lines{"Connection": {"Content-Type"}}, "UNSUPPORTED_MEDIA_TYPE "},
		{lines{"Connection": {"close , content-TYPE"}}, "UNSUPPORTED_MEDIA_TYPE "},
		{lines{"Connection": {"close", "x-device"}}, "INVALID_FIELD X-Device"},
	} {
		before, _, _ := shop.seen()
		req := httptest.NewRequest(http.MethodPost, "/pay", strings.NewReader("x=1"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Device", "mobile")
		maps.Copy(req.Header, tt.lines)
		a := h.send(h.app, req)
		n, _, _ := shop.seen()
		if tt.want == "" && (string(a.body) != "<p>pay</p>" || n != before+1) {
			t.Errorf("%v: got %d %s", tt.lines, a.status, a.body)
		}
		if tt.want != "" && (string(a.body) != "<p id=no>"+tt.want+"</p>" || n != before) {
			t.Errorf("%v: got %d %s, want %s", tt.lines, a.status, a.body, tt.want)
		}
	}
}
