package gateway

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
)

// freshListener knows the connections on which nothing has been said yet. Browsers and HTTP clients open some
// in advance; a shutdown that waits for their first request waits for the read timeout.
type freshListener struct {
	net.Listener

	mu    sync.Mutex
	fresh map[*freshConn]struct{}
}

func newFreshListener(l net.Listener) *freshListener {
	return &freshListener{Listener: l, fresh: map[*freshConn]struct{}{}}
}

// Accept waits for the next connection.
func (l *freshListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	f := &freshConn{Conn: c, l: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh[f] = struct{}{}
	return f, nil
}

// closeFresh closes the connections on which nothing was said. A client that is just about to say something
// sees it closed without an answer, and knows that nothing was done.
func (l *freshListener) closeFresh() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.fresh {
		if !c.begun.Load() {
			_ = c.Conn.Close()
		}
		delete(l.fresh, c)
	}
}

func (l *freshListener) forget(c *freshConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.fresh, c)
}

// freshConn tells its listener when it is no longer fresh.
type freshConn struct {
	net.Conn

	l     *freshListener
	begun atomic.Bool
}

// Read reads from the connection; the first byte ends its freshness.
func (c *freshConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.begun.Swap(true) {
		c.l.forget(c)
	}
	return n, err
}

// Close closes the connection.
func (c *freshConn) Close() error {
	c.l.forget(c)
	return c.Conn.Close()
}

// drain shuts app down: requests in flight are answered within timeout, connections that say nothing are
// closed.
func drain(app *fiber.App, l *freshListener, timeout time.Duration, name string) error {
	done := make(chan struct{})
	var closing sync.WaitGroup
	closing.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			l.closeFresh()
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	})
	err := shutdown(app, timeout, name)
	close(done)
	closing.Wait()
	return err
}
