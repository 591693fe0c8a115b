package gateway

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
)

// shopTimeout is how long the shop may say nothing.
const shopTimeout = 60 * time.Second

const (
	shopDialTimeout = 5 * time.Second
	// maxShopConns is how many requests the shop gets at once; more wait for maxShopWait.
	maxShopConns = 1024
	maxShopWait  = 2 * time.Second
	// maxAnswerHead bounds the head of an answer, in bytes.
	maxAnswerHead = 64 << 10
	// maxInterim is how many interim answers may come before the answer.
	maxInterim = 32
)

// What can be wrong with an answer of the shop. They hold no bytes of it.
var (
	errShopSilent   = errors.New("the shop sent no answer in time")
	errShopHungUp   = errors.New("the shop closed the connection without an answer")
	errShopHead     = errors.New("the head of the shop's answer cannot be understood")
	errShopBusy     = errors.New("too many requests wait for the shop")
	errShopInterim  = errors.New("the shop sent interim answers without end")
	errShopUpgraded = errors.New("the shop changed the protocol without being asked")
)

// shopClient hands requests on to the shop. Each is written once, on a connection of its own that is closed with
// its answer: whatever the shop sends besides (interim answers, a body where none belongs, more than it announced)
// ends there and cannot become somebody else's answer (design promises 5 and 9).
type shopClient struct {
	tls   *tls.Config
	slots chan struct{}
	heads sync.Pool
}

// newShopClient makes a client of at most conns connections at once.
func newShopClient(config *tls.Config, conns int) *shopClient {
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &shopClient{
		tls: config, slots: make(chan struct{}, conns),
		heads: sync.Pool{New: func() any { return bufio.NewReaderSize(nil, maxAnswerHead) }},
	}
}

// do sends req, whose URI is the path and query, to the host of base, and reads the answer's head. The answer's
// body streams; closing it, or reading it to its end, ends the connection. The error matches onewrite.ErrNotSent
// when there was no connection to send on, and errBodyBroke when the request's own body ended too early.
func (s *shopClient) do(base *url.URL, req *fasthttp.Request, res *fasthttp.Response) error {
	select {
	case s.slots <- struct{}{}:
	default:
		if !s.waitForSlot() {
			return fmt.Errorf("%w: %w", onewrite.ErrNotSent, errShopBusy)
		}
	}
	conn, err := s.dial(base)
	if err != nil {
		<-s.slots
		return fmt.Errorf("%w: %w", onewrite.ErrNotSent, err)
	}
	x := &shopExchange{conn: conn, client: s}
	if err := x.run(base.Host, req, res); err != nil {
		return errors.Join(err, x.Close()) //guard:shop-is-written-to-once
	}
	return nil
}

func (s *shopClient) waitForSlot() bool {
	patience := time.NewTimer(maxShopWait)
	defer patience.Stop()
	select {
	case s.slots <- struct{}{}:
		return true
	case <-patience.C:
		return false
	}
}

func (s *shopClient) dial(base *url.URL) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: shopDialTimeout}
	if base.Scheme == "https" {
		return tls.DialWithDialer(dialer, "tcp", hostPort(base, "443"), s.tls)
	}
	return dialer.Dial("tcp", hostPort(base, "80"))
}

func hostPort(base *url.URL, port string) string {
	if p := base.Port(); p != "" {
		port = p
	}
	return net.JoinHostPort(base.Hostname(), port)
}

// shopExchange is one request to the shop and its answer. It is the answer's body, too,
// and for one goroutine.
type shopExchange struct {
	conn   net.Conn
	client *shopClient
	head   *bufio.Reader
	// body is what is left of the answer.
	body io.Reader
	once sync.Once
}

func (x *shopExchange) run(host string, req *fasthttp.Request, res *fasthttp.Response) error {
	req.Header.SetHost(host)
	req.Header.SetNoDefaultContentType(true)
	req.SetConnectionClose()
	w := bufio.NewWriter(patient{x.conn})
	sent := req.Write(w)
	if sent == nil {
		sent = w.Flush()
	}
	if errors.Is(sent, errBodyBroke) {
		return errBodyBroke
	}
	// A shop that refuses a request may answer, and hang up, before it has read all of it.
	x.head, _ = x.client.heads.Get().(*bufio.Reader)
	x.head.Reset(patient{x.conn})
	if err := readAnswerHead(x.head, res); err != nil {
		return errors.Join(err, sent)
	}
	return x.answer(req, res)
}

// answer puts the answer's body, whose end its head tells (RFC 9112 §6.3), into res.
func (x *shopExchange) answer(req *fasthttp.Request, res *fasthttp.Response) error {
	length, status := res.Header.ContentLength(), res.StatusCode()
	// Our answer's version is ours to say, whatever the shop speaks.
	res.Header.SetProtocol([]byte("HTTP/1.1"))
	switch {
	case req.Header.IsHead(), status == http.StatusNoContent, status == http.StatusNotModified, length == 0:
		// All of the answer is here: what the closing comes to changes nothing of it.
		_ = x.Close()
		return nil
	case length > 0:
		x.body = &exactly{from: x.head, left: int64(length)}
	case length == -1:
		x.body = httputil.NewChunkedReader(x.head)
	default:
		x.body, length = x.head, -1
	}
	res.SetBodyStream(x, length)
	return nil
}

// Read reads the answer's body.
func (x *shopExchange) Read(p []byte) (int, error) {
	if x.body == nil {
		return 0, io.ErrClosedPipe
	}
	return x.body.Read(p)
}

// Close ends the exchange and its connection.
func (x *shopExchange) Close() error {
	var err error
	x.once.Do(func() {
		err = x.conn.Close()
		// The reader below it is somebody else's from here on.
		x.body = nil
		if x.head != nil {
			x.head.Reset(nil)
			x.client.heads.Put(x.head)
		}
		<-x.client.slots
	})
	return err
}

// readAnswerHead reads the head of the final answer; interim ones before it are for our hop only.
func readAnswerHead(r *bufio.Reader, res *fasthttp.Response) error {
	for range maxInterim {
		if err := res.Header.Read(r); err != nil {
			return headFault(err)
		}
		switch status := res.StatusCode(); {
		case status == http.StatusSwitchingProtocols:
			return errShopUpgraded
		case status < 100:
			return errShopHead
		case status >= 200: //guard:interim-is-not-the-answer
			return nil
		}
	}
	return errShopInterim
}

// headFault names what was wrong with a head. The parser's own errors hold raw bytes of it.
func headFault(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, fasthttp.ErrTimeout), errors.As(err, &timeout) && timeout.Timeout():
		return errShopSilent
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errShopHungUp
	}
	return errShopHead
}

// exactly reads left bytes; an end before that is an error.
type exactly struct {
	from io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > e.left {
		p = p[:e.left]
	}
	n, err := e.from.Read(p)
	e.left -= int64(n)
	if errors.Is(err, io.EOF) && e.left > 0 { //guard:half-an-answer
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// patient gives the shop shopTimeout for every step, not for the whole: a long answer is no fault.
type patient struct{ conn net.Conn }

func (p patient) Read(b []byte) (int, error) {
	if err := p.conn.SetReadDeadline(time.Now().Add(shopTimeout)); err != nil {
		return 0, err
	}
	return p.conn.Read(b)
}

func (p patient) Write(b []byte) (int, error) {
	if err := p.conn.SetWriteDeadline(time.Now().Add(shopTimeout)); err != nil {
		return 0, err
	}
	return p.conn.Write(b)
}
