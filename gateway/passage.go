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

	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// passage is a request's way to the shop and the answer's way back. Each connection of a client has one of its own, for
// one request after the other, so that what one client is answered cannot reach another by a mistake here. It is the
// stream of the answer's body, too.
type passage struct {
	x   upstream.Exchange
	req upstream.Request
	// target and more are what the request is made of, raw is the head of the answer.
	target, more, raw []byte
	back              nameBack
	// whole is the answer's body as far as it has been read before it is handed on: often all of it.
	whole []byte
	// direct tells that the body is written past the server's buffer, which is empty then: each run at once, in large
	// pieces.
	direct bool
	// say are header lines to say besides, each with its end.
	say []byte
	// plain asks for an answer that is not compressed.
	plain bool
	// unsent tells of an exchange that failed that not one byte of the request reached a shop.
	unsent bool
	// early tells that the answer came while the request's body was being sent.
	early  bool
	client net.Conn
	res    *fasthttp.Response
	// seat is held until the answer has been handed on; tunnel likewise, or until the other protocol that the shop agreed
	// to has ended.
	seat, tunnel seat
	count        unfinished
	// texts is held until the answer has been written; nil when nobody needed it. It is of pool.
	texts *texts
	pool  *sync.Pool
}

// texts is where what an intercepted request works on is written: its body, and the answer made of the shop's; and
// where what was found in the body, and in the shop's answer, is.
type texts struct {
	body, answer    []byte
	inBody, inShops jsonplace.Reading
}

// maxKeptTexts is how large texts may be to be kept for later, in bytes.
const maxKeptTexts = 64 << 10

// room is where to write.
func (p *passage) room() *texts {
	if p.texts == nil {
		p.texts = p.pool.Get().(*texts) //nolint:forcetypeassert // nothing else is in it
	}
	return p.texts
}

// giveBack ends the use of what room gave: the answer has been written.
func (p *passage) giveBack() {
	if t := p.texts; t != nil && cap(t.body)+cap(t.answer) <= maxKeptTexts {
		t.inBody.Forget()
		t.inShops.Forget()
		p.pool.Put(t)
	}
	p.texts = nil
}

// unfinished counts answers that do not reach the client whole, by who broke off: a client that gives up is nobody's
// fault.
type unfinished interface {
	ForwardedLeft()
	ForwardedBroken()
}

// passageOf is the passage of c's connection, ready for a request.
func (g *Gateway) passageOf(c *fiber.Ctx) *passage {
	d, ok := c.Context().Conn().(*doorConn)
	if !ok {
		return &passage{client: c.Context().Conn(), res: c.Response(), count: g.metrics, pool: &g.texts}
	}
	p := &d.passage
	_ = p.x.Close()
	p.leave()
	*p = passage{
		target: p.target, more: p.more, raw: p.raw, client: d, res: c.Response(), count: g.metrics, pool: &g.texts,
		texts: p.texts,
	}
	return p
}

// passOn gives the shop's answer to the client as it is: its lines byte for byte and in their order, its body as it
// comes.
func (g *Gateway) passOn(c *fiber.Ctx, p *passage) error { return g.passOnWithout(c, p, ownAnswerLine) }

// passOnWithout is passOn but for the lines that drop tells of.
func (g *Gateway) passOnWithout(c *fiber.Ctx, p *passage, drop func(name []byte) bool) error {
	if upgraded, first, ok := p.x.Upgraded(); ok {
		return g.tunnel(c, p, upgraded, first)
	}
	length := p.x.Length()
	if p.early = p.x.Uploading(); p.early {
		// The rest of the request is not read by anybody else.
		requestOf(c).uploading = true
		c.Context().SetConnectionClose()
	}
	if err := p.putHead(drop); err != nil {
		return g.badAnswer(c, p, err)
	}
	requestOf(c).passed = true
	p.keepSeat(c)
	switch whole, ok := p.x.Whole(); {
	case ok && length == 0 && (p.x.Ruled() || !p.early):
		return p.Close()
	case ok:
		p.whole, p.direct = whole, p.early
	case length < 0 && !c.Request().Header.IsHTTP11():
		return g.untilClose(c, p)
	default:
		p.direct = length >= 0
	}
	p.res.ImmediateHeaderFlush = p.direct
	p.res.SetBodyStream(p, int(length))
	return nil
}

