package gateway

import (
	"slices"
	"strings"
)

// Bounds of how a path is read.
const (
	// maxReadings is how many readings a path may have. Real paths have a handful; one with more is refused.
	maxReadings = 64
	// maxDecodings is how often the servers behind us may decode a path, one after the other.
	maxDecodings = 2
)

// reading is one way in which a server may read a path. The reading "" is above the root.
type reading struct {
	path string
	// end tells that nothing in it is left to be read in another way, and that it is a path by itself.
	end bool
	// behind tells that it is what stands behind a script, be that a front page or one that uses it otherwise.
	behind bool
}

// readPath appends all readings of a path to list, the path itself first: servers, and the proxies in front of them,
// take the same steps in different orders, and not all take each. It tells whether there are no more than maxReadings.
func readPath(list []reading, path string) ([]reading, bool) {
	list = append(list, reading{path: path, end: true})
	if plainPath(path) {
		return list, true
	}
	list, ok := readOn(list, 0, false)
	if !ok {
		return list, false
	}
	// Last, since what is behind a script is for itself: it leads nowhere out of the routes.
	to := len(list)
	for n := 0; n < to && len(list) <= maxReadings; n++ {
		list = addReading(list, n, dropScript(list[n].path), true)
	}
	if len(list) == to {
		return list, true
	}
	return readOn(list, to, true)
}

// readOn adds the readings of those from one on.
func readOn(list []reading, from int, behind bool) ([]reading, bool) {
	between := [...]func(string) string{
		dropParams, turnSlashes, mergeSlashes, dropAuthority, resolveDots, cutAtEnd, trimSegments, foldLetters,
	}
	decode := [...]func(string) string{decodePath, decodeSegments}
	for decoded := 0; ; decoded++ {
		for n := from; n < len(list); n++ {
			for _, step := range between {
				if list = addReading(list, n, step(list[n].path), behind); len(list) > maxReadings {
					return list, false
				}
			}
		}
		to := len(list)
		if from == to || decoded == maxDecodings {
			return list, to <= maxReadings
		}
		for n := from; n < to; n++ {
			for _, step := range decode {
				if list = addReading(list, n, step(list[n].path), behind); len(list) > maxReadings {
					return list, false
				}
			}
		}
		from = to
	}
}

// addReading adds what a step has made of the nth reading.
func addReading(list []reading, n int, path string, behind bool) []reading {
	if path == list[n].path {
		return list
	}
	if !behind {
		list[n].end = false
	}
	if slices.ContainsFunc(list, func(r reading) bool { return r.path == path }) {
		return list
	}
	return append(list, reading{path: path, end: !behind, behind: behind})
}

// plainPath tells whether a path has only one reading, as nearly all have.
func plainPath(path string) bool {
	before := byte(0)
	for i := range len(path) {
		c := path[i]
		if pathMark(c) || before == '/' && (c == '/' || c == '.') {
			return false
		}
		before = c
	}
	return dropScript(path) == path
}

// pathMark tells whether servers read more into a byte of a path than itself.
func pathMark(c byte) bool {
	return c <= ' ' || c >= 0x7f || c == '%' || c == ';' || c == '\\' || c == '?' || c == '#'
}

// dropParams drops the parameters of all segments, as servlet containers do before they route: /a;x=1/b is /a/b.
func dropParams(path string) string {
	if strings.IndexByte(path, ';') < 0 {
		return path
	}
	var b strings.Builder
	param := false
	for i := range len(path) {
		switch path[i] {
		case ';':
			param = true
		case '/':
			param = false
		}
		if !param {
			b.WriteByte(path[i])
		}
	}
	return b.String()
}

// dropScript drops a script that a path begins with, and the folders that it is in: a front page such as index.php is
// asked for /api/orders by /index.php/api/orders, too.
func dropScript(path string) string {
	for at := 0; ; {
		next := strings.IndexByte(path[min(at+1, len(path)):], '/')
		if next < 0 {
			return path
		}
		next += at + 1
		if isScript(path[at:next]) { //guard:front-pages-are-taken-off
			return path[next:]
		}
		at = next
	}
}

