package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// refusedPatience is how long a connection that found no room may take to say what it came for, and again to read
	// that it is refused.
	refusedPatience = time.Second
	// maxRefused is how much is read of it, in bytes: closing on unread data resets the connection, and the answer may
	// be lost with it.
	maxRefused = 64 << 10
)

// fullAnswer is the answer to a connection that found no room. It is the same for all: what is asked is not looked at.
func fullAnswer() ([]byte, error) {
	p := &payment.Problem{Code: payment.CodeOverloaded, RetryAfter: shedRetry}
	text, err := json.Marshal(body(p, ""))
	if err != nil {
		return nil, fmt.Errorf("encoding a refusal: %w", err)
	}
	return fmt.Appendf(nil, "HTTP/1.1 %d Service Unavailable\r\nConnection: close\r\nRetry-After: %s\r\n"+
		"Content-Type: %s\r\n%s: %s\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"+
		"Content-Length: %d\r\n\r\n%s",
		fiber.StatusServiceUnavailable, retryAfter(p.RetryAfter), problemType, headerReason, p.Code, len(text), text), nil
}

// refuse answers a connection that found no room, beside whatever the door does: when as many are being answered as
// may be at once, it is closed without a word. Whose own share is used up has half of these places, so that nobody
// takes the answers away from all others.
func (d *door) refuse(conn net.Conn, why string, most int) {
	own := why == closedAddress
	d.mu.Lock()
	free := d.refusing.all < most && (!own || d.refusing.own < most/2)
	if free {
		d.refusing.count(own, 1)
	}
	d.mu.Unlock()
	if !free { //guard:few-are-refused-at-once
		d.refused(why, false, conn.Close())
		return
	}
	go func() {
		told, err := d.tellRefused(conn)
		d.mu.Lock()
		d.refusing.count(own, -1)
		d.mu.Unlock()
		d.refused(why, told, errors.Join(err, conn.Close()))
	}()
}

// refusing is how many connections are being refused: all, and those whose own share was used up.
type refusing struct{ all, own int }

func (r *refusing) count(own bool, n int) {
	r.all += n
	if own {
		r.own += n
	}
}

// tellRefused waits for a request and answers it. Who asks nothing is told nothing: to an HTTP client an answer that
// comes before its request is a fault.
func (d *door) tellRefused(conn net.Conn) (told bool, err error) {
	if err := conn.SetDeadline(time.Now().Add(refusedPatience)); err != nil {
		return false, err
	}
	var first [512]byte
	if n, err := conn.Read(first[:]); n == 0 {
		return false, err
	}
	answer, err := d.refusal()
	if err != nil {
		return false, err
	}
	if _, err := conn.Write(answer); err != nil {
		return false, err
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		err = half.CloseWrite()
	}
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(refusedPatience))
	}
	if err == nil {
		// What comes is of no interest, nor how it ends.
		_, _ = io.CopyN(io.Discard, conn, maxRefused) //guard:refusal-is-not-reset
	}
	return true, err
}