// keepSeat keeps the seat of c's request until the answer has been handed on, when nothing else is kept for it: a
// client who reads slowly is to take no more than his share.
func (p *passage) keepSeat(c *fiber.Ctx) {
	if r := requestOf(c); p.seat.room == nil { //guard:slow-readers-keep-their-seat
		p.seat, r.seat = r.seat, seat{}
	}
}

// readAll reads the answer's body. Of one with more than limit bytes it reads a piece more than that, and tells so: the
// rest is still to come.
func (p *passage) readAll(limit int) (read []byte, more bool, err error) {
	read, err = p.x.ReadAll(nil, limit)
	switch {
	case errors.Is(err, upstream.ErrTooLong):
		return read, true, nil
	case err != nil:
		return nil, false, &payment.Problem{
			Code: payment.CodeUpstreamUnavailable, DetailKo: "쇼핑몰의 응답이 끊겼습니다", DetailEn: "the shop's answer broke off",
		}
	}
	return read, false, nil
}

// passRead hands on an answer as it is of which this has been read: all of it, or what comes before the rest.
func (g *Gateway) passRead(c *fiber.Ctx, p *passage, read []byte, more bool) error {
	if !more && len(p.x.Trailers()) == 0 {
		return g.passWith(c, p, read, ownAnswerLine)
	}
	p.whole = read
	return g.passOn(c, p)
}

// passWith answers with the shop's head, but for the lines that drop tells of, and with body, which was read of its
// answer.
func (g *Gateway) passWith(c *fiber.Ctx, p *passage, body []byte, drop func(name []byte) bool) error {
	if err := p.putHead(drop); err != nil {
		return g.badAnswer(c, p, err)
	}
	requestOf(c).passed = true
	p.res.SetBodyRaw(body)
	return p.Close()
}

// badAnswer ends an exchange whose answer cannot be handed on.
func (g *Gateway) badAnswer(c *fiber.Ctx, p *passage, err error) error {
	g.forgetAnswer(c)
	return g.notForwarded(c, errors.Join(err, p.Close()))
}

// forgetAnswer makes c's answer ours, whatever of the shop's was in it already.
func (g *Gateway) forgetAnswer(c *fiber.Ctx) {
	requestOf(c).passed = false
	res := c.Response()
	res.ResetBody() // closes the body, when it was there to be streamed
	_ = g.passageOf(c).Close()
	res.ImmediateHeaderFlush = false
	res.Header.SetStatusMessage(nil)
	res.Header.SetNoDefaultContentType(false)
}

// ownAnswerLine tells whether a header line of an answer is ours to say.
func ownAnswerLine(name []byte) bool { return len(name) == 12 && upstream.Is(name, "x-request-id") }

// ofTheBody tells whether a header line of an answer is about the bytes of its body, which are about to change, or lets
// them be kept.
func ofTheBody(name []byte) bool {
	switch len(name) {
	case 4:
		return upstream.Is(name, "etag")
	case 6:
		return upstream.Is(name, "digest") || ofCaches(name)
	case 11:
		return upstream.Is(name, "content-md5") || upstream.Is(name, "repr-digest")
	case 13:
		return upstream.Is(name, "accept-ranges") || upstream.Is(name, "last-modified") || ofCaches(name)
	case 14:
		return upstream.Is(name, "content-digest")
	case 16:
		return upstream.Is(name, "content-encoding")
	}
	return ofCaches(name)
}

// ofCaches tells whether a header line of an answer lets browsers or caches keep it; those with names of their own do
// what they say whatever Cache-Control says.
func ofCaches(name []byte) bool {
	switch len(name) {
	case 3:
		return upstream.Is(name, "age")
	case 6:
		return upstream.Is(name, "pragma")
	case 7:
		return upstream.Is(name, "expires")
	case 12:
		return upstream.Is(name, "edge-control") || ownAnswerLine(name)
	case 13:
		return upstream.Is(name, "cache-control")
	case 15:
		return upstream.Is(name, "x-accel-expires")
	case 17:
		return upstream.Is(name, "cdn-cache-control") || upstream.Is(name, "surrogate-control")
	case 25:
		return upstream.Is(name, "x-litespeed-cache-control")
	case 28:
		return upstream.Is(name, "cloudflare-cdn-cache-control")
	}
	return ownAnswerLine(name)
}

