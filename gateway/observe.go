package gateway

import (
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
)

// RequestLine is what the log says of every request that was answered.
const RequestLine = "request"

// observe is the outermost middleware: request id, recovery, one log line and the request's metrics.
func (g *Gateway) observe(c *fiber.Ctx) (err error) {
	start := time.Now()
	c.Response().Header.SetBytesV(headerRequestID, requestOf(c).idOf(c))
	done := g.metrics.RequestStarted()
	defer func() {
		if broken := recover(); broken != nil {
			g.metrics.Panicked()
			g.log.Error(
				"a handler panicked", slog.String("request_id", requestID(c)), slog.Any("panic", broken),
				slog.String("stack", string(debug.Stack())),
			)
			g.forgetAnswer(c)
			err = writeProblem(c, &payment.Problem{Code: payment.CodeInternal}, requestID(c))
		}
		if g.leaving.Load() { //guard:leaving-ends-connections
			leaveThisPod(c)
		}
		r := requestOf(c)
		r.seat.leave()
		took := time.Since(start)
		status := c.Response().StatusCode()
		done(r.route, c.Method(), status, took)
		g.metrics.Overhead(r.route, took-r.waited())
		g.logRequest(c, r, status, start.Add(took), took)
	}()
	if err := c.Next(); err != nil {
		return g.fail(c, err)
	}
	return nil
}

// maxPassedLines is how many requests a second that were only handed on have a line at level info.
const maxPassedLines = 10

// fewLines lets some lines of each second pass. It is safe for concurrent use.
type fewLines struct{ second, taken atomic.Int64 }

// take tells whether one more passes. At the turn of a second it may let a few more pass.
func (f *fewLines) take(now time.Time) bool {
	if second := now.Unix(); f.second.Load() != second && f.second.Swap(second) != second {
		f.taken.Store(0)
	}
	return f.taken.Add(1) <= maxPassedLines
}

// logRequest writes a request's line. What was handed on and answered by the shop is in the shop's own log and in the
// metrics; of those some have a line, and all when debugging.
func (g *Gateway) logRequest(c *fiber.Ctx, r *request, status int, now time.Time, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case status >= 500: //guard:errors-are-logged
		level = slog.LevelError
	case r.passed && r.route == routeShop && !g.passedLines.take(now): //guard:few-lines-of-what-passes
		level = slog.LevelDebug
	}
	if !g.log.Enabled(c.Context(), level) {
		return
	}
	var room [8]slog.Attr // all that is said of a request, or it would be put together piece by piece
	// The logger would look for the line of code that calls it, which is always this one.
	line := slog.NewRecord(now, level, RequestLine, 0)
	line.AddAttrs(append(
		r.about.attrs(room[:0]), slog.String("request_id", requestID(c)), slog.String("route", r.route),
		slog.String("method", c.Method()), slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
	)...)
	_ = g.log.Handler().Handle(c.Context(), line) // there is nobody to tell
}

// fail answers a request with err as a problem.
func (g *Gateway) fail(c *fiber.Ctx, err error) error {
	p := asProblem(err)
	g.report(c, p, err)
	return writeProblem(c, p, requestID(c))
}

// report counts a problem, and logs it when it is ours rather than the caller's.
func (g *Gateway) report(c *fiber.Ctx, p *payment.Problem, err error) {
	g.metrics.Problem(string(p.Code))
	if p.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, retryAfter(p.RetryAfter))
	}
	a := &requestOf(c).about
	if a.code = p.Code; p.OrderID != "" {
		a.order = p.OrderID
	}
	if p.Code == payment.CodeJournalDown {
		g.pulse.fail(g.now())
	}
	if p.Code == payment.CodeUpstreamUnavailable || p.Code == payment.CodeOrderServiceDown {
		leaveThisPod(c)
	}
	if p.Code.Describe().Status >= 500 {
		g.log.LogAttrs(
			c.Context(),
			slog.LevelError,
			"a request failed",
			append(a.attrs(nil), slog.String("request_id", requestID(c)), slog.Any("err", err))...)
	}
}

// leaveThisPod ends the connection with its answer. A pod whose order service is gone is being replaced or is broken;
// who comes back on a new connection reaches another one.
func leaveThisPod(c *fiber.Ctx) { c.Context().SetConnectionClose() }
