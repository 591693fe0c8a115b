// Package apicalls reads calls of PGs' own APIs that the order service makes through us: which operation it is, and
// what the body says. Whatever two readers could read in two ways is refused. It must not know any PG.
package apicalls

import (
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
)

// Operation is one operation of an API.
type Operation struct {
	method string
	// words are the path's segments; names of what stands in their place are behind a colon.
	words []string
	kind  adapters.APIKind
	name  string
}

// Of are operations of a kind, each as in "POST /payments/:imp_uid/cancel".
func Of(kind adapters.APIKind, lines ...string) []Operation {
	list := make([]Operation, len(lines))
	for i, line := range lines {
		method, path, _ := strings.Cut(line, " ")
		o := Operation{method: method, words: split(path), kind: kind}
		var words []string
		for _, w := range o.words {
			if !strings.HasPrefix(w, ":") {
				words = append(words, strings.ToLower(strings.ReplaceAll(w, "-", "_")))
			}
		}
		o.name = strings.Join(words, "_")
		list[i] = o
	}
	return list
}

func split(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

// Table is an API's operations. Of two that a path fits, the first counts.
type Table []Operation

// NewTable joins operations of several kinds.
func NewTable(kinds ...[]Operation) Table { return slices.Concat(kinds...) }

// unknown is what a call is named whose operation is not in the table.
const unknown = "unknown"

// Match is the operation of a call. Its name is for metrics and logs: its words, as in payments_cancel.
type Match struct {
	Kind adapters.APIKind
	Name string
	// words are the operation's, path the call's.
	words []string
	path  string
}

// Arg is what stands in the call's path in the place of a name; empty when the operation has no such name.
func (m Match) Arg(name string) string {
	rest := strings.Trim(m.path, "/")
	for _, w := range m.words {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		if len(w) == len(name)+1 && w[0] == ':' && w[1:] == name {
			return part
		}
	}
	return ""
}

// Find says which operation a call is. Words are compared without regard to case: some servers read them so, and a
// cancel must not be taken for an operation that nobody knows.
func (t Table) Find(method, path string) Match {
	reads := method == "GET" || method == "HEAD"
	bare := strings.Trim(path, "/")
	n := strings.Count(bare, "/") + 1
	for i := range t {
		o := &t[i]
		if len(o.words) != n || o.method != method && (o.method != "GET" || !reads) || !o.fits(bare) {
			continue
		}
		return Match{Kind: o.kind, Name: o.name, words: o.words, path: path}
	}
	if reads {
		return Match{Kind: adapters.APIPasses, Name: unknown}
	}
	return Match{Kind: adapters.APIUnknown, Name: unknown} //guard:unknown-call-moves-nothing
}

// fits tells whether a path of as many segments is the operation's.
func (o *Operation) fits(path string) bool {
	for _, w := range o.words {
		var part string
		part, path, _ = strings.Cut(path, "/")
		if w[0] != ':' && !strings.EqualFold(w, part) {
			return false
		}
	}
	return true
}