// isScript tells whether a segment is a file that servers run, whatever path is behind it.
func isScript(segment string) bool {
	ext := strings.TrimRight(segment[strings.LastIndexByte(strings.TrimRight(segment, ". "), '.')+1:], ". ")
	if len(ext) == len(segment) {
		return false
	}
	ext = strings.ToLower(ext)
	return strings.HasPrefix(ext, "php") || slices.Contains([]string{"phtml", "cgi", "fcgi", "pl", "py", "rb"}, ext)
}

func turnSlashes(path string) string { return strings.ReplaceAll(path, `\`, "/") }

func mergeSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// dropAuthority reads //host/path as an address without its scheme.
func dropAuthority(path string) string {
	rest, ok := strings.CutPrefix(path, "//")
	if !ok {
		return path
	}
	if at := strings.IndexByte(rest, '/'); at >= 0 {
		return rest[at:]
	}
	return "/"
}

// resolveDots follows . and .. segments (RFC 3986 §5.2.4). One that leads above the root ends there: the order
// service's own address may have a path that it would leave.
func resolveDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	segments := strings.Split(path, "/")[1:]
	for n, s := range segments {
		last := n == len(segments)-1
		switch s {
		case "..":
			if len(kept) == 0 {
				return ""
			}
			kept = kept[:len(kept)-1]
			fallthrough
		case ".":
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, s)
		}
	}
	return "/" + strings.Join(kept, "/")
}

// cutAtEnd cuts a path where a query, a fragment or a C string's end would begin, once they are decoded.
func cutAtEnd(path string) string {
	if at := strings.IndexAny(path, "?#\x00"); at >= 0 {
		return path[:at]
	}
	return path
}

// trimSegments drops blanks around segments, which some routers pass over.
func trimSegments(path string) string {
	if !strings.ContainsFunc(path, isBlank) {
		return path
	}
	segments := strings.Split(path, "/")
	for n, s := range segments {
		segments[n] = strings.TrimFunc(s, isBlank)
	}
	return strings.Join(segments, "/")
}

func isBlank(r rune) bool { return r <= ' ' || r == 0x7f }

// foldLetters makes ASCII of the letters that only ignoring case makes equal to ASCII ones: the long s, the Kelvin sign
// and Turkish i's. What is no UTF-8 stays: shops have addresses in EUC-KR.
func foldLetters(path string) string {
	for _, l := range [...][2]string{{"\u017f", "s"}, {"\u212a", "k"}, {"\u0130", "i"}, {"\u0131", "i"}} {
		path = strings.ReplaceAll(path, l[0], l[1])
	}
	return path
}

// decodePath decodes a path once. What is no code stays.
func decodePath(path string) string { return decode(path, "") }

// decodeSegments decodes a path once as routers do that decode each segment by itself: a slash that is encoded
// separates none.
func decodeSegments(path string) string { return decode(path, `/\`) }

// decode decodes all but the codes of the bytes that are kept.
func decode(path, kept string) string {
	if strings.IndexByte(path, '%') < 0 {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			high, low := unhex(path[i+1]), unhex(path[i+2])
			if c := high<<4 | low; high < 16 && low < 16 && strings.IndexByte(kept, c) < 0 {
				b.WriteByte(c)
				i += 2
				continue
			}
			r, ok := wideCode(path[i:])
			if ok && (r > 0x7f || strings.IndexByte(kept, byte(r)) < 0) { //guard:wide-codes-are-read
				b.WriteRune(r)
				i += len("u006f")
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// wideCode reads %u006f, which is an o to IIS.
func wideCode(s string) (r rune, ok bool) {
	if len(s) < len("%u006f") || s[1]|0x20 != 'u' {
		return 0, false
	}
	for _, c := range []byte(s[2:6]) {
		digit := unhex(c)
		if digit > 15 {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}

// unhex is the value of a hexadecimal digit, 16 for what is none.
func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}
