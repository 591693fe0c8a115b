package gateway

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// documentedPath is a row of a table in docs/paths.md.
type documentedPath struct{ method, target, becomes string }

// The tables of docs/paths.md.
const anyShop, phpShop = "paths", "paths of pages"

// documentedPaths are the rows of a table.
func documentedPaths(t testing.TB, name string) []documentedPath {
	t.Helper()
	doc, err := os.ReadFile("../docs/paths.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "<!-- "+name+" -->\n")
	table, _, found := strings.Cut(table, "<!-- end of table -->")
	if !found {
		t.Fatalf("docs/paths.md has no table of %s", name)
	}
	var rows []documentedPath
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		method, target, _ := strings.Cut(strings.Trim(cells[1], " `"), " ")
		rows = append(rows, documentedPath{method, target, strings.TrimSpace(cells[2])})
	}
	if least := map[string]int{anyShop: 40, phpShop: 15}[name]; len(rows) < least {
		t.Fatalf("only %d rows were read of docs/paths.md, %s", len(rows), name)
	}
	return rows
}

// greetingShop answers everything with 200.
func greetingShop(t *testing.T) *rawShop {
	t.Helper()
	return newRawShop(t, func(_ string, c net.Conn) {
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
	})
}

// ask sends a request of one target, and returns the answer's status and its reason, if it is the gateway's own.
func ask(t *testing.T, address, method, target string) (status int, reason string) {
	t.Helper()
	res := askFor(t, address, method, target)
	return res.StatusCode, res.Header.Get(headerReason)
}

// askFor is ask for who wants the whole head of the answer.
func askFor(t *testing.T, address, method, target string) *http.Response {
	t.Helper()
	c := dialRaw(t, address)
	c.send(method + " " + target + " HTTP/1.1\r\nHost: shop.example.com\r\nContent-Type: application/json\r\n" +
		"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
	res, _ := c.answer(method)
	if res == nil {
		t.Fatalf("%s %s was not answered", method, target)
	}
	return res
}

func TestPathsAsDocumented(t *testing.T) {
	t.Parallel()
	shop := greetingShop(t)
	asDocumented(t, anyShop, shop, listening(t, newHouse(t, shopAt(shop.url)).app))
	asDocumented(t, phpShop, shop, listening(t, newHouse(t, shopAt(shop.url), shopOfPages).app))
}

// shopOfPages makes the order service, and one route, pages with an extension.
func shopOfPages(c *fixture.Config) {
	c.OrderService.Lookup.Path = "/pg/{order_id}/order.php"
	c.OrderService.Confirm.Path = "/pg/{order_id}/confirm.php"
	c.OrderService.Events.Path = "/pg/events.php"
	c.Intercepts[0].Match["path"] = "/order/pay.php"
}

// asDocumented holds what becomes of the paths of a table to it.
func asDocumented(t *testing.T, name string, shop *rawShop, address string) {
	t.Helper()
	for _, p := range documentedPaths(t, name) {
		before := len(shop.requests())
		res := askFor(t, address, p.method, p.target)
		status, reason := res.StatusCode, res.Header.Get(headerReason)
		seen := shop.requests()[before:]
		became := "intercepted"
		ours := strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json")
		switch {
		case len(seen) > 0:
			became = "handed on"
			if want := p.method + " " + p.target; status != http.StatusOK || seen[0] != want {
				t.Errorf("%s became %d %q", want, status, seen)
			}
		case reason == string(payment.CodePathNotForwarded) && status == http.StatusNotFound:
			became = "refused"
		case ours && (reason == string(payment.CodeMissingField) || reason == string(payment.CodeMethodNotAllowed)):
			became = "ours"
		case ours && reason == string(payment.CodeNotFound):
			became = "not found"
		case reason != string(payment.CodeMissingField):
			became = fmt.Sprint(status, " ", reason)
		}
		if became != p.becomes {
			t.Errorf("%s %s: %s, documented as %s", p.method, p.target, became, p.becomes)
		}
	}
}

func TestAPathOfTooManyReadings(t *testing.T) {
	t.Parallel()
	shop := greetingShop(t)
	h := newHouse(t, shopAt(shop.url))
	path := "/%2561;x=1//b%2520%252f%255c%253b./../c%2523%25c5%25bf//.//%2e"
	if list, ok := readPath(nil, path); ok {
		t.Fatalf("the path has only %d readings", len(list))
	}
	_, reason := ask(t, listening(t, h.app), http.MethodGet, path)
	if seen := shop.requests(); reason != string(payment.CodePathNotForwarded) || len(seen) > 0 {
		t.Errorf("answered %q, and the shop saw %q", reason, seen)
	}
}

// TestRealPathsHaveFewReadings holds the bound far above what shops have.
func TestRealPathsHaveFewReadings(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/goods/%EC%8B%A0%EB%B0%9C%20%2F%20%EC%96%91%EB%A7%90;jsessionid=0A.node1",
		"/upload//2026/11/%B0%A1%B3%AA%20%28%31%29.jpg", "/search/100%25%20%EB%A9%B4/A%2FB//1",
		"/r/https%3A%2F%2Fshop.example.com%2Fa%20b%3Fq%3D1%23top",
	} {
		if list, ok := readPath(nil, path); !ok || len(list) > maxReadings/2 {
			t.Errorf("%s has %d readings", path, len(list))
		}
	}
}

