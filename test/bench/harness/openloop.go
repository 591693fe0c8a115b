//go:build linux

package harness

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// pacedConns is how many connections the open loop has. At its rate a few are enough; when a proxy stops for a moment
// more are in use, and then requests wait for one, which counts.
const pacedConns = 32

// maxLate is how long the last answers may take.
const maxLate = 10 * time.Second

// Spent is how long the requests of an open loop took, from when each was due to its whole answer.
type Spent []time.Duration

// At is how long a share of the requests took at most.
func (s Spent) At(share float64) time.Duration {
	return s[min(int(float64(len(s))*share), len(s)-1)]
}

// Pace is how many requests an open loop sends a second, for how long, and whether it goes before all else.
type Pace struct {
	Rate    int
	Lasting time.Duration
	Alone   bool
}

// OpenLoop sends a request again and again on connections to at, and returns how long each took, in ascending order.
func OpenLoop(at string, request []byte, p Pace) (Spent, error) {
	type result struct {
		took Spent
		err  error
	}
	done := make(chan result, 1)
	go func() {
		// The thread is pinned, so it ends with this goroutine.
		runtime.LockOSThread()
		l := &loop{
			request: request, gap: time.Second / time.Duration(p.Rate),
			total: p.Rate * int(p.Lasting) / int(time.Second),
		}
		err := cmp.Or(p.pin(), l.run(at))
		slices.Sort(l.took)
		done <- result{l.took, err}
	}()
	r := <-done
	return r.took, r.err
}

// pin puts the thread where the load runs.
func (p Pace) pin() error {
	var core unix.CPUSet
	core.Set(LoadCore)
	if err := unix.SchedSetaffinity(0, &core); err != nil {
		return fmt.Errorf("pinning the load: %w", err)
	}
	if p.Alone {
		return pushOutThread(0)
	}
	return nil
}

// StayOff keeps this process, as far as it runs by now, off the proxy's processor.
func StayOff() error {
	threads, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		return fmt.Errorf("listing our threads: %w", err)
	}
	var core unix.CPUSet
	core.Set(LoadCore)
	for _, path := range threads {
		id, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			return fmt.Errorf("listing our threads: %w", err)
		}
		if err := unix.SchedSetaffinity(id, &core); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("pinning the load: %w", err)
		}
	}
	return nil
}

// loop is one thread on epoll: Go's own timers are exact to a millisecond only.
type loop struct {
	request []byte
	gap     time.Duration
	total   int

	poll, timer int
	conns       map[int32]*pacedConn
	free        []*pacedConn
	// begun is when request 0 is due; sent is how many were begun. Both are of the monotonic clock.
	begun time.Duration
	sent  int
	took  Spent
}

// pacedConn is a connection with at most one request on it.
type pacedConn struct {
	fd int
	// due is when its request was to be sent.
	due time.Duration
	in  []byte
	n   int
}

func (l *loop) open(at string) error {
	host, err := net.ResolveTCPAddr("tcp4", at)
	if err != nil {
		return fmt.Errorf("reading an address: %w", err)
	}
	if err := l.watch(l.timer); err != nil {
		return err
	}
	l.took, l.conns = make(Spent, 0, l.total), map[int32]*pacedConn{}
	for range pacedConns {
		c, err := dial(host)
		if err != nil {
			return err
		}
		l.conns[int32(c.fd)] = c
		l.free = append(l.free, c)
		if err := l.watch(c.fd); err != nil {
			return err
		}
	}
	return nil
}

func dial(host *net.TCPAddr) (*pacedConn, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("making a socket: %w", err)
	}
	err = cmp.Or(
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.Connect(fd, &unix.SockaddrInet4{Port: host.Port, Addr: [4]byte(host.IP.To4())}),
		unix.SetNonblock(fd, true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connecting: %w", err), unix.Close(fd))
	}
	return &pacedConn{fd: fd, in: make([]byte, 16<<10)}, nil
}

