package gateway

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// fixtureView is the view of the configuration of the tests.
func fixtureView(t testing.TB, edits ...fixture.Edit) *view {
	t.Helper()
	s, err := loader().Parse("config.yaml", []byte(fixture.Text(edits...)), rules.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := newView(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// readInOrder takes the steps that order names, one letter each, and decodes twice at most. The steps are written for
// this test, other than those of the gateway: a mistake made in both would hide itself.
func readInOrder(path, order string) string {
	steps := map[rune]func(string) string{
		'd': func(p string) string { return unescape(p, true) },
		'g': func(p string) string { return unescape(p, false) },
		'p': func(p string) string { return regexp.MustCompile(`(?s);[^/]*`).ReplaceAllString(p, "") },
		'b': func(p string) string { return strings.ReplaceAll(p, "\\", "/") },
		'm': func(p string) string { return regexp.MustCompile(`/+`).ReplaceAllString(p, "/") },
		'a': func(p string) string { return regexp.MustCompile(`(?s)^//[^/]*`).ReplaceAllString(p, "") },
		'u': resolve,
		'c': func(p string) string { return regexp.MustCompile(`(?s)[?#\x00].*`).ReplaceAllString(p, "") },
		't': func(p string) string {
			return regexp.MustCompile(`(^|/)[\x00-\x20\x7f]+|[\x00-\x20\x7f]+(/|$)`).ReplaceAllString(p, "$1$2")
		},
		'i': func(p string) string {
			script := regexp.MustCompile(`(?is)^/(?:[^/]*/)*?[^/]*\.(?:php[^/.]*|phtml|f?cgi|pl|py|rb)[. ]*(/.*)$`)
			return script.ReplaceAllString(p, "$1")
		},
		'f': func(p string) string { return strings.ToLower(strings.ToUpper(p)) },
	}
	decoded := 0
	for _, letter := range order {
		step := steps[letter]
		if letter == 'd' || letter == 'g' {
			if decoded++; decoded > maxDecodings {
				step = nil
			}
		}
		if step != nil {
			path = step(path)
		}
	}
	return path
}

// unescape decodes what is a code, and that of a slash when it is told so.
func unescape(text string, slashes bool) string {
	return regexp.MustCompile(`%[0-9A-Fa-f]{2}|%[uU][0-9A-Fa-f]{4}`).ReplaceAllStringFunc(text, func(code string) string {
		s, err := url.PathUnescape(code)
		if len(code) > 3 {
			var at uint64
			at, err = strconv.ParseUint(code[2:], 16, 16)
			s = string(rune(at))
		}
		if err != nil || !slashes && (s == "/" || s == "\\") {
			return code
		}
		return s
	})
}

// resolve follows dots as browsers do: above the root is the root.
func resolve(path string) string {
	var kept []string
	for n, s := range strings.Split(path, "/") {
		switch {
		case n == 0:
		case s == "..":
			kept = kept[:max(len(kept)-1, 0)]
		case s != ".":
			kept = append(kept, s)
		}
	}
	return "/" + strings.Join(kept, "/")
}

// lenient is what a path is to a router that ignores case, a suffix, and slashes and dots at the end.
func lenient(path string) string {
	path = strings.TrimRight(strings.ToLower(strings.ToUpper(path)), "/.")
	return regexp.MustCompile(`\.[^/]*$`).ReplaceAllString(path, "")
}

// isBelowPrefix tells whether a path is the prefix of our own endpoints, or below it.
func isBelowPrefix(path string) bool {
	return strings.HasPrefix(strings.ToLower(strings.ToUpper(path))+"/", "/pg-gateway/")
}

// isGuardedPath tells whether a path is an endpoint of the order service's own.
func isGuardedPath(path string) bool {
	return regexp.MustCompile(`^/(orders/[^/]+(/confirm)?|payment-events)$`).MatchString(lenient(path))
}

// isGuardedPage tells whether a path is an endpoint of the order service's own to a server that knows PATH_INFO.
func isGuardedPage(path string) bool {
	return regexp.MustCompile(`(?is)^/pg/([^/]+/(order|confirm)|events)\.php(/.*)?$`).MatchString(path)
}

// isPaymentPage tells whether a path is the intercept of shopOfPages to a server that knows PATH_INFO.
func isPaymentPage(path string) bool {
	return regexp.MustCompile(`(?is)^/order/pay\.php(/.*)?$`).MatchString(path)
}
