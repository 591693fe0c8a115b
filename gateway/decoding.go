package gateway

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"
)

// maxZstdWindow is the most that a zstd text may want to remember of itself, in bytes: what RFC 8878 says a decoder
// for the web should have.
const maxZstdWindow = 8 << 20

// decoded is an answer's body as text. A server may compress though it was asked not to. It tells why not when it
// cannot be read within the bound: a few bytes can become gigabytes.
func decoded(coding, body []byte) (text, why string) {
	out := bounded{left: maxIntercepted}
	var err error
	switch strings.ToLower(string(bytes.TrimSpace(coding))) {
	case "", "identity":
		return string(body), ""
	case "gzip", "x-gzip":
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			_, err = io.Copy(&out, r) //nolint:gosec // out is bounded
		}
	case "br":
		_, err = fasthttp.WriteUnbrotli(&out, body)
	case "zstd":
		err = unzstd(&out, body)
	default:
		return "", answerEncoding
	}
	switch {
	case out.full:
		return "", answerTooLarge
	case err != nil:
		return "", answerEncoding
	}
	return out.text.String(), ""
}

func unzstd(to io.Writer, body []byte) error {
	r, err := zstd.NewReader(bytes.NewReader(body),
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow))
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(to, r)
	return err
}

// bounded is a text that stops taking when it is full.
type bounded struct {
	text strings.Builder
	left int
	full bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left { //guard:bombs-do-not-go-off
		b.full = true
		return 0, io.ErrShortBuffer
	}
	b.left -= len(p)
	return b.text.Write(p)
}
