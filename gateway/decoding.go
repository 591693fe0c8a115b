package gateway

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/upstream"
)

const (
	// maxZstdWindow is the most that a zstd text may want to remember of itself, in bytes: what RFC 8878 says a decoder
	// for the web should have.
	maxZstdWindow = 8 << 20
	// maxCodings is how often an answer may be compressed, one coding over the other.
	maxCodings = 3
)

// errCoding tells that a text is not compressed in the way it says, or in one that is not known.
var errCoding = errors.New("the coding cannot be read")

// decoded is an answer's body as text. A server may compress though it was asked not to. It tells why not when it
// cannot be read within the bound: a few bytes can become gigabytes.
func decoded(lines, body []byte) (text, why string) {
	codings := contentCodings(lines)
	if len(codings) > maxCodings { //guard:codings-are-bounded
		return "", answerEncoding
	}
	// The last was put over the others.
	for _, coding := range slices.Backward(codings) {
		out, err := uncode(coding, body)
		switch {
		case out.full:
			return "", answerTooLarge
		case err != nil:
			return "", answerEncoding
		}
		body = out.text.Bytes()
	}
	return string(body), ""
}

// contentCodings are how an answer is compressed, in the order in which it was done.
func contentCodings(lines []byte) []string {
	var list []string
	for l := upstream.NewLines(lines); l.Next(); {
		if !upstream.Is(l.Name, "content-encoding") {
			continue
		}
		for coding := range bytes.SplitSeq(l.Value, []byte(",")) {
			coding = bytes.TrimSpace(coding)
			if len(coding) > 0 && !upstream.Is(coding, "identity") {
				list = append(list, strings.ToLower(string(coding)))
			}
		}
	}
	return list
}

// uncode takes one coding off.
func uncode(coding string, body []byte) (*bounded, error) {
	out := &bounded{left: maxIntercepted}
	var err error
	switch coding {
	case "gzip", "x-gzip":
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			_, err = io.Copy(out, r) //nolint:gosec // out is bounded
		}
	case "deflate":
		// It is the format of zlib (RFC 9110 §8.4.1.2); some servers leave the frame of that out.
		err = inflate(out, body, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) })
		if err != nil && !out.full {
			out = &bounded{left: maxIntercepted}
			err = inflate(out, body, func(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil })
		}
	case "br":
		_, err = fasthttp.WriteUnbrotli(out, body)
	case "zstd":
		err = unzstd(out, body)
	default:
		err = errCoding
	}
	return out, err
}

// inflate reads all of body, which must hold nothing else.
func inflate(to io.Writer, body []byte, open func(io.Reader) (io.Reader, error)) error {
	from := bytes.NewReader(body)
	r, err := open(from)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, r); err != nil {
		return err
	}
	if from.Len() > 0 {
		return errCoding
	}
	return nil
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
	text bytes.Buffer
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
