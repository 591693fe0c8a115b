package gateway

import (
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
)

// slowConn is a client that takes its time for each byte of a read and each run of a write.
type slowConn struct {
	net.Conn
	takes           time.Duration
	readBy, writeBy time.Time
}

func (c *slowConn) SetReadDeadline(t time.Time) error  { c.readBy = t; return nil }
func (c *slowConn) SetWriteDeadline(t time.Time) error { c.writeBy = t; return nil }

func (c *slowConn) Read(p []byte) (int, error) {
	p[0] = 'x'
	return c.wait(c.readBy, 1, c.takes)
}

func (c *slowConn) Write(p []byte) (int, error) {
	return c.wait(c.writeBy, len(p), c.takes*time.Duration(max(len(p)/maxRun, 1)))
}

func (c *slowConn) wait(by time.Time, n int, takes time.Duration) (int, error) {
	if left := time.Until(by); !by.IsZero() && left < takes {
		time.Sleep(left)
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(takes)
	return n, nil
}

// slow is such a client behind a door.
func slow(takes time.Duration) (*slowConn, *doorConn) {
	beneath := &slowConn{takes: takes}
	return beneath, &doorConn{Conn: beneath, d: newDoor(nil, nil, nil, nil)}
}

// TestAnIdleConnectionOutlastsALoadBalancer, who keeps it for 60 s and sends a request into it until then: how long the
// request before it was on its way does not matter.
func TestAnIdleConnectionOutlastsALoadBalancer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		beneath, c := slow(0)
		for gap := range 59 {
			connState(c, fasthttp.StateIdle)
			beneath.takes = time.Duration(gap+1) * time.Second
			if _, err := c.Read(make([]byte, 1)); err != nil {
				t.Fatalf("closed %v after the request before: %v", beneath.takes, err)
			}
			if left := time.Until(beneath.readBy) + beneath.takes; left <= time.Minute {
				t.Errorf("a gap of %v: it would have been closed after %v", beneath.takes, left)
			}
			connState(c, fasthttp.StateActive)
			beneath.takes = 0
			if _, err := c.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestANewConnectionHasTheTimeOfOneHead, also when its first byte comes late.
func TestANewConnectionHasTheTimeOfOneHead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		beneath, c := slow(forwardTimeout - time.Second)
		began := time.Now()
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		connState(c, fasthttp.StateActive)
		for beneath.takes = 100 * time.Millisecond; ; {
			if _, err := c.Read(make([]byte, 1)); err != nil {
				break
			}
		}
		if took := time.Since(began); took > forwardTimeout {
			t.Errorf("it had %v", took)
		}
	})
}

// TestALongWriteHasATimeForEachRun: what a client takes slowly and steadily reaches him whole, in one write or many.
func TestALongWriteHasATimeForEachRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c := slow(shopTimeout / 2)
		all := make([]byte, 10*maxRun+1)
		if n, err := c.Write(all); err != nil || n != len(all) {
			t.Errorf("wrote %d of %d: %v", n, len(all), err)
		}
		_, c = slow(2 * shopTimeout)
		if n, err := c.Write(all); err == nil || n != 0 {
			t.Errorf("wrote %d to who reads nothing: %v", n, err)
		}
	})
}
