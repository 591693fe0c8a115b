package gateway

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
)

// maxDrain is how much of a body that is too large is read and dropped, in bytes, so that its sender gets to
// read the answer: closing on unread data resets the connection.
const maxDrain = 8 << 20

// readBody reads a request's body up to limit bytes. More than that ends the connection.
func readBody(c *fiber.Ctx, limit int) ([]byte, error) { return readBodyInto(nil, c, limit) }

// readBodyInto is readBody into dst, when there is room. What it returns is never the server's own buffer, which has
// the connection's next body in it soon.
func readBodyInto(dst []byte, c *fiber.Ctx, limit int) ([]byte, error) {
	stream := requestOf(c).wire
	if d, ok := c.Context().Conn().(*doorConn); ok && stream != nil {
		// What is read whole, or read and dropped, has to come within a time, and not at its own pace.
		d.pace.to(paceHead) //guard:whole-bodies-have-a-time
	}
	tooLarge := func() error {
		c.Context().SetConnectionClose()
		if stream != nil {
			// The answer is the same whether or not the rest arrives.
			_, _ = io.CopyN(io.Discard, stream, maxDrain)
		}
		return &payment.Problem{Code: payment.CodeBodyTooLarge}
	}
	if c.Request().Header.ContentLength() > limit {
		return nil, tooLarge()
	}
	if stream == nil {
		b := c.Request().Body()
		if len(b) > limit {
			return nil, tooLarge()
		}
		return append(dst[:0], b...), nil //guard:body-is-no-other-requests
	}
	b, err := readUpTo(dst, stream, c.Request().Header.ContentLength(), limit)
	if err != nil {
		c.Context().SetConnectionClose()
		return nil, &payment.Problem{
			Code: payment.CodeRequestUnreadable, DetailKo: "본문을 다 받지 못했습니다", DetailEn: "the body ended too early",
		}
	}
	if len(b) > limit {
		return nil, tooLarge()
	}
	return b, nil
}

// readUpTo reads a stream to its end, or one byte more than limit. The length, when it is known, is only a hint.
func readUpTo(dst []byte, stream io.Reader, length, limit int) ([]byte, error) {
	const first, most = 512, 64 << 10
	b := slices.Grow(dst[:0], min(max(length, first), most)+1)
	for len(b) <= limit {
		if len(b) == cap(b) {
			b = slices.Grow(b, len(b))
		}
		n, err := stream.Read(b[len(b):min(cap(b), limit+1)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return b, err
		}
	}
	return b, nil
}

// jsonBody reads a body that must be JSON by its content type and not be compressed.
func jsonBody(c *fiber.Ctx, limit int) ([]byte, error) {
	if b := requestOf(c).body; b != nil {
		return b, nil
	}
	h := &c.Request().Header
	ct, _, _ := bytes.Cut(h.ContentType(), []byte(";"))
	if !strings.EqualFold(string(bytes.TrimSpace(ct)), fiber.MIMEApplicationJSON) ||
		len(h.Peek(fiber.HeaderContentEncoding)) > 0 {
		return nil, &payment.Problem{Code: payment.CodeUnsupportedMediaType}
	}
	return readBody(c, limit)
}