func TestAPathOfTwoIntercepts(t *testing.T) {
	t.Parallel()
	shop := greetingShop(t)
	h := newHouse(t, shopAt(shop.url), func(c *fixture.Config) {
		second := c.Intercepts[0]
		second.Name, second.Match = "second", map[string]string{"method": "POST", "path": "/api/gifts"}
		c.Intercepts = append([]fixture.Intercept{second}, c.Intercepts...)
	})
	address := listening(t, h.app)
	for path, want := range map[string]payment.Code{
		"/api/gifts/../orders":   payment.CodeMissingField,
		"/api/gifts;/../orders":  payment.CodeMissingField,
		"/api/orders?/api/gifts": payment.CodeMissingField,
		// One server drops the rest behind the code, the other one goes up from there.
		"/api/gifts%3f/../orders": payment.CodePathNotForwarded,
	} {
		if _, reason := ask(t, address, http.MethodPost, path); reason != string(want) {
			t.Errorf("%s: %s, want %s", path, reason, want)
		}
	}
	if seen := shop.requests(); len(seen) > 0 {
		t.Errorf("the shop saw %q", seen)
	}
}

func TestStoreFunctionsHaveAllReadings(t *testing.T) {
	t.Parallel()
	shop := greetingShop(t)
	h := newHouse(t, shopAt(shop.url))
	address := listening(t, h.app)
	for own := range h.g.view().store {
		for _, path := range []string{
			own + "/", own + ".json", own + ";v=1", "/" + own, strings.ToUpper(own), strings.Replace(own, "a", "%61", 1), "/x/.." + own,
		} {
			if _, reason := ask(t, address, http.MethodPost, path); reason != string(payment.CodePathNotForwarded) {
				t.Errorf("%s: %q", path, reason)
			}
		}
	}
	if seen := shop.requests(); len(seen) > 0 {
		t.Errorf("the shop saw %q", seen)
	}
}

func TestTargetsThatCannotBeHandedOn(t *testing.T) {
	t.Parallel()
	shop := greetingShop(t)
	h := newHouse(t, shopAt(shop.url))
	address := listening(t, h.app)
	for _, target := range []string{"/a b", "/a\tb", "/a\x7f", "/a?b c", "shop"} {
		if status, _ := ask(t, address, http.MethodGet, target); status != http.StatusBadRequest {
			t.Errorf("%q: %d", target, status)
		}
	}
	for target, want := range map[string]string{
		"http://shop.example.com/a//b?": "GET /a//b?", "http://shop.example.com?x=/": "GET /?x=/",
		"https://shop.example.com": "GET /",
	} {
		before := len(shop.requests())
		status, _ := ask(t, address, http.MethodGet, target)
		if seen := shop.requests()[before:]; status != http.StatusOK || len(seen) != 1 || seen[0] != want {
			t.Errorf("%s: %d, and the shop saw %q", target, status, seen)
		}
	}
}

