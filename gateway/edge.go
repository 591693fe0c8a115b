package gateway

import (
	"bytes"
	"errors"
	"io"
	"sync"
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
		ReadBufferSize:               16 << 10,
		ReadTimeout:                  forwardTimeout,
		IdleTimeout:                  75 * time.Second,
		ErrorHandler:                 g.fail,
	})
	app.Server().ConnState = connState
	app.Use(wholeBody)
	return app
}

// wholeBody is the outermost middleware of every door. The next request of a connection begins where the body of
// the last one ends, so a connection whose body was not read to its end, or whose end is in doubt, is closed: the
// server would take what is left for a request, with somebody else's answer (design promise 9).
func wholeBody(c *fiber.Ctx) error {
	if ambiguous(&c.Request().Header) {
		c.Context().SetConnectionClose()
		return &payment.Problem{Code: payment.CodeRequestUnreadable}
	}
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return c.Next()
	}
	b := &wireBody{from: stream}
	requestOf(c).wire = b
	err := c.Next()
	if !b.drained(c) { //guard:unread-body-ends-connection
		c.Context().SetConnectionClose()
	}
	return err
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
		if bytes.ContainsAny(name, " \t") {
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
}

// Read reads on; an end or an error is final.
func (b *wireBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
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
