package gateway

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/upstream"
)

// tunnelIdle is how long no byte may move either way on a connection that speaks another protocol.
const tunnelIdle = 10 * time.Minute

// tunnels are the connections of clients that the server has given out of its hands. It is safe for concurrent use.
type tunnels struct {
	mu sync.Mutex
	// open tells of each whether it has an end of its own that is worth waiting for.
	open map[net.Conn]bool
	// empty is made when they are to end, and closed when the last has ended.
	empty chan struct{}
}

// enter counts a connection until what it returns is called.
func (t *tunnels) enter(c net.Conn, ends bool) (leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[net.Conn]bool{}
	}
	if t.empty != nil && !ends {
		_ = c.Close()
	}
	t.open[c] = ends
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if delete(t.open, c); t.empty != nil && len(t.open) == 0 {
			close(t.empty)
			t.empty = nil
		}
	}
}

// end ends those that have no end of their own, so that who is at the other side comes back elsewhere, waits for the
// others, but no longer than timeout, and ends what is left then.
func (t *tunnels) end(timeout time.Duration) {
	over := make(chan struct{})
	t.mu.Lock()
	if len(t.open) == 0 {
		t.mu.Unlock()
		return
	}
	t.empty = over
	t.mu.Unlock()
	t.closeAll(false)
	patience := time.NewTimer(timeout)
	defer patience.Stop()
	select {
	case <-over:
	case <-patience.C:
		t.closeAll(true)
		<-over
	}
}

// closeAll closes what is open, with those that have an end or without.
func (t *tunnels) closeAll(withEnd bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c, ends := range t.open {
		if withEnd || !ends {
			_ = c.Close()
		}
	}
}

// handOver takes c's connection out of the server's hands, without an answer of the server's: run has it from then on
// and until it returns. When the connection ends before that, never is called instead.
func handOver(c *fiber.Ctx, run func(client net.Conn), never func()) {
	ctx := c.Context()
	d, counted := ctx.Conn().(*doorConn)
	if counted {
		d.never.Store(&never)
	}
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(client net.Conn) {
		if counted && d.never.Swap(nil) == nil {
			return
		}
		run(client)
	})
}

// tunnel answers 101 as the shop did, and from then on hands on bytes both ways.
func (g *Gateway) tunnel(c *fiber.Ctx, p *passage, shop net.Conn, first []byte) error {
	lines, ok := upstream.AppendLines(nil, p.x.Lines(), ownAnswerLine)
	lines = p.back.lines(lines, 0)
	if !ok {
		_ = shop.Close()
		return g.badAnswer(c, p, upstream.ErrAnswer)
	}
	// The two lines of this hop are those of the next one as well.
	head := append(append([]byte("HTTP/1.1 101 "), p.x.Reason()...), "\r\nConnection: Upgrade\r\nUpgrade: "...)
	head = append(append(head, p.x.Header("upgrade")...), "\r\n"...)
	head = append(append(append(head, lines...), "\r\n"...), first...)
	held := p.tunnel
	p.tunnel = seat{} //guard:tunnels-keep-their-seat
	if err := p.Close(); err != nil {
		held.leave()
		_ = shop.Close()
		return err
	}
	c.Status(http.StatusSwitchingProtocols)
	beneath, patience := c.Context().Conn(), shopTimeout
	if d, ok := beneath.(*doorConn); ok {
		patience = d.d.patience
	}
	handOver(c, func(client net.Conn) {
		defer held.leave()
		defer g.tunnels.enter(beneath, false)()
		if _, err := client.Write(head); err != nil {
			_ = shop.Close()
			return
		}
		join(client, beneath, shop, patience)
	}, func() {
		_ = shop.Close()
		held.leave()
	})
	return nil
}

// join hands on bytes both ways until both sides have ended, or one has broken. client is read, and its connection
// beneath is told of the end. Once the shop has ended, who has nothing to say is not waited for much longer than
// patience: he would keep a seat of the shop's for nothing.
func join(client, beneath, shop net.Conn, patience time.Duration) {
	// One moving byte keeps both directions.
	moved := func() {
		_ = beneath.SetDeadline(time.Now().Add(tunnelIdle))
		_ = shop.SetDeadline(time.Now().Add(tunnelIdle))
	}
	moved()
	var up sync.WaitGroup
	up.Go(func() {
		if pump(shop, client, moved) != nil || closeWrite(shop) != nil {
			_ = shop.Close()
			_ = beneath.Close()
		}
	})
	if pump(beneath, shop, moved) != nil || closeWrite(beneath) != nil {
		_ = shop.Close()
		_ = beneath.Close()
	}
	// Twice that: bytes that do move are noticed within a tenth of tunnelIdle.
	_ = beneath.SetReadDeadline(time.Now().Add(2 * patience)) //guard:ended-tunnels-are-not-waited-for
	up.Wait()
	_ = shop.Close()
}

// pump copies until from ends.
func pump(to io.Writer, from io.Reader, moved func()) error {
	b := make([]byte, 16<<10)
	last := time.Now()
	for {
		n, err := from.Read(b)
		if now := time.Now(); n > 0 && now.Sub(last) > tunnelIdle/10 {
			last = now
			moved()
		}
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// closeWrite tells the other side that nothing more comes.
func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// reset ends a connection in a way that cannot be taken for the end of an answer.
func reset(c net.Conn) {
	if tcp, ok := c.(interface{ SetLinger(seconds int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// untilClose writes an answer of unknown length for a client that knows no chunks: its end is that of the connection.
func (g *Gateway) untilClose(c *fiber.Ctx, p *passage) error {
	head := append(append(fasthttp.AppendUint([]byte("HTTP/1.1 "), p.x.Status()), ' '), p.raw...)
	head = append(append(append(head, headerRequestID+": "...), requestID(c)...), "\r\n"...)
	for _, name := range []string{headerUnchanged, fiber.HeaderCacheControl} {
		// What an intercept says besides.
		if said := c.Response().Header.Peek(name); len(said) > 0 {
			head = append(append(append(append(head, name...), ": "...), said...), "\r\n"...)
		}
	}
	head = append(head, "Connection: close\r\n\r\n"...)
	p.direct = true
	handOver(c, func(net.Conn) {
		defer g.tunnels.enter(p.client, true)()
		if _, err := p.client.Write(head); err == nil {
			// HTTP/1.0 has no way to say that an answer is not whole but to break the connection.
			if _, err := p.WriteTo(p.client); err != nil {
				reset(p.client)
			}
		}
		_ = p.Close()
	}, func() { _ = p.Close() })
	return nil
}
