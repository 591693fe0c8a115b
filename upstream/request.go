package upstream

import (
	"errors"
	"io"
	"strconv"
	"time"
)

// Chunked is the length of a body whose length is not known.
const Chunked = -1

// Request is what is handed on. Its slices and its stream are used until the exchange is closed.
type Request struct {
	// Method and Target stand in the first line as they are.
	Method, Target []byte
	// Host is what to say in Host.
	Host []byte
	// Lines are the header lines as they came, each with its end. Those of the hop are left out, and those that Drop
	// tells of; Host should be one.
	Lines []byte
	Drop  func(name []byte) bool
	// More are lines to say besides, each with its end.
	More []byte

	// Body is the body, when it is all there. Otherwise Stream has it: Length bytes, or Chunked. A stream whose reads may
	// wait for long should be an Interrupter.
	Body   []byte
	Stream io.Reader
	Length int64

	// Upgrade is the protocol to ask for; empty for none.
	Upgrade []byte
	// Connect is how long connecting may take, the TLS handshake included; 0 means Options.DialTimeout for each.
	Connect time.Duration
	// Deadline is until when the answer's head, and each piece of its body, must have come. The zero time means that
	// only Options.Timeout counts.
	Deadline time.Time
}

// Interrupter is a stream whose reads can be ended. Interrupt makes a read that waits, and all later ones, return soon.
// It is called when the rest of the body is not wanted any more, from any goroutine.
type Interrupter interface{ Interrupt() }

// reads tells whether a request may be sent again: it changes nothing, and its body is at hand.
func (r *Request) reads() bool {
	return r.Stream == nil && len(r.Body) <= smallBody && (string(r.Method) == "GET" || string(r.Method) == "HEAD")
}

// expectsLength tells whether a request without a body should say so (RFC 9110 §8.6).
func (r *Request) expectsLength() bool {
	switch string(r.Method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// append writes the head.
func (r *Request) append(dst []byte) ([]byte, error) {
	// A tunnel has no head to hand on.
	if tokenEnd(r.Method) != len(r.Method) || len(r.Method) == 0 || string(r.Method) == "CONNECT" || !oneWord(r.Target) {
		return dst, ErrRequest
	}
	dst = append(append(append(dst, r.Method...), ' '), r.Target...)
	dst = append(append(append(dst, " HTTP/1.1\r\nHost: "...), r.Host...), "\r\n"...)
	dst, ok := AppendLines(dst, r.Lines, r.Drop)
	if !ok {
		return dst, ErrRequest
	}
	dst = append(dst, r.More...)
	switch {
	case len(r.Upgrade) > 0:
		if !clean(r.Upgrade) {
			return dst, ErrRequest
		}
		dst = append(append(append(dst, "Connection: Upgrade\r\nUpgrade: "...), r.Upgrade...), "\r\n"...)
	case r.Stream != nil && r.Length < 0:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case r.Stream != nil:
		dst = appendLength(dst, r.Length)
	case len(r.Body) > 0 || r.expectsLength():
		dst = appendLength(dst, int64(len(r.Body)))
	}
	return append(dst, "\r\n"...), nil
}

func appendLength(dst []byte, n int64) []byte {
	return append(strconv.AppendInt(append(dst, "Content-Length: "...), n, 10), "\r\n"...)
}

// oneWord tells whether a target can stand in the first line: whatever would end it, or the line, cannot.
func oneWord(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return len(b) > 0
}

// write makes x.out what is written at once: the head, and the body when it is short. What is left of the body is to
// be uploaded.
func (x *Exchange) write(r *Request) error {
	if x.out == nil {
		x.out = x.client.getSmall()
	}
	out, err := r.append(x.out.b[:0])
	x.out.b = out
	switch {
	case err != nil:
		return err
	case r.Stream == nil && len(r.Body) <= smallBody:
		x.out.b = append(out, r.Body...)
	case r.Stream != nil && r.Length >= 0 && r.Length <= smallBody:
		x.out.b, err = appendFrom(out, r.Stream, int(r.Length))
	default:
		x.up = &upload{from: r.Stream, length: r.Length}
		if r.Stream == nil {
			x.up.from, x.up.length = &rest{r.Body}, int64(len(r.Body))
		}
	}
	return err
}

// appendFrom reads n bytes, which must be all there are.
func appendFrom(dst []byte, from io.Reader, n int) ([]byte, error) {
	at := len(dst)
	// Room for one more: it tells a stream that ends from one that goes on.
	if cap(dst)-at < n+1 {
		dst = append(make([]byte, 0, at+n+1), dst...)
	}
	have, room, idle := 0, dst[at:at+n+1], 0
	for have <= n {
		got, err := from.Read(room[have:])
		have += got
		switch {
		case errors.Is(err, io.EOF) && have == n:
			return dst[:at+n], nil
		case err != nil:
			return dst, ErrBody
		case got > 0:
			idle = 0
		default:
			if idle++; idle == maxIdleReads {
				return dst, ErrBody
			}
		}
	}
	return dst, ErrBody
}

// maxIdleReads is how often a stream may give nothing, and say nothing of it, in a row.
const maxIdleReads = 100

// rest is what is left to read of a slice.
type rest struct{ b []byte }

func (r *rest) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}
