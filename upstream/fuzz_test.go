package upstream

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"
)

// FuzzHead reads heads as net/http does, where both take them.
func FuzzHead(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.0 404\r\nConnection: keep-alive, Close\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=\"b\\073\"\r\nX:\t한글 \r\n\r\n", "HTTP/1.1 304 X\r\nKeep-Alive: timeout=5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 200 OK\n\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		end, next, ok := headEnd(b, 0)
		// In two steps it comes to the same.
		for cut := range len(b) {
			_, n, half := headEnd(b[:cut], 0)
			if !half {
				if ok && end > cut {
					t.Fatalf("refused at %d what is a head to %d", cut, end)
				}
				continue
			}
			if e, _, whole := headEnd(b, n); n > 0 && (e != end || whole != ok) && (end == 0 || end > cut) {
				t.Fatalf("cut at %d: %d %v, at once %d %v", cut, e, whole, end, ok)
			}
		}
		if !ok || end == 0 {
			_ = next
			return
		}
		var h head
		if h.parse(b[:end]) != nil {
			return
		}
		res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b[:end])), &http.Request{Method: http.MethodGet})
		if err != nil {
			// net/http refuses a status line without a space behind the code, and lengths where no body can be.
			return
		}
		_ = res.Body.Close()
		same(t, &h, res)
	})
}

// same compares a head with net/http's reading of it.
func same(t *testing.T, h *head, res *http.Response) {
	t.Helper()
	if res.StatusCode != h.status || res.ProtoMinor != h.minor {
		t.Fatalf("status %d of HTTP/1.%d, net/http says %d of HTTP/1.%d", h.status, h.minor, res.StatusCode, res.ProtoMinor)
	}
	count := 0
	for l := NewLines(h.lines); l.Next(); count++ {
		found := false
		for _, v := range res.Header[http.CanonicalHeaderKey(string(l.Name))] {
			found = found || v == string(l.Value)
		}
		if !found && !HopByHop(l.Name) {
			t.Fatalf("header %q: %q, net/http has %q", l.Name, l.Value, res.Header)
		}
	}
	bodiless := h.status < 200 || h.status == http.StatusNoContent || h.status == http.StatusNotModified
	chunked := len(res.TransferEncoding) > 0
	if !bodiless && (chunked != h.chunked || !chunked && res.ContentLength != h.length && res.ContentLength != 0) {
		t.Fatalf("length %d, chunked %v; net/http says %d, %v", h.length, h.chunked, res.ContentLength, res.TransferEncoding)
	}
	if !bodiless && h.length > 0 && res.ContentLength != h.length {
		t.Fatalf("length %d, net/http says %d", h.length, res.ContentLength)
	}
	if h.closes && !res.Close {
		t.Fatal("to be closed, net/http would keep it")
	}
}

// FuzzChunks reads chunked bodies as net/http does, where both take them, and wherever they are cut.
func FuzzChunks(f *testing.F) {
	for _, seed := range []string{
		"3\r\nabc\r\n0\r\n\r\n", "3;x=\"y\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: 1\r\n\r\nmore", "0\r\n\r\n", "1\na\n0\n\n", " 1\r\na\r\n0\r\n\r\n", "1 \r\na\r\n0\r\n\r\n",
		"fffffffffffffff\r\n", "00000000000000001\r\na\r\n0\r\n\r\n", "2\r\nokay\r\n", strings.Repeat("1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na\r\n", 100) + "0\r\n\r\n",
	} {
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		data, used, trailer, err := readChunks(b, len(b)+1)
		inSteps, usedInSteps, trailerInSteps, errInSteps := readChunks(b, int(step)+1)
		if !bytes.Equal(data, inSteps) || used != usedInSteps || trailer != trailerInSteps || !errors.Is(err, errInSteps) {
			t.Fatalf("at once %q %d %v, in steps of %d %q %d %v", data, used, err, int(step)+1, inSteps, usedInSteps, errInSteps)
		}
		if err != nil {
			return
		}
		r := bufio.NewReader(bytes.NewReader(b))
		theirs, theirErr := io.ReadAll(httputil.NewChunkedReader(r))
		if theirErr != nil || !bytes.Equal(theirs, data) {
			t.Fatalf("read %q, net/http reads %q %v", data, theirs, theirErr)
		}
		// net/http's reader leaves the trailer.
		rest, err := io.ReadAll(r)
		if err != nil || string(rest) != trailer+"\r\n"+string(b[used:]) {
			t.Fatalf("ended before %q, net/http before %q", trailer+"\r\n"+string(b[used:]), rest)
		}
	})
}

// readChunks reads a body that comes step bytes at a time.
func readChunks(b []byte, step int) (data []byte, used int, trailer string, err error) {
	var c chunks
	for have := 0; have < len(b); {
		have = min(have+step, len(b))
		for {
			run, n, err := c.take(b[used:have])
			if used += n; err != nil {
				return data, used, string(c.trailer), err
			}
			if c.state == allRead {
				return data, used, string(c.trailer), nil
			}
			if len(run) == 0 {
				break
			}
			data = append(data, run...)
		}
	}
	return data, used, string(c.trailer), io.ErrUnexpectedEOF
}

// FuzzLines: what is handed on is lines, whatever came in, and nothing of the hop.
func FuzzLines(f *testing.F) {
	f.Add([]byte("Host: x\r\nConnection: a, close\r\nA: 1\r\nB: 2\r\n\r\n"))
	f.Add([]byte("A: 1\r\n b\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, ok := AppendLines(nil, b, func(name []byte) bool { return Is(name, "host") })
		if !ok {
			return
		}
		if bytes.Contains(out, []byte("\r\n\r\n")) || len(out) > 0 && !bytes.HasSuffix(out, []byte("\r\n")) || bytes.Count(out, []byte("\n")) != bytes.Count(out, []byte("\r\n")) {
			t.Fatalf("%q became %q", b, out)
		}
		l := NewLines(out)
		for l.Next() {
			if HopByHop(l.Name) || Is(l.Name, "host") || bytes.ContainsAny(l.Value, "\x00\r\n") {
				t.Fatalf("%q was handed on", l.Raw)
			}
		}
		if l.Bad {
			t.Fatalf("%q became %q, which is no lines", b, out)
		}
	})
}

// TestClean compares the fast way with the plain one, for every byte at every place.
func TestClean(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 20 {
			b := []byte("abcdefgh\xea\xb0\x80\ttest 12")
			b[at%len(b)] = byte(c)
			if clean(b) != cleanBytes(b) {
				t.Errorf("byte %#x at %d: %v", c, at, clean(b))
			}
		}
	}
}
