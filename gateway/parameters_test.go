package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

var codeSpan = regexp.MustCompile("`([^`]+)`")

// parameterRow is a row of docs/parameters.md, of which only what stands in backticks is looked at.
type parameterRow struct {
	name    string
	stated  []string
	windows [4][]string
}

// parameterRows reads the table that is behind the mark.
func parameterRows(t *testing.T, path string) []parameterRow {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "<!-- every row is opened in all four windows by a test -->\n")
	lines := strings.Split(table, "\n")
	if !found || len(lines) < 3 {
		t.Fatalf("%s has no table", path)
	}
	var rows []parameterRow
	for _, line := range lines[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 6 {
			t.Fatalf("%s: the row has %d cells: %s", path, len(cells), line)
		}
		var row parameterRow
		words := func(cell string) (words []string) {
			for _, m := range codeSpan.FindAllStringSubmatch(cell, -1) {
				words = append(words, m[1])
			}
			return words
		}
		row.stated = words(cells[1])
		row.name = strings.Join(append(words(cells[0]), row.stated...), " ")
		for i := range row.windows {
			row.windows[i] = words(cells[2+i])
		}
		rows = append(rows, row)
	}
	return rows
}

// TestTheParametersAreOneTableInBothLanguages.
func TestTheParametersAreOneTableInBothLanguages(t *testing.T) {
	t.Parallel()
	english, korean := parameterRows(t, "../docs/parameters.md"), parameterRows(t, "../docs/parameters.ko.md")
	if diff := cmp.Diff(english, korean, cmp.AllowUnexported(parameterRow{})); diff != "" {
		t.Errorf("(-english +korean)\n%s", diff)
	}
}

// TestParametersReachEveryWindow opens the four windows of every row: with what the row states each is told what the row
// says, and without it none is. Where a row has nothing for a window, that is told the same with and without.
func TestParametersReachEveryWindow(t *testing.T) {
	t.Parallel()
	for _, row := range parameterRows(t, "../docs/parameters.md") {
		for i, at := range [4]struct{ pg, device string }{
			{"inicis", "pc"}, {"inicis", "mobile"}, {"portone1", "pc"}, {"portone", "pc"},
		} {
			t.Run(fmt.Sprintf("%s/%s %s", row.name, at.pg, at.device), func(t *testing.T) {
				t.Parallel()
				with, without := row.open(t, at.pg, at.device, true), row.open(t, at.pg, at.device, false)
				if len(row.windows[i]) == 0 {
					if diff := cmp.Diff(without, with); diff != "" {
						t.Errorf("the row says that nothing is told (-without +with)\n%s", diff)
					}
				}
				for _, told := range row.windows[i] {
					if !isTold(t, with, told) {
						t.Errorf("the window is not told %s: %v", told, with)
					}
					if isTold(t, without, told) {
						t.Errorf("the window is told %s also where nobody states it", told)
					}
				}
			})
		}
	}
}

// open makes a row's window, with or without what the row states, and leaves out what is another in every window.
func (row parameterRow) open(t *testing.T, pg, device string, stated bool) map[string]any {
	t.Helper()
	method, members := "card", []string{}
	var edits []fixture.Edit
	for _, word := range row.stated {
		setting, isSetting := strings.CutPrefix(word, "merchants[].")
		switch {
		case isSetting && stated:
			edits = append(edits, merchantsWith(t, setting))
		case strings.HasPrefix(word, `"`) && stated:
			members = append(members, word)
		case !isSetting && !strings.HasPrefix(word, `"`):
			method = word
		}
	}
	shop := answering(t, `{"order_id":"O-1","amount":64900,"order_name":"의자","status":"waiting"}`)
	h := newHouse(t, append(edits, shopAt(shop.URL), func(c *fixture.Config) {
		c.Method(method).InUse, c.Method(method).Links = true, fixture.Links(pg)
	})...)
	body := map[string]any{
		"order_id": "O-1", "amount": 64900, "payments": []any{map[string]any{"method": method, "amount": 64900}},
		"buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
		"site":  "main", "device": device, "return_url": publicURL + "/result",
	}
	said := map[string]any{}
	if err := json.Unmarshal([]byte("{"+strings.Join(members, ",")+"}"), &said); err != nil {
		t.Fatalf("%v: %v", members, err)
	}
	if buyer, ok := said["buyer"].(map[string]any); ok {
		maps.Copy(buyer, body["buyer"].(map[string]any))
	}
	maps.Copy(body, said)
	a := h.postCheckout(body)
	if a.status != http.StatusOK {
		t.Fatalf("checkout answered %d %s", a.status, a.body)
	}
	params := windowParams(a.json)
	for _, name := range []string{
		"oid", "timestamp", "signature", "verification", "merchantData", "P_OID", "P_TIMESTAMP", "P_CHKFAKE", "P_NOTI",
		"merchant_uid", "m_redirect_url", "notice_url", "confirm_url", "paymentId", "redirectUrl", "noticeUrls", "confirmUrl",
	} {
		delete(params, name)
	}
	return params
}

// merchantsWith has every contract for what is sold once say something.
func merchantsWith(t *testing.T, setting string) fixture.Edit {
	t.Helper()
	set := map[string]func(*fixture.Merchant){
		"digital: true":     func(m *fixture.Merchant) { yes := true; m.Digital = &yes },
		"card_points: true": func(m *fixture.Merchant) { m.CardPoints = true },
	}[setting]
	if set == nil {
		t.Fatalf("the test knows no setting %s", setting)
	}
	return func(c *fixture.Config) {
		for i := range c.Merchants {
			if c.Merchants[i].Purpose == "general" {
				set(&c.Merchants[i])
			}
		}
	}
}

// isTold tells whether a window's parameters hold a value at a path, written as path: value. In lists, and in what is
// joined, it is one of several.
func isTold(t *testing.T, params map[string]any, told string) bool {
	t.Helper()
	path, want, found := strings.Cut(told, ": ")
	if !found {
		t.Fatalf("%s is not a path and a value", told)
	}
	var at any = params
	for name := range strings.SplitSeq(path, ".") {
		object, _ := at.(map[string]any)
		at = object[name]
	}
	switch v := at.(type) {
	case string:
		return v == want || slices.Contains(strings.Split(v, "&"), want) || slices.Contains(strings.Split(v, ":"), want)
	case []any:
		return slices.Contains(v, any(want))
	case nil:
		return false
	}
	text, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	return string(text) == want
}
