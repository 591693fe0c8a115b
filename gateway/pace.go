package gateway

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// paces are the ways in which a client's bytes are waited for.
type pace int32

const (
	// paceHead is in what must come within one time, as a head, and what a new connection says first; paceTimed likewise,
	// once its deadline has been set.
	paceHead pace = iota
	paceTimed
	// paceIdle is between requests.
	paceIdle
	// paceOwn is as long as bytes move.
	paceOwn
	// paceFixed keeps a deadline that somebody has set.
	paceFixed
)

// idleTimeout is how long a client may leave his connection unused: longer than common load balancers do (60 s), who
// would send a request into a connection that we close, and that also when it passes a quarter earlier.
const idleTimeout = 90 * time.Second

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

// wake is told that a request has begun. One that is the first of its connection has the time that began with that.
func (p *paced) wake() { p.mode.CompareAndSwap(int32(paceIdle), int32(paceHead)) }

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

// SetReadDeadline sets a deadline, which stays until the next request.
func (c *doorConn) SetReadDeadline(t time.Time) error {
	p := &c.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to(paceFixed)
	if p.readBy.Store(t.UnixNano()); t.IsZero() {
		p.readBy.Store(0)
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline sets both deadlines.
func (c *doorConn) SetDeadline(t time.Time) error {
	err := c.SetReadDeadline(t)
	c.pace.writeBy.Store(t.UnixNano())
	return errors.Join(err, c.SetWriteDeadline(t))
}

// Write writes for as long as the client takes what is written: each run of it has a time, since a deadline does not
// move while one write waits.
func (c *doorConn) Write(p []byte) (all int, err error) {
	for {
		run := p[:min(len(p), maxRun)] //guard:long-writes-have-a-time-for-each-run
		n, err := c.writeRun(run)
		if all += n; err != nil || len(run) == len(p) {
			return all, err
		}
		p = p[n:]
	}
}

func (c *doorConn) writeRun(p []byte) (int, error) {
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
