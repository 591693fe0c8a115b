package upstream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// Exchange is one request and its answer. The zero value is ready to be given to Client.Do; after Close it may be
// given again. It is for one goroutine, and what it hands out is valid until Close.
type Exchange struct {
	client *Client
	conn   *conn
	// in holds what was read, with the head in front, and is nil before anything was; out what is written at once, until
	// it is; more is for bodies that in has no room for.
	in, out, more *buffer
	head          head
	body          body
	up            *upload
	deadline      time.Time
	// began is when the upstream's part began, answered when the head of its answer was there.
	began, answered time.Time
	// armed tells that the deadline of the next read has just been seen to.
	armed bool
	// heard tells that a byte of this exchange has come.
	heard bool
	// headless tells that the request asked for no body.
	headless bool
	upgrade  bool
	// entered tells that it has one of the client's places.
	entered bool
}

// Do sends r, once, and reads the head of its answer into x. What is left of the answer is for the caller to read;
// either way x must be closed. After an error it is closed already.
//
// Only a GET or HEAD is sent a second time, when a connection that was kept turns out to be closed.
func (c *Client) Do(x *Exchange, r *Request) error {
	*x = Exchange{
		client: c, deadline: r.Deadline,
		headless: string(r.Method) == "HEAD", upgrade: len(r.Upgrade) > 0,
	}
	if err := x.run(r); err != nil {
		_ = x.Close()
		return err
	}
	return nil
}

func (x *Exchange) run(r *Request) error {
	// A short body is read before a place is taken: one that comes slowly must not keep others out.
	if err := x.write(r); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	if !x.client.enter() {
		return fmt.Errorf("%w: %w", ErrNotSent, ErrBusy)
	}
	x.entered = true
	now := time.Now()
	x.began = now
	var sent error
	for x.next(now) {
		err := x.try(now, true)
		switch {
		case errors.Is(err, errUnfit):
			_ = x.conn.Close()
			continue
		case !r.reads() || x.heard || !errors.Is(err, ErrHungUp): //guard:shop-is-written-to-once
			return err
		}
		_ = x.conn.Close()
		sent = err
		break
	}
	var err error
	if x.conn, err = x.client.dial(r.Connect, x.deadline); err != nil {
		if sent != nil { //guard:swallowed-is-not-unsent
			return errors.Join(sent, err)
		}
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	if x.out == nil {
		// It went out with the first try, so that it must not pass for unsent.
		if err := x.write(r); err != nil {
			return errors.Join(sent, err)
		}
	}
	return x.try(time.Now(), false)
}

// errUnfit tells that a kept connection cannot be used, and nothing was written to it.
var errUnfit = errors.New("the connection cannot be used again")

// next takes a connection of an earlier exchange, if there is one.
func (x *Exchange) next(now time.Time) bool {
	for {
		x.conn = x.client.idle.get(now)
		if x.conn == nil {
			return false
		}
		if !x.conn.stale(now) {
			return true
		}
		_ = x.conn.Close()
	}
}

// try writes the request to x.conn, once, and reads the head of the answer. A kept connection on which anything has
// come since is not written to.
func (x *Exchange) try(now time.Time, kept bool) error {
	plain := x.up == nil && !x.conn.secure
	if kept && !plain && !x.conn.alive(now) {
		return errUnfit
	}
	if err := errors.Join(x.conn.allowWrite(now, x.deadline), x.conn.allowRead(now, x.deadline)); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	x.armed = true
	var sent error
	switch {
	case x.up != nil:
		x.up.start(x.client, x.conn, x.out.b)
	case plain:
		sent = x.ask(kept)
	default:
		_, sent = x.conn.Write(x.out.b)
		x.written()
	}
	switch {
	case errors.Is(sent, errUnfit):
		return errUnfit
	case errors.Is(sent, os.ErrDeadlineExceeded):
		return ErrTimeout
	}
	// An upstream that refuses a request may answer, and hang up, before it has read all of it.
	err := x.readHead()
	switch {
	case err == nil:
		x.answered = time.Now()
		x.body.begin(x)
		return nil
	case x.up != nil:
		x.up.stop()
		if errors.Is(x.up.err, ErrBody) {
			return ErrBody
		}
	}
	return errors.Join(err, sent)
}

// ask writes the request and reads the first bytes that come back.
func (x *Exchange) ask(kept bool) error {
	x.client.putSmall(x.in) // that of a first try
	t, err := x.conn.ask(x.client, x.out, kept)
	x.out, x.in = t.out, t.in
	x.heard = x.in != nil && len(x.in.b) > 0
	x.armed = !x.heard
	switch {
	case t.unfit:
		return errUnfit
	case err != nil || x.out == nil:
		return err
	}
	_, err = x.conn.Write(x.out.b[t.wrote:])
	x.written()
	return err
}

// written gives back what was to be written.
func (x *Exchange) written() {
	x.client.putSmall(x.out)
	x.out = nil
}

// readHead reads until the head of the final answer is there.
func (x *Exchange) readHead() error {
	from, scanned, interim := 0, 0, 0
	if x.in == nil {
		x.in = x.client.getSmall()
	}
	for {
		end, next, ok := headEnd(x.in.b[from:], scanned)
		switch {
		case !ok:
			return ErrAnswer
		case end == 0:
			if scanned = next; len(x.in.b)-from >= x.client.opt.MaxHead {
				return errors.Join(ErrAnswer, ErrHeadTooLarge)
			}
			if err := x.fill(); err != nil {
				return err
			}
			continue
		}
		if end > x.client.opt.MaxHead {
			return errors.Join(ErrAnswer, ErrHeadTooLarge)
		}
		if err := x.head.parse(x.in.b[from : from+end]); err != nil {
			return err
		}
		from, scanned = from+end, 0
		switch {
		case x.head.status == statusUpgraded && !x.upgrade:
			return errors.Join(ErrAnswer, ErrUpgraded)
		case x.head.status >= 200: //guard:interim-is-not-the-answer
			x.body.at = from
			return nil
		case x.head.status == statusUpgraded:
			x.body.at = from
			return nil
		}
		if interim++; interim > x.client.opt.MaxInterim {
			return errors.Join(ErrAnswer, ErrInterim)
		}
		// What comes next takes the place of the interim answer.
		x.in.b = x.in.b[:copy(x.in.b, x.in.b[from:])]
		from = 0
	}
}

// fill reads more of the head into x.in.
func (x *Exchange) fill() error {
	b := x.in.b
	if len(b) == cap(b) {
		b = append(b, make([]byte, len(b))...)[:len(b)]
	}
	n, err := x.read(b[len(b):cap(b)])
	x.in.b = b[:len(b)+n]
	x.heard = x.heard || n > 0
	switch {
	case n > 0:
		return nil
	case errors.Is(err, ErrTimeout):
		return err
	}
	return errors.Join(ErrHungUp, err)
}

// read reads from the connection. While the request's body is still being sent, it is not the upstream that is waited
// for.
func (x *Exchange) read(p []byte) (int, error) {
	for {
		uploading := x.up != nil && x.up.running()
		if !x.armed {
			if err := x.conn.allowRead(time.Now(), x.deadline); err != nil {
				return 0, err
			}
		}
		x.armed = false
		n, err := x.conn.Read(p)
		if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
			if uploading {
				x.conn.readBy = time.Time{}
				continue
			}
			err = ErrTimeout
		}
		return n, err
	}
}

