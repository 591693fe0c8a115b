package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Bounds of what is read of a body that nobody wanted, so that its sender gets to read the answer: closing on
// unread data resets the connection.
const (
	// maxUnread is in bytes.
	maxUnread = 256 << 10
	// maxUnreadWait is how long the sender may take.
	maxUnreadWait = time.Second
)

// errBodyBroke is what reading a request's body ends with when its sender did not send it whole and well formed.
var errBodyBroke = errors.New("the request's body broke off")

// newApp makes the app of a door. Bodies of those that stream are read as they come; others are read whole before
// they are handled, up to Fiber's limit of 4 MiB.
func (g *Gateway) newApp(stream bool) *fiber.App {
	app := fiber.New(fiber.Config{
		DisableStartupMessage: true,
		StreamRequestBody:     stream,
		// A form that is read in advance is written anew for the shop, and its last bytes may stay in the connection.
		DisablePreParseMultipartForm: true, //guard:form-is-not-read-in-advance
		Immutable:                    true,
		RequestMethods:               methods(),
		ReadBufferSize:               16 << 10,
		// What time it is an answer of the shop says by itself.
		DisableDefaultDate: true,
		ErrorHandler:       g.failDated,
	})
	// How long a client may take its connection knows (paced), and what time a request came nobody asks.
	app.Server().ConnState, app.Server().LazyRequestTime = connState, true
	g.refuseOtherMethods(app)
	app.Use(wholeBody)
	return app
}

// wholeBody is the outermost middleware of every door. The next request of a connection begins where the body of
// the last one ends, so a connection whose body was not read to its end, or whose end is in doubt, is closed: the
// server would take what is left for a request, with somebody else's answer (design promise 9).
func wholeBody(c *fiber.Ctx) error {
	if unreadable(&c.Request().Header) || cutShort(c) { //guard:cut-short-is-refused
		c.Context().SetConnectionClose()
		return &payment.Problem{Code: payment.CodeRequestUnreadable}
	}
	defer dated(c)
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return c.Next()
	}
	if d, ok := c.Context().Conn().(*doorConn); ok {
		// From here on a body may take as long as it needs while its bytes move. What the server has read ahead of it, up to
		// 8 KB, had to come within the time of the head: nobody has a seat by then that would bound how many do so.
		d.pace.to(paceOwn) //guard:bodies-come-at-their-pace
	}
	r := requestOf(c)
	r.wire = &r.stream
	b := r.wire
	b.from, b.conn = stream, c.Context().Conn()
	err := c.Next()
	if !requestOf(c).uploading && !b.drained(c) { //guard:unread-body-ends-connection
		c.Context().SetConnectionClose()
	}
	return err
}

// cutShort tells whether the request's head could not end, and was ended by its door: what the parser made of it is not
// what was sent.
func cutShort(c *fiber.Ctx) bool {
	d, ok := c.Context().Conn().(*doorConn)
	return ok && d.head.broken
}

// dated says in an answer that is ours what time it is, and that it is what its Content-Type says and nothing else. The
// shop says so of its own, or not.
func dated(c *fiber.Ctx) {
	if requestOf(c).passed { //guard:shops-answers-say-what-the-shop-says
		return
	}
	h := &c.Response().Header
	var room [160]byte
	b := append(append(room[:0], fasthttp.StatusMessage(h.StatusCode())...), "\r\n"...)
	b = append(appendDate(b), "X-Content-Type-Options: nosniff\r\n"...)
	putLines(h, b[:len(b)-2])
}

// failDated answers what the server itself found wrong, before any middleware.
func (g *Gateway) failDated(c *fiber.Ctx, err error) error {
	defer dated(c)
	return g.fail(c, err)
}

// ambiguous tells whether two readers of a request could see different things in it: where it ends (RFC 9112 §6.1,
// §6.3), or what its headers are called. The parser lets these pass.
func ambiguous(h *fasthttp.RequestHeader) bool {
	if p := string(h.Protocol()); p != "HTTP/1.1" && p != "HTTP/1.0" {
		return true
	}
	chunked := h.ContentLength() == -1
	var length, encoding bool
	for line := range bytes.SplitSeq(h.RawHeaders(), []byte("\n")) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		if bytes.ContainsAny(name, " \t") ||
			len(line) > 0 && line[len(line)-1] != '\r' { //guard:bare-line-feed
			return true
		}
		length = length || bytes.EqualFold(name, []byte(fiber.HeaderContentLength))
		encoding = encoding || bytes.EqualFold(name, []byte(fiber.HeaderTransferEncoding))
	}
	return encoding && (length || !chunked || !h.IsHTTP11()) //guard:two-lengths
}

// wireBody reads a request's body from its connection and knows how that ended. fasthttp's stream does not: after
// the end of a chunked body it would go on with the next request. It is safe for concurrent use.
type wireBody struct {
	mu   sync.Mutex
	from io.Reader
	err  error
	// conn is whose body it is; stopped tells that nobody wants the rest.
	conn    net.Conn
	stopped atomic.Bool
}

// Interrupt ends reading: it is upstream.Interrupter.
func (b *wireBody) Interrupt() {
	b.stopped.Store(true)
	_ = b.conn.SetReadDeadline(time.Unix(1, 0))
}

// Read reads on; an end or an error is final.
func (b *wireBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil && b.stopped.Load() {
		b.err = errBodyBroke
	}
	if b.err != nil { //guard:ended-body-is-not-read-on
		return 0, b.err
	}
	n, err := b.from.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		b.err = io.EOF
	case err != nil:
		// Its text has raw bytes of the request in it.
		b.err = errBodyBroke
	}
	return n, b.err
}

// ended tells whether the body was read to its end.
func (b *wireBody) ended() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return errors.Is(b.err, io.EOF)
}

// drained tells whether the body was read to its end, and reads a small rest itself.
func (b *wireBody) drained(c *fiber.Ctx) bool {
	if b.ended() {
		return true
	}
	if c.Context().RequestBodyStream() != b.from {
		// Somebody read the request's body past us; the stream is no longer ours.
		return false
	}
	conn := c.Context().Conn()
	if err := conn.SetReadDeadline(time.Now().Add(maxUnreadWait)); err != nil {
		return false
	}
	if _, err := io.CopyN(io.Discard, b, maxUnread); !errors.Is(err, io.EOF) || !b.ended() {
		return false
	}
	// Not every door sets a deadline of its own for the next request.
	return conn.SetReadDeadline(time.Time{}) == nil
}
