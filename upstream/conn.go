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
	secure  bool
	timeout time.Duration
	raw     syscall.RawConn
	// try is what raw calls; it is made once, so that asking costs no memory.
	try    func(fd uintptr) bool
	silent bool
	probe  [1]byte

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
	n.try = func(fd uintptr) bool {
		// The descriptor never blocks: nothing to read is an error that says so.
		_, err := syscall.Read(int(fd), n.probe[:])
		n.silent = errors.Is(err, syscall.EAGAIN)
		return true
	}
	return n, nil
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
