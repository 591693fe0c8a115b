package upstream

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
	"time"
)

// upload sends a body that is too long to be written with its head, while the answer is waited for: an upstream may
// answer, and even stop reading, before it has all of it.
type upload struct {
	from   io.Reader
	length int64

	conn *conn
	done chan struct{}
	// err is how it ended, to be read after done.
	err     error
	stopped atomic.Bool
	// last tells that the last piece is being written, so that the upstream may have it.
	last atomic.Bool
}

// pieceHead is the room before a piece for the line that begins a chunk, in bytes.
const pieceHead = 8

// start begins to send: what is in first goes out before the body.
func (u *upload) start(c *Client, conn *conn, first []byte) {
	u.conn, u.done = conn, make(chan struct{})
	go func() {
		defer close(u.done)
		piece := c.getLarge()
		defer c.putLarge(piece)
		if u.err = u.send(piece.b[:cap(piece.b)], first); u.err == nil {
			// From here on it is the upstream that is waited for.
			u.err = conn.SetReadDeadline(time.Now().Add(conn.timeout))
		} else if errors.Is(u.err, ErrBody) {
			// Half a request must not look whole, and nobody waits for the answer to it.
			_ = conn.Close()
		}
	}()
}

// maxLastWait is how long the end of sending is waited for when the upstream has answered: it saw the last piece before
// we saw that it was written.
const maxLastWait = 50 * time.Millisecond

// finished tells whether the body was sent whole.
func (u *upload) finished() bool { return !u.underWay() && u.err == nil }

// underWay tells whether the body is still being sent. It waits for the end of a last piece that the upstream may have.
func (u *upload) underWay() bool {
	if u.running() && u.last.Load() {
		patience := time.NewTimer(maxLastWait)
		defer patience.Stop()
		select {
		case <-u.done:
		case <-patience.C:
		}
	}
	return u.running()
}

// running tells whether the body is still being sent.
func (u *upload) running() bool {
	select {
	case <-u.done:
		return false
	default:
		return true
	}
}

// stop ends sending and waits until it has ended.
func (u *upload) stop() {
	u.stopped.Store(true)
	if u.running() {
		_ = u.conn.SetWriteDeadline(longAgo)
		if i, ok := u.from.(Interrupter); ok {
			i.Interrupt()
		}
	}
	<-u.done
}

// send writes first and then the body. An error of the body's matches ErrBody.
func (u *upload) send(piece, first []byte) error {
	if err := u.write(first); err != nil {
		return err
	}
	left, idle := u.length, 0
	for left != 0 {
		room := piece[pieceHead : len(piece)-2]
		if left > 0 {
			room = room[:min(int64(len(room)), left)]
		}
		n, err := u.from.Read(room)
		switch {
		case n > 0:
			left, idle = max(left-int64(n), -1), 0
			// Before the last piece is sent: the stream must end with it.
			if left == 0 && !errors.Is(err, io.EOF) {
				if _, err = appendFrom(nil, u.from, 0); err != nil {
					return err
				}
			}
			u.last.Store(left == 0)
			if err := u.write(u.framed(piece, n)); err != nil {
				return err
			}
		case err == nil:
			if idle++; idle == maxIdleReads {
				return ErrBody
			}
		}
		switch {
		case errors.Is(err, io.EOF) && left < 0:
			u.last.Store(true)
			return u.write([]byte("0\r\n\r\n"))
		case err != nil && left != 0:
			return ErrBody
		}
	}
	return nil
}

// framed is the piece of n bytes as it is written: in a chunk of its own when the length is not known.
func (u *upload) framed(piece []byte, n int) []byte {
	if u.length >= 0 {
		return piece[pieceHead : pieceHead+n]
	}
	var line [pieceHead]byte
	size := append(strconv.AppendInt(line[:0], int64(n), 16), "\r\n"...)
	from := pieceHead - len(size)
	copy(piece[from:], size)
	copy(piece[pieceHead+n:], "\r\n")
	return piece[from : pieceHead+n+2]
}

func (u *upload) write(b []byte) error {
	if u.stopped.Load() {
		return ErrHungUp
	}
	if err := u.conn.allowWrite(time.Now(), time.Time{}); err != nil {
		return err
	}
	if u.stopped.Load() {
		return ErrHungUp
	}
	if _, err := u.conn.Write(b); err != nil {
		return fmt.Errorf("sending the body: %w", err)
	}
	return nil
}
