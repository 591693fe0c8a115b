package gateway

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// scarce is a listener that has no file descriptor left for a while.
type scarce struct {
	net.Listener

	errs []error
}

func (s *scarce) Accept() (net.Conn, error) {
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: fmt.Errorf("accept4: %w", err)}
	}
	return s.Listener.Accept()
}

func TestADoorOutlastsHavingNoFileLeft(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	errs := []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EPROTO}
	var seen []error
	d := newDoor(&scarce{Listener: l, errs: errs}, func() doorRoom { return doorRoom{} }, func(why string, err error) {
		if why != closedNoneLeft {
			t.Errorf("reason %s", why)
		}
		seen = append(seen, errors.Unwrap(errors.Unwrap(err)))
	})
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := d.Accept(); err != nil {
		t.Errorf("the door ended: %v", err)
	}
	if !slices.Equal(seen, errs) {
		t.Errorf("saw %v", seen)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed listener gives %v", err)
	}
	broken := newDoor(&scarce{Listener: l, errs: []error{syscall.EBADF}}, func() doorRoom { return doorRoom{} }, func(string, error) {})
	if _, err := broken.Accept(); !errors.Is(err, syscall.EBADF) {
		t.Errorf("a listener that is broken for good gives %v", err)
	}
}

// crowd serves a door of r that answers every line with itself, and tells why it closed connections.
type crowd struct {
	t      *testing.T
	at     string
	door   *door
	mu     sync.Mutex
	closed map[string]int
}

func newCrowd(t *testing.T, r doorRoom) *crowd {
	t.Helper()
	h := newHouse(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{t: t, at: l.Addr().String(), closed: map[string]int{}}
	c.door = newDoor(l, func() doorRoom { return r }, func(why string, _ error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.closed[why]++
	})
	var served sync.WaitGroup
	served.Go(func() {
		if err := h.admin.Listener(c.door); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		if err := h.admin.Shutdown(); err != nil {
			t.Error(err)
		}
		served.Wait()
	})
	return c
}

func (c *crowd) asks(r *rawClient) bool {
	c.t.Helper()
	r.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
	res, _ := r.answer("GET")
	return res != nil && res.StatusCode == 200
}

// spoken waits until n connections are in the middle of a request.
func (c *crowd) spoken(n int) {
	c.t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		c.door.mu.Lock()
		now := c.door.open - c.door.silent.n
		c.door.mu.Unlock()
		switch {
		case now == n:
			return
		case time.Now().After(until):
			c.t.Fatalf("%d connections speak, want %d", now, n)
		}
	}
}

func (c *crowd) count(why string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed[why]
}

// TestSilentConnectionsMakeRoom for those who say something; who waits for his answer keeps his connection.
func TestSilentConnectionsMakeRoom(t *testing.T) {
	t.Parallel()
	for why, r := range map[string]doorRoom{
		closedFull:    {all: 4},
		closedAddress: {all: 100, perAddress: 4, exempt: func(a netip.Addr) bool { return a.Is6() }},
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, r)
			begun := dialRaw(t, c.at)
			begun.send("GET /livez HTTP/1.1\r\n")
			c.spoken(1)
			idle := dialRaw(t, c.at)
			if !c.asks(idle) {
				t.Fatal("no answer")
			}
			for i := range 50 {
				dialRaw(t, c.at)
				if i%10 == 0 && !c.asks(dialRaw(t, c.at)) {
					t.Errorf("a buyer behind %d silent connections got no answer", i)
				}
			}
			if n := c.count(why); n < 40 {
				t.Errorf("closed %d connections", n)
			}
			if _, ended := idle.ends(); !ended {
				t.Error("an idle connection did not make room")
			}
			begun.send("Host: x\r\n\r\n")
			if res, _ := begun.answer("GET"); res == nil {
				t.Error("a connection on which a request was begun was closed")
			}
		})
	}
}

// TestAFullDoorTurnsAway when everybody in it has begun to say something.
func TestAFullDoorTurnsAway(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, doorRoom{all: 3})
	var inside []*rawClient
	for range 3 {
		r := dialRaw(t, c.at)
		if !c.asks(r) {
			t.Fatal("no answer")
		}
		r.send("GET /livez HTTP/1.1\r\n")
		inside = append(inside, r)
		c.spoken(len(inside))
	}
	for range 20 {
		r := dialRaw(t, c.at)
		r.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
		_, _ = io.ReadAll(r.r)
	}
	answered := 0
	for _, r := range inside {
		r.send("Host: x\r\n\r\n")
		if res, _ := r.answer("GET"); res != nil && res.StatusCode == 200 {
			answered++
		}
	}
	if answered != 3 {
		t.Errorf("%d of 3 who had begun were answered", answered)
	}
}

// TestADoorForgetsWhoLeft, so that its books do not grow.
func TestADoorForgetsWhoLeft(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, doorRoom{all: 2})
	for range 30 {
		r := dialRaw(t, c.at)
		r.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if _, ended := r.ends(); !ended {
			t.Fatal("the connection did not end")
		}
	}
	r := dialRaw(t, c.at)
	r.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if res, _ := r.answer("GET"); res == nil {
		t.Error("no answer")
	}
	c.door.mu.Lock()
	defer c.door.mu.Unlock()
	if c.door.open > 2 || len(c.door.peers) > 1 || c.door.silent.n > 2 {
		t.Errorf("%d open, %d addresses, %d silent", c.door.open, len(c.door.peers), c.door.silent.n)
	}
}

// TestTheConfigurationSaysHowManyComeIn, and the process how many can.
func TestTheConfigurationSaysHowManyComeIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *fixture.Config) {
		c.Server.Public.TrustedProxies = []string{"10.0.0.0/8"}
		c.Limits.Connections = map[string]int{"all": 120, "per_address": 30}
	})
	h.g.openFiles = 1 << 20
	r := h.g.publicRoom()
	if r.all != 120 || r.perAddress != 30 || !r.exempt(netip.MustParseAddr("10.1.2.3")) || r.exempt(netip.MustParseAddr("11.1.2.3")) {
		t.Errorf("got %+v", r)
	}
	h.g.openFiles = 100
	if r := h.g.publicRoom(); r.all != 40 || r.perAddress != 20 {
		t.Errorf("with 100 files got %+v", r)
	}
}
