package gateway

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ownPace is a time to read in that stands for none: as long as bytes move. The server passes it on as a deadline, and
// that is known for what it is by its century, without asking what time it is now.
const ownPace = 100 * 365 * 24 * time.Hour

// paces are the ways in which a client's bytes are waited for.
type pace int32

const (
	// paceIdle is between requests.
	paceIdle pace = iota
	// paceHead is in what must come within one time, as a head; paceTimed likewise, once its deadline has been set.
	paceHead
	paceTimed
	// paceOwn is as long as bytes move.
	paceOwn
	// paceFixed keeps a deadline that somebody has set.
	paceFixed
)

// idleTimeout is how long a client may leave his connection unused: longer than common load balancers do (60 s).
const idleTimeout = 75 * time.Second

// paced moves the deadlines of a client's connection: a long answer, or a long body, is no fault, and one that stands
// still is. To set one costs, and so does to ask what time it is, so that the server, who would set three for each
// request, sets none; they are moved seldom, and pass up to a quarter earlier or later than said.
type paced struct {
	mu   sync.Mutex
	mode atomic.Int32
	// readBy is until when the next byte must come, in nanoseconds of the Unix clock.
	readBy atomic.Int64
	// writeBy is until when the next byte must be taken, likewise.
	writeBy atomic.Int64
}

// to changes how what comes next is waited for.
func (p *paced) to(m pace) { p.mode.Store(int32(m)) }

// near tells whether a deadline that is set, in nanoseconds of the Unix clock, is as good as one at a time after now.
func near(set int64, now time.Time, after time.Duration) bool {
	off := time.Duration(set - now.Add(after).UnixNano())
	return off.Abs() <= after/4
}

// read is called before something is read of d's connection.
func (p *paced) read(c net.Conn, d *door) error {
	mode, after := pace(p.mode.Load()), d.patience
	switch mode {
	case paceTimed, paceFixed: //guard:a-head-has-one-time
		return nil
	case paceIdle:
		after = idleTimeout
	case paceHead:
		after = d.headTime
	case paceOwn:
	}
	now := time.Now()
	if mode != paceHead && near(p.readBy.Load(), now, after) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if pace(p.mode.Load()) != mode {
		// Somebody has set a deadline of his own meanwhile.
		return nil
	}
	if mode == paceHead {
		p.to(paceTimed)
	}
	return p.move(c, now, after)
}

// move sets the next deadline of reading, at a time after now. p.mu is held.
func (p *paced) move(c net.Conn, now time.Time, after time.Duration) error {
	if near(p.readBy.Load(), now, after) {
		return nil
	}
	by := now.Add(after)
	p.readBy.Store(by.UnixNano())
	return c.SetReadDeadline(by)
}

// SetReadDeadline sets a deadline, which stays until the next request, or lets a body come at its own pace.
func (c *doorConn) SetReadDeadline(t time.Time) error {
	p := &c.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := t.Add(-ownPace); now.Unix() > longPast {
		p.to(paceOwn)
		return p.move(c.Conn, now, c.d.patience)
	}
	p.to(paceFixed)
	if p.readBy.Store(t.UnixNano()); t.IsZero() {
		p.readBy.Store(0)
	}
	return c.Conn.SetReadDeadline(t)
}

// longPast is in seconds of the Unix clock: 2000-01-01. All that happens here is later, and what ownPace is taken off,
// unless it was added before, is earlier.
const longPast = 946_684_800

// SetDeadline sets both deadlines.
func (c *doorConn) SetDeadline(t time.Time) error {
	err := c.SetReadDeadline(t)
	c.pace.writeBy.Store(t.UnixNano())
	return errors.Join(err, c.SetWriteDeadline(t))
}

// Write writes for as long as the client takes what is written.
func (c *doorConn) Write(p []byte) (int, error) {
	if now := time.Now(); !near(c.pace.writeBy.Load(), now, c.d.patience) {
		by := now.Add(c.d.patience)
		c.pace.writeBy.Store(by.UnixNano())
		if err := c.SetWriteDeadline(by); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(p)
}

// CloseWrite tells the client that nothing more comes.
func (c *doorConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// SetLinger is TCP's.
func (c *doorConn) SetLinger(seconds int) error {
	if tcp, ok := c.Conn.(interface{ SetLinger(seconds int) error }); ok {
		return tcp.SetLinger(seconds)
	}
	return nil
}
