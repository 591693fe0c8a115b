package upstream

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// conn is a connection to the upstream. Its deadlines are moved only when a good part of them has passed.
type conn struct {
	net.Conn
	// secure tells that what comes in waits within TLS, or in a connection without a descriptor.
	secure  bool
	timeout time.Duration
	raw     syscall.RawConn
	// try and step are what raw calls; they are made once, so that asking costs no memory.
	try, step func(fd uintptr) bool
	silent    bool
	probe     [1]byte
	talk      talk

	readBy, writeBy time.Time
	// since is when it was put aside, keep how long it may stay there.
	since time.Time
	keep  time.Duration
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0) //nolint:gochecknoglobals // a constant that Go cannot spell as one

func newConn(c, tcp net.Conn, timeout time.Duration) (*conn, error) {
	n := &conn{Conn: c, secure: c != tcp, timeout: timeout}
	sys, ok := tcp.(syscall.Conn)
	if !ok {
		return nil, errors.Join(errors.ErrUnsupported, tcp.Close())
	}
	var err error
	if n.raw, err = sys.SyscallConn(); err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	n.try, n.step = n.isSilent, n.talkOn
	return n, nil
}

// isSilent looks whether anything has come in.
func (c *conn) isSilent(fd uintptr) bool {
	// The descriptor never blocks: nothing to read is an error that says so.
	_, errno := sysRead(fd, c.probe[:])
	c.silent = errno == syscall.EAGAIN
	return true
}

// talk is one request on its way out and the first bytes that come back. Many wait at once, most of the time with
// nothing to say: out goes back to its client as soon as all of it is written, and in is taken when there is something
// to read. So the few that are used stay in the processor's cache, too.
type talk struct {
	client  *Client
	out, in *buffer
	// kept tells that the connection has had a request before, unfit that something came since, so that it must not
	// have another; asked that out was given to the system, of which it took wrote bytes.
	kept, unfit, asked bool
	wrote              int
}

// ask looks whether a kept connection is fit, writes out, and waits for what comes back. Anything out of the ordinary
// is left to who reads and writes next: fewer bytes written than there are, so that out is still there, or none read.
//
// All of it is done while waiting to read, in one go. The usual way asks the system a second time whether there is
// anything to read, each time in vain, and makes room for other goroutines at each step, which none of these needs.
func (c *conn) ask(client *Client, out *buffer, kept bool) (talk, error) {
	c.talk = talk{client: client, out: out, kept: kept}
	err := c.raw.Read(c.step)
	t := c.talk
	c.talk = talk{}
	return t, err
}

// talkOn is called by raw: at first, and each time when there may be something to read. True ends that.
func (c *conn) talkOn(fd uintptr) bool {
	t := &c.talk
	if t.asked {
		in := t.client.getSmall()
		n, errno := sysRead(fd, in.b[:cap(in.b)])
		if errno == syscall.EAGAIN {
			t.client.putSmall(in)
			return false
		}
		in.b = in.b[:n]
		t.in = in
		return true
	}
	if t.kept { //guard:late-bytes-end-a-connection
		if c.isSilent(fd); !c.silent {
			t.unfit = true
			return true
		}
	}
	t.asked = true
	if t.wrote = sysWrite(fd, t.out.b); t.wrote < len(t.out.b) {
		return true
	}
	t.client.putSmall(t.out)
	t.out = nil
	return false
}

// alive tells whether the connection is open and nothing has come in on it. What came unasked makes it useless.
func (c *conn) alive(now time.Time) bool {
	if c.secure {
		// What has been received already waits within TLS.
		if err := c.SetReadDeadline(longAgo); err != nil {
			return false
		}
		c.readBy = time.Time{}
		if _, err := c.Read(c.probe[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
			return false
		}
	}
	if c.allowRead(now, time.Time{}) != nil {
		return false
	}
	if c.raw == nil {
		return true
	}
	c.silent = false
	return c.raw.Read(c.try) == nil && c.silent
}

// allowRead moves the deadline of reading. One that the caller sets counts when it is earlier.
func (c *conn) allowRead(now, caller time.Time) error {
	return allow(&c.readBy, now, caller, c.timeout, c.SetReadDeadline)
}

// allowWrite is allowRead for writing.
func (c *conn) allowWrite(now, caller time.Time) error {
	return allow(&c.writeBy, now, caller, c.timeout, c.SetWriteDeadline)
}

func allow(by *time.Time, now, caller time.Time, timeout time.Duration, set func(time.Time) error) error {
	left := by.Sub(now)
	if !caller.IsZero() && caller.Before(now.Add(timeout)) {
		*by = caller
		return set(caller)
	}
	if left <= timeout && left > timeout-timeout/4 {
		return nil
	}
	*by = now.Add(timeout)
	return set(*by)
}
