package gateway

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ownPace is a time to read in that stands for none: as long as bytes move.
const ownPace = 1000 * time.Hour

// paced moves the deadlines of a client's connection: a long answer, or a long body, is no fault, and one that stands
// still is. The server asks for three deadlines with each request, and each costs; so they are moved seldom, and pass
// up to a quarter earlier or later than asked for.
type paced struct {
	mu sync.Mutex
	// reads tells that reading goes at its own pace; readBy is until when the next byte must come, in nanoseconds of the
	// Unix clock.
	reads  atomic.Bool
	readBy atomic.Int64
	// writeBy is until when the next byte must be taken, likewise.
	writeBy atomic.Int64
}

// near tells whether a deadline that is set, in nanoseconds of the Unix clock, is as good as one at a time after now.
func near(set int64, now time.Time, after time.Duration) bool {
	off := time.Duration(set - now.Add(after).UnixNano())
	return off.Abs() <= after/4
}

// read is called before something is read.
func (p *paced) read(c net.Conn, patience time.Duration) error {
	if !p.reads.Load() {
		return nil
	}
	now := time.Now()
	if near(p.readBy.Load(), now, patience) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reads.Load() {
		// Somebody has set a deadline of his own meanwhile.
		return nil
	}
	return p.move(c, now, patience)
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

// SetReadDeadline sets a deadline, or lets a body come at its own pace.
func (c *doorConn) SetReadDeadline(t time.Time) error {
	p := &c.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.IsZero() {
		p.reads.Store(false)
		p.readBy.Store(0)
		return c.Conn.SetReadDeadline(t)
	}
	now := time.Now()
	after := t.Sub(now)
	own := after > ownPace/2
	if p.reads.Store(own); own {
		after = c.d.patience
	}
	return p.move(c.Conn, now, after)
}

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
