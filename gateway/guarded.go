package gateway

import (
	"strings"

	"github.com/pg-gateway/pg-gateway/rules"
)

// guardedPath is one of the order service's own endpoints, which no outsider may reach through us: they tell amounts
// and take confirmations. Its texts are in lower case.
type guardedPath struct {
	before string
	// order tells that an order's number comes next, and after that after.
	order bool
	after string
	// page tells that it is a file's, which may have a path behind it.
	page bool
}

// guardedPaths are the endpoints that only the gateway itself may call, in every reading of how they are configured.
func guardedPaths(c rules.OrderServiceConfig) []guardedPath {
	var all []guardedPath
	for _, path := range []string{c.LookupPath, c.ConfirmPath, c.EventsPath} {
		list, _ := readPath(nil, strings.ToLower(path))
		for _, r := range list {
			if r.behind {
				continue // /pg.php/{order_id} makes no endpoint of /{order_id}
			}
			before, after, order := strings.Cut(strings.TrimRight(r.path, "/"), "{order_id}")
			all = append(all, guardedPath{before: before, order: order, after: after, page: isPage(r.path)})
		}
	}
	return all
}

// matches tells whether a path is this endpoint to a server that ignores case, what follows a dot at the end, slashes
// behind it, and a path behind a page.
func (g guardedPath) matches(path string) bool {
	path = strings.TrimRight(path, "/.")
	if !g.order {
		rest, ok := cutFolded(path, g.before)
		return ok && isTail(rest, g.page)
	}
	rest, ok := cutFolded(path, g.before)
	if !ok {
		return false
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		slash = len(rest)
	}
	if g.after == "" {
		return slash == len(rest) && slash > 0
	}
	// The number has a byte at least, and no slash.
	for at := 1; at <= slash && at < len(rest); at++ {
		if left, ok := cutFolded(rest[at:], g.after); ok && isTail(left, g.page) {
			return true
		}
	}
	return false
}

// isPage tells whether a path names a file, such as a PHP page: its last segment has an extension.
func isPage(path string) bool {
	path = strings.TrimRight(path, "/")
	return strings.IndexByte(path[strings.LastIndexByte(path, '/')+1:], '.') >= 0
}

// isTail tells whether rest can stand behind a path of ours for some server. What is behind a page is still that page
// to those that know PATH_INFO: /pay.php/x is /pay.php.
func isTail(rest string, page bool) bool {
	return isSuffix(rest) || page && strings.HasPrefix(strings.TrimLeft(rest, "."), "/") //guard:pages-have-what-is-behind
}

// isSuffix tells whether rest can be what ends a file's name, which some servers drop before they route.
func isSuffix(rest string) bool {
	return rest == "" || rest[0] == '.' && strings.IndexByte(rest, '/') < 0
}

// cutFolded cuts a prefix off that is given in lower case.
func cutFolded(s, lower string) (rest string, ok bool) {
	if len(s) < len(lower) || !sameFolded(s[:len(lower)], lower) {
		return s, false
	}
	return s[len(lower):], true
}

// sameFolded compares texts of one length; the second is in lower case.
func sameFolded(s, lower string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
