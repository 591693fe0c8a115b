package gateway

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// TestABodyIsReadInOneWay: where the shop could read another order than the gateway, or a window of the client's own,
// it is not asked.
func TestABodyIsReadInOneWay(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"))
	const js, form = "application/json", "application/x-www-form-urlencoded"
	const hidden = `{"x":"&pg_window=mine&"}`
	parts := formPart("x", "1") + "--B--\r\n"
	type lines = map[string][]string
	of := func(kinds ...string) lines { return lines{"Content-Type": kinds} }
	for _, tt := range []struct {
		name  string
		lines lines
		body  string
		want  string
	}{
		{"two types", of(form, js), hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"two types the other way", of(js, form), "x=1", "UNSUPPORTED_MEDIA_TYPE"},
		{"one type twice", of(js, js), `{"x":1}`, "UNSUPPORTED_MEDIA_TYPE"},
		{"two types without a body", of(js, form), "", "UNSUPPORTED_MEDIA_TYPE"},
		{"two types to some", lines{"Content-Type": {js}, "content-type": {form}}, hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"two types to CGI", lines{"Content-Type": {js}, "Content_Type": {form}}, hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"a type to CGI alone", lines{"Content_Type": {form}}, hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"a form with a bad parameter", of(form + "; x"), hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"a form with an empty parameter", of(form + ";;charset=utf-8"), hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"a form and JSON", of(form + ", " + js), hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"JSON and a form", of(js + ", " + form), hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"JSON with a bad parameter", of(js + ";;charset=utf-8"), `{"x":1}`, "UNSUPPORTED_MEDIA_TYPE"},
		{"a form and a text", of(form + " x"), hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"a parameter twice", of(form + "; charset=utf-8; charset=euc-kr"), "x=1", "UNSUPPORTED_MEDIA_TYPE"},
		{"any type", of("*/*"), hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"no type", of("/"), hidden, "UNSUPPORTED_MEDIA_TYPE"},
		{"a type that is no form", of("text/plain; a=b"), `{"x":1}`, ""},
		{"no type at all", nil, `{"x":1}`, ""},
		{"a bad type of nothing", of(form + ";;"), "", ""},
		{"parts", of(partsKind), parts, ""},
		{"parts with quotes", of(`Multipart/Form-Data;boundary="B"`), parts, ""},
		{"a boundary beside another", of("multipart/form-data; xboundary=B; boundary=A"), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"a boundary behind another", of("multipart/form-data; boundary=B; xboundary=A"), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"another boundary", of("multipart/form-data; xboundary=B"), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"an extended boundary", of("multipart/form-data; boundary*=utf-8''B"), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"a boundary in pieces", of("multipart/form-data; boundary*0=B"), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"a boundary and an encoding", of("multipart/form-data; boundary=B; charset=utf-8"), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"an encoding and a boundary", of("multipart/form-data; charset=utf-8; boundary=B"), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"a boundary and a semicolon", of("multipart/form-data; boundary=B;"), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"a boundary with a semicolon", of(`multipart/form-data; boundary="B;C"`), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"a boundary with a comma", of(`multipart/form-data; boundary="B,C"`), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"a boundary with a backslash", of(`multipart/form-data; boundary="\B"`), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"half a quote", of(`multipart/form-data; boundary="B`), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"an empty boundary", of(`multipart/form-data; boundary=""`), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"no boundary", of("multipart/form-data"), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"a long boundary", of("multipart/form-data; boundary=" + strings.Repeat("B", 71)), parts, "UNSUPPORTED_MEDIA_TYPE"},
		{"an encoding", of(form + "; charset=euc-kr"), "x=1", "UNSUPPORTED_MEDIA_TYPE"},
		{"an encoding of JSON", of(js + "; charset=utf-16"), `{"x":1}`, "UNSUPPORTED_MEDIA_TYPE"},
		{"an extended encoding", of(form + "; charset*=utf-8''euc-kr"), "x=1", "UNSUPPORTED_MEDIA_TYPE"},
		{"UTF-8", of(form + `; charset="UTF-8"`), "x=1", ""},
		{"JSON in UTF-8", of(js + ";charset=UTF-8"), `{"x":1}`, ""},
		{"an encoding of nothing", of(js + "; charset=euc-kr"), "", ""},
		{"a packed body", lines{"Content-Type": {js}, "Content-Encoding": {"gzip"}}, `{"x":1}`, "UNSUPPORTED_MEDIA_TYPE"},
		{"a body packed in no way", lines{"Content-Type": {js}, "Content-Encoding": {"identity"}}, `{"x":1}`, "UNSUPPORTED_MEDIA_TYPE"},
		{"a body packed to CGI", lines{"Content-Type": {js}, "Content_Encoding": {"br"}}, `{"x":1}`, "UNSUPPORTED_MEDIA_TYPE"},
		{"a part behind the end", of(partsKind), parts + formPart("pg_window", "mine") + "--B--\r\n", "INVALID_JSON"},
		{"a part within a value", of(partsKind), formPart("x", "1\n"+formPart("pg_window", "mine")) + "--B--\r\n", "INVALID_JSON"},
	} {
		before, _, _ := shop.seen()
		req := httptest.NewRequest(http.MethodPost, "/pay", strings.NewReader(tt.body))
		maps.Copy(req.Header, tt.lines)
		a := h.send(h.app, req)
		n, _, got := shop.seen()
		if tt.want == "" && (string(a.body) != "<p>pay</p>" || n != before+1 || got != tt.body) {
			t.Errorf("%s: got %d %s, and the shop %q", tt.name, a.status, a.body, got)
		}
		if tt.want != "" && (string(a.body) != "<p id=no>"+tt.want+" </p>" || n != before) {
			t.Errorf("%s: got %d %s, want %s; the shop got %q", tt.name, a.status, a.body, tt.want, got)
		}
	}
}

