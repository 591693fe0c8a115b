package gateway

import (
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
)

// apiRow is an operation of a PG's API, and what is done with it: passed, judged, refused, or answered here.
type apiRow struct{ method, path, fate string }

// readAPIRows reads testdata/apirows/NAME.txt: every operation that the PG has, one a line.
func readAPIRows(t *testing.T, name string) (rows []apiRow) {
	t.Helper()
	text, err := os.ReadFile("testdata/apirows/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) != 3 {
			t.Fatalf("%s: %q is no row", name, line)
		}
		rows = append(rows, apiRow{f[0], f[1], f[2]})
	}
	return rows
}

// apiNames are the APIs that the sidecar serves: the list of rows, the path in front, and where the driver's own table is.
func apiNames() []struct{ name, prefix, driver string } {
	return []struct{ name, prefix, driver string }{
		{"v1", "/portone/v1", "portonev1"}, {"v2", "/portone/v2", "portonev2"}, {"iniapi", "/iniapi", "inicis"},
	}
}

var apiArgument = regexp.MustCompile(`\{\w+\}|:\w+`)

// TestEveryOperationOfAPGsAPIHasItsFate: each of the operations that PortOne V1, V2 and INIAPI list is handed on as it
// is and once, read and judged, answered here, or refused, as its row says.
func TestEveryOperationOfAPGsAPIHasItsFate(t *testing.T) {
	t.Parallel()
	for _, api := range apiNames() {
		for _, row := range readAPIRows(t, api.name) {
			t.Run(row.method+" "+api.prefix+row.path, func(t *testing.T) {
				t.Parallel()
				h, upstream := newFakeAPI(t, ok)
				path := api.prefix + apiArgument.ReplaceAllString(row.path, "imp_123456789012")
				body := "{}"
				if row.method == http.MethodGet {
					body = ""
				}
				a := h.call(row.method, path, body)
				got, writes := upstream.asked(), 0
				for _, r := range got {
					if r.Method != http.MethodGet {
						writes++
					}
				}
				refused := a.header.Get(headerReason) == string(payment.CodeCallNotTaken)
				switch row.fate {
				case "passed":
					if len(got) != 1 || got[0].Method != row.method || !strings.HasSuffix(path, apiPathOf(got[0].URL.Path)) || a.status != http.StatusOK {
						t.Errorf("answered %d %s, heard %d calls", a.status, a.body, len(got))
					}
				case "judged":
					// Nothing in it is seldom enough; what is still handed on then, is so once.
					if refused || writes > 1 || writes == 0 && a.status < 400 {
						t.Errorf("with nothing in it, it is answered %d %s, and wrote %d times", a.status, a.body, writes)
					}
				case "refused":
					if !refused || len(got) > 0 || upstream.fetched() > 0 {
						t.Errorf("answered %d %s, heard %d calls", a.status, a.body, len(got))
					}
				case "here":
					if refused || len(got) > 0 || upstream.fetched() > 0 {
						t.Errorf("answered %d %s, heard %d calls", a.status, a.body, len(got))
					}
				default:
					t.Errorf("%q is no fate", row.fate)
				}
			})
		}
	}
}

// apiPathOf is a path as a PG's API has it, without what stands in front of it at a stand-in.
func apiPathOf(path string) string {
	for _, prefix := range []string{"/portone/v1", "/portone/v2", "/inicis/iniapi"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			return rest
		}
	}
	return path
}

// TestWritesThatPassAreWrittenOnce: of every call that changes something and is handed on, one is sent, whatever becomes
// of the connection.
func TestWritesThatPassAreWrittenOnce(t *testing.T) {
	t.Parallel()
	for _, api := range apiNames() {
		h, upstream := newFakeAPI(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		for _, row := range readAPIRows(t, api.name) {
			if row.method == http.MethodGet || row.fate != "passed" {
				continue
			}
			before := upstream.calls()
			a := h.call(row.method, api.prefix+apiArgument.ReplaceAllString(row.path, "imp_123456789012"), "{}", "Idempotency-Key", `"a-key-of-the-callers"`)
			if n := upstream.calls() - before; n != 1 || a.status < 500 {
				t.Errorf("%s %s: written %d times, answered %d %s", row.method, row.path, n, a.status, a.body)
			}
		}
	}
}

// TestTheRowsAreTheDriversOwn: what a driver's table names is a row here, and what the rows say is judged, refused though
// it is known, or handed on though it changes something, is in a driver's table.
func TestTheRowsAreTheDriversOwn(t *testing.T) {
	t.Parallel()
	for _, api := range apiNames() {
		named := operationsNamed(t, "../adapters/"+api.driver+"/api.go")
		rows := map[string]apiRow{}
		for _, row := range readAPIRows(t, api.name) {
			key := row.method + " " + apiArgument.ReplaceAllString(row.path, "*")
			if _, twice := rows[key]; twice {
				t.Errorf("%s: %s is there twice", api.name, key)
			}
			rows[key] = row
		}
		for key := range named {
			if _, known := rows[key]; !known {
				t.Errorf("%s: the driver knows %s, and it has no row", api.name, key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(rows)) {
			row, known := rows[key], named[key]
			byRule := row.method == http.MethodGet && row.fate == "passed" || row.fate == "refused"
			if !known && !byRule {
				t.Errorf("%s: %s is %s, and the driver's table does not have it", api.name, key, row.fate)
			}
		}
		if want := map[string]int{"v1": 80, "v2": 147, "iniapi": len(named)}[api.name]; len(rows) != want {
			t.Errorf("%s has %d rows, its API has %d operations", api.name, len(rows), want)
		}
	}
}

// operationsNamed are the operations that a driver's table names.
func operationsNamed(t *testing.T, file string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile(`"((?:GET|POST|PUT|PATCH|DELETE) /[^"]*)"`).FindAllSubmatch(text, -1) {
		named[apiArgument.ReplaceAllString(string(m[1]), "*")] = true
	}
	if len(named) == 0 {
		t.Fatalf("%s names no operation", file)
	}
	return named
}