func TestAnAddressWithAPathKeepsIt(t *testing.T) {
	t.Parallel()
	shop := greetingShop(t)
	h := newHouse(t, shopAt(shop.url+"/mall"))
	if status, _ := ask(t, listening(t, h.app), http.MethodGet, "/a%2Fb//;c?d"); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	if seen := shop.requests(); len(seen) != 1 || seen[0] != "GET /mall/a%2Fb//;c?d" {
		t.Errorf("the shop saw %q", seen)
	}
}

// noShopPages leaves the intercept and nothing else for the shop.
func noShopPages(c *fixture.Config) { c.Intercepts = c.Intercepts[:1] }

// TestTheShopsOwnPagesWin at the paths where we take one method only.
func TestTheShopsOwnPagesWin(t *testing.T) {
	t.Parallel()
	shop := greetingShop(t)
	h := newHouse(t, shopAt(shop.url))
	address := listening(t, h.app)
	for _, path := range []string{pathCheckout, pathComplete} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			if status, reason := ask(t, address, method, path+"?step=2"); status != http.StatusOK || reason != "" {
				t.Errorf("%s %s: %d %s", method, path, status, reason)
			}
		}
	}
	before := shop.requests()
	if len(before) != 6 || before[0] != "GET /checkout?step=2" {
		t.Errorf("the shop saw %q", before)
	}
	for _, path := range []string{pathCheckout, pathComplete} {
		if _, reason := ask(t, address, http.MethodPost, path); reason != string(payment.CodeMissingField) {
			t.Errorf("POST %s: %s", path, reason)
		}
	}
	if seen := shop.requests(); len(seen) != len(before) {
		t.Errorf("the shop saw %q", seen)
	}
}

// FuzzPaths reads a path in any order that a chain of servers could: what that makes a guarded endpoint is never
// forwarded, and what it makes an intercept is looked into or refused.
func FuzzPaths(f *testing.F) {
	for _, p := range slices.Concat(documentedPaths(f, anyShop), documentedPaths(f, phpShop)) {
		path, _, _ := strings.Cut(p.target, "?")
		f.Add(path, "dpbmuctfsdpbmuctfs")
		f.Add(path, "ggmus")
		f.Add(path, "dmui")
	}
	f.Add("/%25c5%25bf/..%5c;x/%2561pi/orders.do", "dbpudmtfs")
	v, pages := fixtureView(f), fixtureView(f, shopOfPages)
	f.Fuzz(func(t *testing.T, path, order string) {
		if !strings.HasPrefix(path, "/") || len(order) > 100 || len(path) > 1000 {
			return
		}
		read := readInOrder(path, order)
		i, err := v.route(http.MethodPost, path)
		forwarded := err == nil && i != nil
		switch {
		case !forwarded:
		case isBelowPrefix(read):
			t.Errorf("%q is forwarded, and read as %q", path, read)
		case isGuardedPath(read):
			t.Errorf("%q is forwarded, and read as %q", path, read)
		case lenient(read) == "/api/orders" && i.Forward():
			t.Errorf("%q passes by the intercept, and is read as %q", path, read)
		}
		i, err = pages.route(http.MethodPost, path)
		forwarded = err == nil && i != nil
		switch {
		case !forwarded:
		case isGuardedPage(read):
			t.Errorf("%q is forwarded, and read as the page %q", path, read)
		case isPaymentPage(read) && i.Forward():
			t.Errorf("%q passes by the intercept, and is read as the page %q", path, read)
		}
	})
}
