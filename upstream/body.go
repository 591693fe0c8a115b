package upstream

import (
	"errors"
	"io"
	"slices"
)

// bodyKind is how the end of an answer's body is told (RFC 9112 §6.3).
type bodyKind int

const (
	noBody bodyKind = iota
	byLength
	byChunks
	byClose
)

// body is where the reading of an answer's body stands.
type body struct {
	kind bodyKind
	// ruled tells that there is no body whatever the head says.
	ruled bool
	// left is what is left of byLength, in bytes.
	left   int64
	chunks chunks
	// at is where what was read and not handed out begins, in the buffer that is read into.
	at int
	// run is what Read has of the last run.
	run []byte
	err error
}

// begin finds out from the head how the body ends. The connection of an answer without one is done with.
func (b *body) begin(x *Exchange) {
	h := &x.head
	switch {
	case h.status == statusUpgraded:
		// What follows is no body, and the connection is the caller's.
		b.ruled, b.err = true, io.EOF
		return
	case x.headless, h.status == statusNoContent, h.status == statusNotModified:
		b.ruled = true
	case h.chunked:
		b.kind = byChunks
	case h.length > 0:
		b.kind, b.left = byLength, h.length
	case h.length < 0:
		b.kind = byClose
	}
	if b.kind == noBody {
		b.finish(x)
	}
}

// finish ends the body where it should end.
func (b *body) finish(x *Exchange) {
	b.err = io.EOF
	x.settle(b.kind != byClose && b.at == len(x.window().b))
}

// window is the buffer that is read into.
func (x *Exchange) window() *buffer {
	if x.more != nil {
		return x.more
	}
	return x.in
}

// Length is how long the body of the answer is: Chunked when only its end will tell. For an answer without a body it
// is 0.
func (x *Exchange) Length() int64 {
	switch x.body.kind {
	case noBody:
		return 0
	case byLength:
		return x.head.length
	case byChunks, byClose:
	}
	return Chunked
}

// Ruled tells whether the answer has no body whatever its head says: an answer to HEAD, 204, 304.
func (x *Exchange) Ruled() bool { return x.body.ruled }

// Said is the length that the head says, be there a body or not; negative when it says none.
func (x *Exchange) Said() int64 { return x.head.length }

// Whole returns the body when all of it has been read already, and there is a length for it.
func (x *Exchange) Whole() ([]byte, bool) {
	b := &x.body
	if b.kind != byLength || x.more != nil || b.err != nil || int64(len(x.in.b)-b.at) < b.left {
		return nil, b.kind == noBody
	}
	all, err := x.Next()
	return all, err == nil
}

// Next is the next run of the body, which is valid until the next call; io.EOF when there is none. An error that is
// not io.EOF matches ErrBroken or ErrTimeout.
func (x *Exchange) Next() ([]byte, error) {
	b := &x.body
	if x.client == nil {
		return nil, io.ErrClosedPipe
	}
	for b.err == nil {
		w := x.window()
		if run := b.take(x, w); len(run) > 0 {
			return run, nil
		}
		if b.err == nil {
			x.fetch()
		}
	}
	return nil, b.err
}

// take takes what there is of the body in w, and finishes the body where it ends.
func (b *body) take(x *Exchange, w *buffer) []byte {
	have := w.b[b.at:]
	switch b.kind {
	case byLength:
		have = have[:min(int64(len(have)), b.left)]
		b.at += len(have)
		if b.left -= int64(len(have)); b.left == 0 {
			b.finish(x)
		}
		return have
	case byChunks:
		data, used, err := b.chunks.take(have)
		b.at += used
		switch {
		case err != nil:
			b.fail(x, err)
		case b.chunks.state == allRead:
			b.finish(x)
		}
		return data
	case byClose:
		b.at += len(have)
		return have
	case noBody:
	}
	return nil
}

// fail ends the body before its end.
func (b *body) fail(x *Exchange, err error) {
	b.err = err
	x.settle(false)
}

// fetch reads more of the body from the connection.
func (x *Exchange) fetch() {
	b, w := &x.body, x.window()
	if fits := b.kind == byLength && b.left <= int64(cap(w.b)-len(w.b)); w == x.in && !fits {
		// The head stays where it is.
		x.more = x.client.getLarge()
		x.more.b = append(x.more.b, w.b[b.at:]...)
		b.at, w = 0, x.more
	}
	if w != x.in {
		// What is not used yet is the beginning of a line, if anything.
		w.b = w.b[:copy(w.b, w.b[b.at:])]
		b.at = 0
	}
	n, err := x.read(w.b[len(w.b):cap(w.b)])
	w.b = w.b[:len(w.b)+n]
	switch {
	case n > 0:
	case errors.Is(err, io.EOF) && b.kind == byClose: //guard:half-an-answer
		b.finish(x)
	case errors.Is(err, ErrTimeout):
		b.fail(x, err)
	default:
		b.fail(x, ErrBroken)
	}
}

// ReadAll appends what is left of the body to dst, and returns it. More than limit bytes are ErrTooLong; what has been
// read by then, which is a piece more than limit, is returned with it, and Next has the rest.
func (x *Exchange) ReadAll(dst []byte, limit int) ([]byte, error) {
	from := len(dst)
	if n := x.Length(); n >= 0 && n <= int64(limit) {
		dst = slices.Grow(dst, int(n))
	}
	for {
		run, err := x.Next()
		switch {
		case errors.Is(err, io.EOF):
			return dst, nil
		case err != nil:
			return dst, err
		case len(dst)-from+len(run) > limit:
			return append(dst, run...), ErrTooLong
		}
		dst = append(dst, run...)
	}
}

// Trailers are the header lines behind the body, each with its end; they are there once Next has returned io.EOF.
func (x *Exchange) Trailers() []byte { return x.body.chunks.trailer }

// Read reads the body.
func (x *Exchange) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b := &x.body
	if len(b.run) == 0 {
		run, err := x.Next()
		if err != nil {
			return 0, err
		}
		b.run = run
	}
	n := copy(p, b.run)
	b.run = b.run[n:]
	return n, nil
}

// WriteTo writes what is left of the body.
func (x *Exchange) WriteTo(w io.Writer) (all int64, err error) {
	run := x.body.run
	for x.body.run = nil; err == nil; run, err = x.Next() {
		if len(run) == 0 {
			continue
		}
		n, werr := w.Write(run)
		if all += int64(n); werr != nil {
			return all, werr
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return all, err
}
