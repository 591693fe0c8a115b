// Package onewrite is the HTTP client for requests that may move money: what is sent with it reaches the other
// side at most once per call.
//
// Transports like to help: net/http sends a request again when a reused connection dies and the request looks
// idempotent (a PUT, a DELETE, or a POST that carries Idempotency-Key). Here a write always goes out on a fresh
// HTTP/1.1 connection, with a body that cannot be rewound, and no redirect is ever followed. The package must
// not know any PG.
package onewrite

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// The errors that callers branch on.
var (
	// ErrNotSent marks a request of which not one byte was written: no connection could be had.
	ErrNotSent = errors.New("nothing was sent")
	// ErrTooLarge is returned while reading an answer that is longer than Options.MaxResponse.
	ErrTooLarge = errors.New("the answer is too large")
)

// Options adjusts a client. The zero value is a good client.
type Options struct {
	// DialTimeout bounds connecting and the TLS handshake, each; 5 s when zero.
	DialTimeout time.Duration
	// MaxResponse bounds the body of an answer in bytes; 1 MiB when zero.
	MaxResponse int64
	// TLSConfig is cloned; its MinVersion is raised to TLS 1.2.
	TLSConfig *tls.Config
	// Proxy chooses a proxy per request. Nil means none: the environment is never asked.
	Proxy func(*http.Request) (*url.URL, error)
}

// New returns a client that writes every request other than GET and HEAD exactly once. It sets no overall
// timeout: give every request a context with a deadline.
func New(opt Options) *http.Client {
	return &http.Client{
		Transport: NewTransport(opt),
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// NewTransport returns the round tripper of New, for clients that are put together elsewhere.
func NewTransport(opt Options) *Transport {
	if opt.DialTimeout == 0 {
		opt.DialTimeout = 5 * time.Second
	}
	if opt.MaxResponse == 0 {
		opt.MaxResponse = 1 << 20
	}
	writes, reads := newTransport(opt), newTransport(opt)
	// Only on a connection that was used before does net/http send a request again, so a write never gets one.
	writes.DisableKeepAlives = true
	// The order service is asked at every checkout; with fewer kept than there are checkouts at once, most of
	// them would have to connect first.
	reads.MaxIdleConnsPerHost = 256
	reads.IdleConnTimeout = 30 * time.Second
	return &Transport{writes: writes, reads: reads, limit: opt.MaxResponse}
}

func newTransport(opt Options) *http.Transport {
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
	if opt.TLSConfig != nil {
		tlsConfig = opt.TLSConfig.Clone()
		tlsConfig.MinVersion = max(tlsConfig.MinVersion, tls.VersionTLS12)
	}
	// HTTP/2 repeats a request by itself when a stream is refused or the connection goes away; it is not offered.
	tlsConfig.NextProtos = []string{"http/1.1"}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  opt.Proxy,
		DialContext:            (&net.Dialer{Timeout: opt.DialTimeout}).DialContext,
		TLSHandshakeTimeout:    opt.DialTimeout,
		TLSClientConfig:        tlsConfig,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// Transport is an http.RoundTripper with two ways out: one that never reuses a connection, for writes, and one
// that does, for GET and HEAD.
type Transport struct {
	writes, reads *http.Transport
	limit         int64
}

// RoundTrip implements http.RoundTripper. The error of a write that never got a connection matches ErrNotSent;
// any other error of a write means that it may have been received.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var resp *http.Response
	var err error
	// An empty method is net/http's GET.
	if req.Method == http.MethodGet || req.Method == http.MethodHead || req.Method == "" {
		resp, err = t.reads.RoundTrip(req)
	} else {
		resp, err = t.write(req) //guard:write-on-own-connection
	}
	if err != nil {
		return nil, err
	}
	resp.Body = &limited{ReadCloser: resp.Body, left: t.limit}
	return resp, nil
}

func (t *Transport) write(req *http.Request) (*http.Response, error) {
	// The transport writes only after it has a connection, so without one nothing was sent.
	var connected atomic.Bool
	resp, err := t.writes.RoundTrip(single(req, func() { connected.Store(true) }))
	if err != nil && !connected.Load() {
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return resp, err
}

// single is a copy of req that nobody can send twice, for its body cannot be rewound. connected is called when
// there is a connection to write to.
func single(req *http.Request, connected func()) *http.Request {
	once := req.Clone(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected() },
	}))
	once.GetBody = nil
	return once
}

// CloseIdleConnections closes the connections kept for reads.
func (t *Transport) CloseIdleConnections() {
	t.reads.CloseIdleConnections()
	t.writes.CloseIdleConnections()
}

// limited fails, rather than ends, when the body is longer than allowed: a cut answer must not look whole.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	// One byte more than allowed is asked for: it tells an answer that is too long from one that just fits.
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return n, ErrTooLarge
	}
	return n, err
}
