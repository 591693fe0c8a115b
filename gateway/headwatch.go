package gateway

import "bytes"

// headEnd is what ends a head.
const headEnd = "\r\n\r\n"

// headWatch looks at the head of a request as its bytes come. The server reads on until it sees CRLF CRLF: a client
// whose lines end in a bare LF or CR, or who speaks another protocol, would wait until its time is up. And it takes a
// bare LF behind the request line for that line's end, which is nowhere to be seen afterwards.
//
// It is told of the first byte after a silence, where a head begins for certain, and looks no further than to the
// head's end: a body may hold anything. A head that came along with the request before it is not looked at, for where
// it begins is the server's to know. No other request hides there: who stands before us ends the request line at that
// LF, too, or refuses it, the other lines are read as strictly as ever, and the shop gets a request line of our own.
type headWatch struct {
	// open tells that a head has begun and not ended.
	open bool
	// matched is how many bytes of headEnd came last.
	matched int
	// broken tells that it has a line end, or a byte, that no head may have: whatever else comes, it is refused.
	broken bool
}

// begin is told of the first bytes of a head, and tells whether they break it.
func (w *headWatch) begin(b []byte) bool {
	*w = headWatch{open: true}
	for len(b) > len("\r\n") && string(b[:2]) == "\r\n" {
		b = b[2:] // the server passes over empty lines in front of a head
	}
	first := bytes.IndexByte(b, '\n')
	if first > 0 && b[first-1] == '\r' && bytes.Contains(b[first-1:], []byte(headEnd)) {
		// Nearly all come whole; what is between, the parser reads as strictly.
		w.open = false
		return false
	}
	return w.more(b)
}

// more is told of what comes next, and tells whether it breaks the head.
func (w *headWatch) more(b []byte) bool {
	for _, c := range b {
		afterCR := w.matched == 1 || w.matched == 3
		switch {
		case afterCR != (c == '\n') || c == 0: //guard:head-that-cannot-end
			w.open, w.broken = false, true
			return true
		case c == '\n':
			w.matched++
		case c == '\r' && w.matched == 2:
			w.matched = 3
		case c == '\r':
			w.matched = 1
		default:
			w.matched = 0
		}
		if w.matched == len(headEnd) {
			w.open = false
			return false
		}
	}
	return false
}
