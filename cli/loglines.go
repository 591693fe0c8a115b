package cli

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/gateway"
)

const (
	// linesKept is how long a line about a request may wait to be written together with others.
	linesKept = 100 * time.Millisecond
	// linesFull is when they are written at once, in bytes.
	linesFull = 32 << 10
)

// lines writes log lines in their order. Lines that say no more than that a request was answered, one of which is
// written for every one, wait a moment for others once there is one after the other: each write costs a third of
// what a request that passes through does. Whatever else is logged, and every error, is written at once, with what
// waits before it. It is safe for concurrent use.
type lines struct {
	to io.Writer

	mu      sync.Mutex
	waiting []byte
	timer   *time.Timer
	// wroteAt is when lines were written last: the first one after a pause has nothing to wait for.
	wroteAt time.Time
}

// Write keeps whole lines until they are flushed.
func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, line...)
	if len(l.waiting) >= linesFull || l.timer == nil && time.Since(l.wroteAt) >= linesKept {
		return len(line), l.write()
	}
	if l.timer == nil {
		l.timer = time.AfterFunc(linesKept, func() { _ = l.Flush() })
	}
	return len(line), nil
}

// Flush writes what waits.
func (l *lines) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.write()
}

// write writes what waits; l.mu is held.
func (l *lines) write() error {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if len(l.waiting) == 0 {
		return nil
	}
	l.wroteAt = time.Now()
	_, err := l.to.Write(l.waiting)
	// What a log cannot take is lost, as it is without a buffer: it must not grow without end.
	if l.waiting = l.waiting[:0]; cap(l.waiting) > 2*linesFull {
		l.waiting = nil
	}
	return err
}

// patientLines is a handler whose lines go to a lines.
type patientLines struct {
	slog.Handler
	lines *lines
}

// Handle writes one line, at once unless it may wait.
func (p patientLines) Handle(ctx context.Context, r slog.Record) error {
	if err := p.Handler.Handle(ctx, r); err != nil {
		return err
	}
	if r.Level == slog.LevelInfo && r.Message == gateway.RequestLine { //guard:only-request-lines-wait
		return nil
	}
	return p.lines.Flush()
}

// WithAttrs keeps the lines patient.
func (p patientLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return patientLines{p.Handler.WithAttrs(attrs), p.lines}
}

// WithGroup keeps the lines patient.
func (p patientLines) WithGroup(name string) slog.Handler {
	return patientLines{p.Handler.WithGroup(name), p.lines}
}