// Took is how long the upstream took until the head of its answer was there, connecting included.
func (x *Exchange) Took() time.Duration { return x.answered.Sub(x.began) }

// Status is the status code of the answer.
func (x *Exchange) Status() int { return x.head.status }

// Reason is what the upstream calls the status.
func (x *Exchange) Reason() []byte { return x.head.reason }

// Lines are the header lines of the answer as they came, each with its end.
func (x *Exchange) Lines() []byte { return x.head.lines }

// Header is the first value of a header; nil when there is none.
func (x *Exchange) Header(name string) []byte {
	for l := NewLines(x.head.lines); l.Next(); {
		if len(l.Name) == len(name) && strings.EqualFold(string(l.Name), name) {
			return l.Value
		}
	}
	return nil
}

// Uploading tells whether the request's body is still being sent. Its stream must not be used before Close.
func (x *Exchange) Uploading() bool { return x.up != nil && x.up.underWay() }

// Upgraded hands out the connection when the answer is 101, and what has been read of the other protocol. It is the
// caller's to close; x is to be closed before it is used.
func (x *Exchange) Upgraded() (net.Conn, []byte, bool) {
	if x.head.status != statusUpgraded || x.conn == nil {
		return nil, nil, false
	}
	c := x.conn
	if err := c.SetDeadline(time.Time{}); err != nil {
		return nil, nil, false
	}
	x.conn = nil
	return c.Conn, append([]byte(nil), x.in.b[x.body.at:]...), true
}

// Close ends the exchange. A connection that does not stand between two messages ends with it. It may be called more
// than once.
func (x *Exchange) Close() error {
	if x.client == nil {
		return nil
	}
	c := x.client
	if x.conn != nil {
		_ = x.conn.Close()
	}
	if x.up != nil && x.up.done != nil {
		x.up.stop()
	}
	c.putSmall(x.in)
	c.putSmall(x.out)
	c.putLarge(x.more)
	if x.entered {
		c.leave()
	}
	*x = Exchange{}
	return nil
}

// settle puts the connection aside when it provably stands between two messages, and closes it otherwise.
func (x *Exchange) settle(boundary bool) {
	if x.conn == nil {
		return
	}
	keep := x.client.opt.IdleAge
	if x.head.keep > 0 {
		// The upstream's clock runs while our request is on its way.
		keep = min(keep, x.head.keep-time.Second)
	}
	var rest time.Duration
	if x.body.kind == noBody && x.body.ruled {
		rest = x.client.opt.Rest
	}
	boundary = boundary && (x.up == nil || x.up.finished())
	if !boundary || x.head.closes || x.head.minor == 0 || keep <= rest {
		_ = x.conn.Close()
	} else {
		now := x.answered
		if x.more != nil {
			// It took a while.
			now = time.Now()
		}
		x.client.idle.put(x.conn, now, keep, rest)
	}
	x.conn = nil
}

var _ io.WriterTo = (*Exchange)(nil)