// TestBodiesOfARouteThatRefusesAreReadInOneWay, in the status and shape of the route.
func TestBodiesOfARouteThatRefusesAreReadInOneWay(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	h := newHouse(t, shopAt(shop.url))
	for _, lines := range []map[string][]string{
		{"Content-Type": {"application/json", "application/json"}},
		{"Content-Type": {"application/json, application/json"}},
		{"Content-Type": {"application/json; charset=euc-kr"}},
		{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}},
	} {
		req := httptest.NewRequest(http.MethodPost, "/api/orders", strings.NewReader(plainOrder))
		maps.Copy(req.Header, lines)
		a := h.send(h.app, req)
		payload, _ := a.json["payload"].(map[string]any)
		if a.status != http.StatusUnsupportedMediaType || payload["code"] != "UNSUPPORTED_MEDIA_TYPE" {
			t.Errorf("%v: got %d %s", lines, a.status, a.body)
		}
	}
	if n, _, _ := shop.seen(); n != 0 {
		t.Errorf("the shop was asked %d times", n)
	}
}

// TestASourceSaysOneThing: a query or a header in which two readers could find two orders is refused.
func TestASourceSaysOneThing(t *testing.T) {
	t.Parallel()
	shop := newPageShop(t)
	fromQuery := newHouse(t, shopAt(shop.url), pageRoute(http.MethodGet, "header:X-PG-Window"))
	fromHeader := newHouse(t, shopAt(shop.url), pageRoute(http.MethodGet, "header:X-PG-Window"), func(c *fixture.Config) {
		c.Intercepts[0].ReadRequest["order_id"] = "header:X-Order"
	})
	intoBody := newHouse(t, shopAt(shop.url), pageRoute(http.MethodPost, "body:pg_window"))
	type lines = map[string][]string
	for _, tt := range []struct {
		house  *house
		target string
		lines  lines
		want   string
	}{
		{fromQuery, "/pay?od_id=O-1&m=11&x=%zz", nil, ""},
		{fromQuery, "/pay?od_id=O-1&m=11&od_i%64%00%zz=O-2", nil, "REQUEST_UNREADABLE "},
		{fromQuery, "/pay?od_i%64%00%zz=O-2", nil, "REQUEST_UNREADABLE "},
		{fromQuery, "/pay?m=11&od_id=%4F-1%zz", nil, "REQUEST_UNREADABLE "},
		{fromQuery, "/pay?m=11&od.id=O-1", nil, "REQUEST_UNREADABLE "},
		{fromQuery, "/pay?m=11&od_id=O-1;x", nil, "REQUEST_UNREADABLE "},
		{fromQuery, "/pay?m=11&od_id=O-1&od.id=O-2", nil, "DUPLICATE_KEY od_id"},
		{fromHeader, "/pay?m=11", lines{"X-Order": {"O-1"}}, ""},
		{fromHeader, "/pay?m=11", lines{"x-order": {"O-1"}}, ""},
		{fromHeader, "/pay?m=11", lines{"X-Order": {"O-1", "O-2"}}, "DUPLICATE_KEY X-Order"},
		{fromHeader, "/pay?m=11", lines{"X-Order": {"O-1", "O-1"}}, "DUPLICATE_KEY X-Order"},
		{fromHeader, "/pay?m=11", lines{"X-Order": {"O-1"}, "x-order": {"O-2"}}, "DUPLICATE_KEY X-Order"},
		{fromHeader, "/pay?m=11", lines{"X-Order": {"O-1"}, "X_Order": {"O-2"}}, "DUPLICATE_KEY X-Order"},
		{fromHeader, "/pay?m=11", lines{"X_Order": {"O-2"}}, "DUPLICATE_KEY X-Order"},
		{intoBody, "/pay?x=%zz", nil, ""},
		{intoBody, "/pay?pg_windo%77%00%zz=mine", nil, "REQUEST_UNREADABLE "},
		{intoBody, "/pay?x;%zz=1", nil, "REQUEST_UNREADABLE "},
	} {
		before, _, _ := shop.seen()
		req := httptest.NewRequest(http.MethodGet, tt.target, nil)
		if tt.house == intoBody {
			req.Method = http.MethodPost
		}
		maps.Copy(req.Header, tt.lines)
		a := tt.house.send(tt.house.app, req)
		n, _, _ := shop.seen()
		if tt.want == "" && (string(a.body) != "<p>pay</p>" || n != before+1) {
			t.Errorf("%s %v: got %d %s", tt.target, tt.lines, a.status, a.body)
		}
		if tt.want != "" && (string(a.body) != "<p id=no>"+tt.want+"</p>" || n != before) {
			t.Errorf("%s %v: got %d %s, want %s", tt.target, tt.lines, a.status, a.body, tt.want)
		}
	}
}
