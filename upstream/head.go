package upstream

import (
	"bytes"
	"time"
)

// Status codes after which no body comes (RFC 9110 §15.2, §15.3.5, §15.4.5).
const (
	statusUpgraded    = 101
	statusNoContent   = 204
	statusNotModified = 304
)

// head is the head of an answer. Its slices are of the buffer it was read from.
type head struct {
	status int
	// minor is the version: HTTP/1.minor.
	minor         int
	reason, lines []byte
	// length is what Content-Length says; -1 when there is none.
	length  int64
	chunked bool
	closes  bool
	// keep is how long the upstream keeps a connection that nothing is said on; 0 when it does not tell.
	keep time.Duration
}

// headEnd looks for the end of a head in b, of which the lines before from are complete. It returns the end, 0 when it
// is not there yet, and from where to look next time; false when this is no head.
func headEnd(b []byte, from int) (end, next int, ok bool) {
	const proto = "HTTP/1."
	if n := min(len(b), len(proto)); string(b[:n]) != proto[:n] {
		return 0, 0, false
	}
	for {
		n := bytes.IndexByte(b[from:], '\n')
		switch {
		case n < 0:
			return 0, from, true
		case n == 0 || b[from+n-1] != '\r':
			return 0, 0, false
		case n == 1:
			return from + 2, 0, true
		}
		from += n + 1
	}
}

// parse reads a head that headEnd found whole.
func (h *head) parse(b []byte) error {
	*h = head{length: -1}
	line, lines, _ := bytes.Cut(b, []byte("\r\n"))
	if !h.statusLine(line) {
		return ErrAnswer
	}
	h.lines = lines[:len(lines)-2]
	l := NewLines(h.lines)
	for l.Next() {
		if !h.field(l.Name, l.Value) {
			return ErrAnswer
		}
	}
	// Two readers would see the end in two places, and HTTP/1.0 knows no chunks (RFC 9112 §6.1).
	if l.Bad || h.chunked && (h.length >= 0 || h.minor == 0) {
		return ErrAnswer
	}
	return nil
}

// statusLine reads HTTP/1.x, three digits and what the upstream calls them. The space before nothing may be missing.
func (h *head) statusLine(b []byte) bool {
	const at = len("HTTP/1.1 ")
	if len(b) < at+3 || b[at-1] != ' ' || len(b) > at+3 && b[at+3] != ' ' {
		return false
	}
	if h.minor = int(b[at-2] - '0'); h.minor != 0 && h.minor != 1 {
		return false
	}
	for _, c := range b[at : at+3] {
		if c < '0' || c > '9' {
			return false
		}
		h.status = 10*h.status + int(c-'0')
	}
	if len(b) > at+3 {
		h.reason = b[at+4:]
	}
	return h.status >= 100 && clean(h.reason)
}

// field reads a header that says something about the connection or about where the message ends.
func (h *head) field(name, value []byte) bool {
	switch len(name) {
	case 10:
		switch {
		case Is(name, "connection"):
			h.closes = h.closes || hasWord(value, "close")
		case Is(name, "keep-alive"):
			h.keep = keepAlive(value)
		}
	case 14:
		if Is(name, "content-length") {
			n, ok := number(value)
			// The same length twice is one length (RFC 9112 §6.3).
			if !ok || h.length >= 0 && h.length != n {
				return false
			}
			h.length = n
		}
	case 17:
		if Is(name, "transfer-encoding") {
			if h.chunked || !Is(value, "chunked") {
				return false
			}
			h.chunked = true
		}
	}
	return true
}

// number reads a length: digits only.
func number(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}

// hasWord tells whether a list of words, parted by commas, has the given one, which is in lower case.
func hasWord(list []byte, lower string) bool {
	for len(list) > 0 {
		var word []byte
		word, list, _ = bytes.Cut(list, []byte{','})
		if Is(trim(word), lower) {
			return true
		}
	}
	return false
}

// keepAlive reads the timeout of a Keep-Alive header; 0 when it has none.
func keepAlive(value []byte) time.Duration {
	for len(value) > 0 {
		var param []byte
		param, value, _ = bytes.Cut(value, []byte{','})
		key, seconds, found := bytes.Cut(param, []byte{'='})
		if n, ok := number(trim(seconds)); found && ok && Is(trim(key), "timeout") {
			// Nothing at all is kept for an instant, so that it is not taken for no word.
			return max(time.Duration(min(n, 3600))*time.Second, 1)
		}
	}
	return 0
}
