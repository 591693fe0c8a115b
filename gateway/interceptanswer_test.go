package gateway

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

const shopsOrder = `{"code":"0000","payload":{"ordNo":"O-1","payAmt":64900,"goodsNm":"x"}}`

// compressed is a text in a coding of HTTP.
func compressed(t *testing.T, coding, text string) []byte {
	t.Helper()
	if under, over, ok := strings.Cut(coding, ", "); ok {
		return compressed(t, over, string(compressed(t, under, text)))
	}
	var b bytes.Buffer
	var err error
	switch coding {
	case "identity":
		b.WriteString(text)
	case "raw deflate":
		var w *flate.Writer
		if w, err = flate.NewWriter(&b, flate.BestSpeed); err == nil {
			_, err = w.Write([]byte(text))
			_ = w.Close()
		}
	case "gzip":
		w := gzip.NewWriter(&b)
		_, err = w.Write([]byte(text))
		_ = w.Close()
	case "deflate":
		w := zlib.NewWriter(&b)
		_, err = w.Write([]byte(text))
		_ = w.Close()
	case "br":
		_, err = fasthttp.WriteBrotli(&b, []byte(text))
	case "zstd":
		var w *zstd.Encoder
		if w, err = zstd.NewWriter(&b); err == nil {
			_, err = w.Write([]byte(text))
			_ = w.Close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestACompressedAnswerGetsItsWindow: the shop is asked not to compress, and what comes compressed all the same is read,
// within a bound.
func TestACompressedAnswerGetsItsWindow(t *testing.T) {
	t.Parallel()
	bomb := `{"payload":{"ordNo":"O-1","x":"` + strings.Repeat("x", 2*maxIntercepted) + `"}}`
	for _, tt := range []struct{ name, coding, sent, text, why string }{
		{"gzip", "gzip", "gzip", shopsOrder, ""},
		{"gzip in capitals", "gzip", " GZIP ", shopsOrder, ""},
		{"brotli", "br", "br", shopsOrder, ""},
		{"zstd", "zstd", "zstd", shopsOrder, ""},
		{"a bomb of gzip", "gzip", "gzip", bomb, "too_large"},
		{"a bomb of brotli", "br", "br", bomb, "too_large"},
		{"a bomb of zstd", "zstd", "zstd", bomb, "too_large"},
		{"deflate", "deflate", "deflate", shopsOrder, ""},
		{"deflate without its frame", "raw deflate", "deflate", shopsOrder, ""},
		{"two, one over the other", "gzip, br", "gzip, BR", shopsOrder, ""},
		{"two, on a line each", "gzip, br", "gzip|br", shopsOrder, ""},
		{"one, and none", "gzip, identity", "gzip, identity,", shopsOrder, ""},
		{"two, the other way round", "gzip, br", "br, gzip", shopsOrder, "encoding"},
		{"a bomb of deflate", "deflate", "deflate", bomb, "too_large"},
		{"a bomb of deflate without its frame", "raw deflate", "deflate", bomb, "too_large"},
		{"a bomb in a bomb", "gzip, gzip", "gzip, gzip", bomb, "too_large"},
		{"three", "gzip, br, zstd", "gzip, br, zstd", shopsOrder, ""},
		{"four", "gzip, gzip, gzip, gzip", "gzip, gzip, gzip, gzip", shopsOrder, "encoding"},
		{"one that nobody knows", "gzip", "compress", shopsOrder, "encoding"},
		{"another coding than it says", "gzip", "br", shopsOrder, "encoding"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sent, asked := compressed(t, tt.coding, tt.text), ""
			shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = strings.Join(r.Header.Values("Accept-Encoding"), "|")
				w.Header().Set("Content-Type", "application/json")
				w.Header()["Content-Encoding"] = strings.Split(tt.sent, "|")
				_, _ = w.Write(sent)
			}))
			t.Cleanup(shop.Close)
			h := newHouse(t, shopAt(shop.URL))
			req := httptest.NewRequest(http.MethodPost, "/api/orders", strings.NewReader(plainOrder))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept-Encoding", "gzip, br, zstd")
			a := h.sendRaw(req)
			if asked != "identity" {
				t.Errorf("the shop was asked for %q", asked)
			}
			if tt.why != "" {
				if got := a.header.Get(headerUnchanged); got != tt.why || !bytes.Equal(a.body, sent) || a.header.Get("Content-Encoding") == "" {
					t.Errorf("got %q %v, %d of %d bytes", got, a.header, len(a.body), len(sent))
				}
				return
			}
			if a.status != http.StatusOK || a.header.Get("Content-Encoding") != "" || !strings.Contains(string(a.body), `"window":`) {
				t.Errorf("got %d %v %s", a.status, a.header, a.body)
			}
		})
	}
}

