package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
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
	}, nil)
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
	broken := newDoor(&scarce{Listener: l, errs: []error{syscall.EBADF}}, func() doorRoom { return doorRoom{} }, func(string, error) {}, nil)
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
	// refused are those who found no room, by reason and whether they were told.
	refused map[string]int
}

func newCrowd(t *testing.T, r doorRoom) *crowd {
	t.Helper()
	h := newHouse(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{t: t, at: l.Addr().String(), closed: map[string]int{}, refused: map[string]int{}}
	c.door = newDoor(l, func() doorRoom { return r }, func(why string, _ error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.closed[why]++
	}, func(why string, told bool, _ error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.refused[fmt.Sprint(why, " ", told)]++
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

// full fills a door with n who have begun to say something.
func (c *crowd) full(n int) []*rawClient {
	c.t.Helper()
	var inside []*rawClient
	for range n {
		r := dialRaw(c.t, c.at)
		if !c.asks(r) {
			c.t.Fatal("no answer")
		}
		r.send("GET /livez HTTP/1.1\r\n")
		inside = append(inside, r)
		c.spoken(len(inside))
	}
	return inside
}

// counts waits until n connections were refused for a reason, and were told so or not.
func (c *crowd) counts(what string, n int) {
	c.t.Helper()
	eventually(c.t, fmt.Sprintf("%d refused: %s", n, what), func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.refused[what] == n
	})
}

// TestAFullDoorRefuses when everybody in it has begun to say something: who comes is told so, whatever he sends, and
// those inside are answered.
func TestAFullDoorRefuses(t *testing.T) {
	t.Parallel()
	for why, r := range map[string]doorRoom{
		closedFull:    {all: 3, refusals: 8},
		closedAddress: {all: 100, perAddress: 3, refusals: 16},
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, r)
			inside := c.full(3)
			for range 5 {
				comes := dialRaw(t, c.at)
				// As much as stands in the way when the connection is closed too early.
				comes.send("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n" + strings.Repeat("x", 40_000))
				res, text := comes.answer("POST")
				if res == nil || res.StatusCode != http.StatusServiceUnavailable || !res.Close ||
					res.Header.Get("Retry-After") != "1" || res.Header.Get(headerReason) != "OVERLOADED" ||
					res.Header.Get("Content-Type") != problemType {
					t.Fatalf("answered with %+v", res)
				}
				var told problemBody
				if err := json.Unmarshal([]byte(text), &told); err != nil || told.Code != payment.CodeOverloaded ||
					told.Status != res.StatusCode || !strings.ContainsFunc(told.DetailKo, isHangul) || told.DetailEn == "" {
					t.Errorf("told %s, %v", text, err)
				}
				if _, err := comes.r.ReadByte(); !errors.Is(err, io.EOF) {
					t.Errorf("the connection ends with %v", err)
				}
				comes.c.Close()
			}
			c.counts(why+" true", 5)
			answered := 0
			for _, r := range inside {
				r.send("Host: x\r\n\r\n")
				if res, _ := r.answer("GET"); res != nil && res.StatusCode == http.StatusOK {
					answered++
				}
			}
			if answered != 3 {
				t.Errorf("%d of 3 who had begun were answered", answered)
			}
		})
	}
}

// talker is a connection that notes what is done with it, and says one thing after the other.
type talker struct {
	net.Conn

	says []string
	done []string
}

func (c *talker) Read(p []byte) (int, error) {
	if len(c.says) == 0 {
		c.done = append(c.done, "end")
		return 0, io.EOF
	}
	n := copy(p, c.says[0])
	c.says, c.done = c.says[1:], append(c.done, c.says[0])
	return n, nil
}

func (c *talker) Write(p []byte) (int, error) {
	c.done = append(c.done, string(p[:len("HTTP/1.1 503")]))
	return len(p), nil
}

func (c *talker) CloseWrite() error {
	c.done = append(c.done, "half closed")
	return nil
}

func (c *talker) SetDeadline(time.Time) error { return nil }

// TestARefusalWaitsForItsReader: who is still sending when his connection is closed may lose the answer.
func TestARefusalWaitsForItsReader(t *testing.T) {
	t.Parallel()
	c := &talker{says: []string{"POST / HTTP/1.1", "more", "and more"}}
	d := newDoor(nil, nil, nil, nil)
	if told, err := d.tellRefused(c); !told || err != nil {
		t.Errorf("told: %t, %v", told, err)
	}
	want := []string{"POST / HTTP/1.1", "HTTP/1.1 503", "half closed", "more", "and more", "end"}
	if !slices.Equal(c.done, want) {
		t.Errorf("got %q", c.done)
	}
}

// TestRefusingIsBounded: who says nothing is not answered, nor are more than the bound at once; of those whose own share
// is used up half as many.
func TestRefusingIsBounded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why    string
		room   doorRoom
		silent int
	}{
		{closedFull, doorRoom{all: 1, refusals: 4}, 4},
		{closedAddress, doorRoom{all: 100, perAddress: 1, refusals: 4}, 2},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, tt.room)
			c.full(1)
			var silent []*rawClient
			for range tt.silent {
				silent = append(silent, dialRaw(t, c.at))
			}
			eventually(t, "the places to be taken", func() bool {
				c.door.mu.Lock()
				defer c.door.mu.Unlock()
				return c.door.refusing.all == tt.silent
			})
			if said, ended := dialRaw(t, c.at).ends(); said != "" || !ended {
				t.Errorf("one too many is told %q, ended: %t", said, ended)
			}
			c.counts(tt.why+" false", 1)
			for _, r := range silent {
				if said, ended := r.ends(); said != "" || !ended {
					t.Errorf("who says nothing is told %q, ended: %t", said, ended)
				}
			}
			c.counts(tt.why+" false", 1+tt.silent)
			c.door.mu.Lock()
			defer c.door.mu.Unlock()
			if c.door.refusing != (refusing{}) || c.door.open != 1 {
				t.Errorf("afterwards %+v are being refused, %d open", c.door.refusing, c.door.open)
			}
		})
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