func (l *loop) watch(fd int) error {
	readable := &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	if err := unix.EpollCtl(l.poll, unix.EPOLL_CTL_ADD, fd, readable); err != nil {
		return fmt.Errorf("polling: %w", err)
	}
	return nil
}

func (l *loop) close() error {
	errs := []error{unix.Close(l.timer), unix.Close(l.poll)}
	for _, c := range l.conns {
		errs = append(errs, unix.Close(c.fd))
	}
	return errors.Join(errs...)
}

func now() time.Duration {
	var t unix.Timespec
	// It cannot fail with a clock that there is.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return time.Duration(t.Nano())
}

// run opens what it needs, and closes it.
func (l *loop) run(at string) error {
	var err error
	if l.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("making a poll: %w", err)
	}
	if l.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return errors.Join(fmt.Errorf("making a timer: %w", err), unix.Close(l.poll))
	}
	if err = l.open(at); err == nil {
		err = l.exchange()
	}
	return errors.Join(err, l.close())
}

// exchange sends and reads until all is answered.
func (l *loop) exchange() error {
	l.begun = now() + 10*time.Millisecond
	every := unix.ItimerSpec{Interval: unix.NsecToTimespec(int64(l.gap)), Value: unix.NsecToTimespec(int64(l.begun))}
	if err := unix.TimerfdSettime(l.timer, unix.TFD_TIMER_ABSTIME, &every, nil); err != nil {
		return fmt.Errorf("setting a timer: %w", err)
	}
	events := make([]unix.EpollEvent, 64)
	last := l.begun + time.Duration(l.total)*l.gap + maxLate
	for len(l.took) < l.total {
		n, err := unix.EpollWait(l.poll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("polling: %w", err)
		}
		if now() > last {
			return fmt.Errorf("only %d of %d requests were answered", len(l.took), l.total)
		}
		for _, e := range events[:max(n, 0)] {
			if err := l.event(e.Fd); err != nil {
				return err
			}
		}
		if err := l.sendDue(); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) event(fd int32) error {
	c := l.conns[fd]
	if c == nil {
		var expirations [8]byte
		// How many have passed is told by the clock.
		_, _ = unix.Read(l.timer, expirations[:])
		return nil
	}
	n, err := unix.Read(c.fd, c.in[c.n:])
	if err != nil || n == 0 {
		return fmt.Errorf("a connection ended (%d bytes): %w", n, err)
	}
	c.n += n
	whole, err := complete(c.in[:c.n])
	if err != nil || !whole {
		return err
	}
	l.took = append(l.took, now()-c.due)
	c.n = 0
	l.free = append(l.free, c)
	return nil
}

// sendDue sends what is due, as far as there are connections for it.
func (l *loop) sendDue() error {
	at := now()
	for l.sent < l.total && len(l.free) > 0 {
		due := l.begun + time.Duration(l.sent)*l.gap
		if due > at {
			return nil
		}
		c := l.free[len(l.free)-1]
		l.free = l.free[:len(l.free)-1]
		c.due = due
		l.sent++
		if n, err := unix.Write(c.fd, l.request); err != nil || n < len(l.request) {
			return fmt.Errorf("sending (%d of %d bytes): %w", n, len(l.request), err)
		}
	}
	return nil
}

// complete tells whether an answer is whole. One that is not 200, or does not say how long it is, is an error.
func complete(answer []byte) (bool, error) {
	head, body, ended := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !ended {
		return false, nil
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		return false, fmt.Errorf("a request is answered with %q", head[:min(len(head), 20)])
	}
	const name = "\r\ncontent-length: "
	for at := range len(head) - len(name) {
		if bytes.EqualFold(head[at:at+len(name)], []byte(name)) {
			value, _, _ := bytes.Cut(head[at+len(name):], []byte("\r\n"))
			length, err := strconv.Atoi(string(value))
			return len(body) >= length, err
		}
	}
	return false, errors.New("an answer does not say how long it is")
}