// sendRaw is send for an answer that may be anything.
func (h *house) sendRaw(req *http.Request) answer {
	h.t.Helper()
	res, err := h.app.Test(req, 30_000)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		h.t.Fatal(err)
	}
	return answer{status: res.StatusCode, header: res.Header, body: b.Bytes()}
}

// TestAChangedAnswerKeepsNoWordOnItsOldBytes: digests and validators of what the shop sent would be wrong, and with them
// a browser would keep a window that is over.
func TestAChangedAnswerKeepsNoWordOnItsOldBytes(t *testing.T) {
	t.Parallel()
	about := map[string]string{
		"ETag": `"v1"`, "Last-Modified": "Sat, 28 Nov 2026 00:00:00 GMT", "Digest": "sha-256=x", "Content-Digest": "sha-256=:x:",
		"Repr-Digest": "sha-256=:x:", "Content-MD5": "x", "Expires": "Sat, 28 Nov 2037 00:00:00 GMT", "Accept-Ranges": "bytes",
		"Cloudflare-CDN-Cache-Control": "max-age=600", "X-LiteSpeed-Cache-Control": "public,max-age=600", "Edge-Control": "max-age=600",
		"CDN-Cache-Control": "max-age=600", "Surrogate-Control": "max-age=600", "X-Accel-Expires": "600",
	}
	asked := http.Header{}
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Clone()
		for name, value := range about {
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "max-age=600")
		w.Header().Set("X-Shop", "kept")
		if r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, shopsOrder)
	}))
	t.Cleanup(shop.Close)
	h := newHouse(t, shopAt(shop.URL), func(c *fixture.Config) { c.Intercepts[0].Match["method"] = "PUT" })
	req := httptest.NewRequest(http.MethodPut, "/api/orders", strings.NewReader(plainOrder))
	req.Header.Set("Content-Type", "application/json")
	for name, value := range map[string]string{
		"If-None-Match": `"v1"`, "If-Modified-Since": about["Last-Modified"], "Range": "bytes=0-3", "If-Range": `"v1"`, "If-Match": "*",
	} {
		req.Header.Set(name, value)
	}
	a := h.send(h.app, req)
	if a.status != http.StatusOK || !strings.Contains(string(a.body), `"window":`) {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	for name := range about {
		if got := a.header.Get(name); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := a.header.Values("Cache-Control"); len(got) != 1 || got[0] != "no-store" || a.header.Get("X-Shop") != "kept" {
		t.Errorf("got %v", a.header)
	}
	if asked.Get("Range") != "" || asked.Get("If-Range") != "" || asked.Get("If-Match") != "*" {
		t.Errorf("the shop was asked with %v", asked)
	}
}

func TestAnAnswerThatIsTooLargePasses(t *testing.T) {
	t.Parallel()
	body := `{"payload":{"ordNo":"O-1","x":"` + strings.Repeat("x", maxIntercepted) + `"}}`
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		fmt.Fprint(w, body)
	}))
	t.Cleanup(shop.Close)
	h := newHouse(t, shopAt(shop.URL))
	req := httptest.NewRequest(http.MethodPost, "/api/orders", strings.NewReader(plainOrder))
	if a := h.sendRaw(req); a.status != http.StatusOK || string(a.body) != body || a.header.Get(headerUnchanged) != "too_large" {
		t.Errorf("got %d %v and %d bytes", a.status, a.header, len(a.body))
	}
}

// TestAnotherCodePasses: a shop may name the order that it refuses.
func TestAnotherCodePasses(t *testing.T) {
	t.Parallel()
	const refusal = `{"code":"1003","message":"품절","payload":{"ordNo":"O-1","payAmt":64900,"goodsNm":"x"}}`
	says := func(where string, is ...string) fixture.Edit {
		return func(c *fixture.Config) { c.Intercepts[0].Accepted = map[string]any{"where": where, "is": is} }
	}
	for _, tt := range []struct {
		name, body string
		edit       fixture.Edit
		why        string
	}{
		{"the code of success", shopsOrder, says("body:code", "0000"), ""},
		{"one of them", shopsOrder, says("body:code", "0", "0000"), ""},
		{"another code", refusal, says("body:code", "0000"), "not_accepted"},
		{"no code", `{"payload":{"ordNo":"O-1"}}`, says("body:code", "0000"), "not_accepted"},
		{"another header", shopsOrder, says("header:Content-Type", "text/json"), "not_accepted"},
		{"nothing said", refusal, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, shopAt(shopSaying(t, "application/json", tt.body).URL), tt.edit)
			a := h.post("/api/orders", "application/json", plainOrder)
			passed := string(a.body) == tt.body
			if a.header.Get(headerUnchanged) != tt.why || passed != (tt.why != "") {
				t.Errorf("got %q %s", a.header.Get(headerUnchanged), a.body)
			}
		})
	}
}