// putHead makes the head of the shop's answer that of ours, but for the lines that drop tells of.
func (p *passage) putHead(drop func(name []byte) bool) error {
	raw, ok := upstream.AppendLines(append(append(p.raw[:0], p.x.Reason()...), "\r\n"...), p.x.Lines(), drop)
	p.raw = p.back.lines(raw, len(p.x.Reason())+2)
	if !ok {
		return upstream.ErrAnswer
	}
	// A length where no body follows is about what a body would be (RFC 9110 §8.6); with a body it is the server's to say.
	if n := p.x.Said(); n >= 0 && p.x.Ruled() && p.x.Status() != http.StatusNoContent {
		p.raw = fasthttp.AppendUint(append(p.raw, "Content-Length: "...), int(n))
		p.raw = append(p.raw, "\r\n"...)
	}
	if p.x.Header("date") == nil {
		p.raw = appendDate(p.raw)
	}
	p.res.Header.SetStatusCode(p.x.Status())
	p.res.Header.SetNoDefaultContentType(true)
	putLines(&p.res.Header, p.raw[:len(p.raw)-2])
	return nil
}

// putLines puts lines into the head of an answer as they are: raw is how the status is called, and behind that the
// lines, without the last line end. The server's own setters would write them in another order and another spelling,
// cookies anew, and no Date. They also take line ends out of what they are given, so that the place is made first and
// then filled.
func putLines(h *fasthttp.ResponseHeader, raw []byte) {
	h.SetStatusMessage(raw)
	copy(h.StatusMessage(), raw)
}

// appendDate says what time it is, for an answer that does not (RFC 9110 §6.6.1).
func appendDate(b []byte) []byte {
	return append(fasthttp.AppendHTTPDate(append(b, "Date: "...), time.Now()), "\r\n"...)
}

// Read reads the body of the answer.
func (p *passage) Read(b []byte) (int, error) {
	if len(p.whole) > 0 {
		n := copy(b, p.whole)
		p.whole = p.whole[n:]
		return n, nil
	}
	return p.x.Read(b)
}

// SupportsBodyWriteTo tells the server that WriteTo is as good as Read.
func (p *passage) SupportsBodyWriteTo() bool { return true }

// maxRun is how much of what was read before is written at once, in bytes: a slow client has a time for each run.
const maxRun = 32 << 10

// next is the next run of the body: of what was read before, then of what comes.
func (p *passage) next() ([]byte, error) {
	if len(p.whole) == 0 {
		return p.x.Next()
	}
	run := p.whole[:min(len(p.whole), maxRun)]
	if p.whole = p.whole[len(run):]; len(p.whole) == 0 {
		p.whole = nil // it is held no longer than it is needed
	}
	return run, nil
}

// WriteTo writes the body of the answer, and puts its trailers where the server finds them.
func (p *passage) WriteTo(w io.Writer) (all int64, err error) {
	if p.direct {
		w = p.client
	}
	for err == nil {
		var run []byte
		if run, err = p.next(); len(run) == 0 {
			continue
		}
		n, werr := w.Write(run)
		if all += int64(n); werr != nil {
			p.count.ForwardedLeft()
			return all, werr
		}
	}
	if !errors.Is(err, io.EOF) {
		p.count.ForwardedBroken()
		return all, err
	}
	for l := upstream.NewLines(p.x.Trailers()); l.Next(); {
		if p.res.Header.AddTrailerBytes(l.Name) == nil {
			p.res.Header.AddBytesKV(l.Name, l.Value)
		}
	}
	return all, nil
}

// Close ends the exchange with the shop.
func (p *passage) Close() error {
	p.whole = nil
	err := p.x.Close()
	p.leave()
	if p.early {
		p.early = false
		drop(p.client)
	}
	return err
}

// leave gives the seats back.
func (p *passage) leave() {
	p.seat.leave()
	p.tunnel.leave()
}

// drop reads on what a client sends that nobody wants any more, within a bound: closing on unread data resets the
// connection, and the answer with it.
func drop(client net.Conn) {
	if client.SetReadDeadline(time.Now().Add(maxUnreadWait)) == nil {
		_, _ = io.CopyN(io.Discard, client, maxUnread)
	}
}
