// Package upstream is the HTTP/1.1 client that hands requests on to the shop: exact, and as fast as a proxy has to be.
//
// A request is the caller's header lines as they came, written once with its body. An answer is read strictly and in
// place; its header lines are handed out as they came. A connection is used again only when it provably stands
// between two messages: whatever is in doubt is closed, so that what one client is answered never reaches another.
// It must not know what is sent with it, nor for whom.
package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// What can go wrong. None of these, nor what wraps them, holds a byte of a header or a body.
var (
	// ErrNotSent marks a request of which not one byte was written. Every other error means that the upstream may
	// have received it.
	ErrNotSent = errors.New("nothing was sent")
	// ErrBusy comes with ErrNotSent: as many requests as may be are under way.
	ErrBusy = errors.New("too many requests are under way")
	// ErrRequest comes with ErrNotSent: the pieces given do not make a request.
	ErrRequest = errors.New("the request cannot be written as HTTP/1.1")
	// ErrBody tells that the request's own body could not be read to its end.
	ErrBody = errors.New("the request's body broke off")
	// ErrTimeout tells that no byte moved for as long as Options.Timeout, or that Request.Deadline has passed.
	ErrTimeout = errors.New("the upstream did not answer in time")
	// ErrHungUp tells that the connection ended before an answer's head did.
	ErrHungUp = errors.New("the upstream closed the connection without an answer")
	// ErrAnswer tells that an answer is not HTTP/1.1, or says two things about where it ends.
	ErrAnswer = errors.New("the answer cannot be understood")
	// ErrHeadTooLarge comes with ErrAnswer.
	ErrHeadTooLarge = errors.New("the head of the answer is too large")
	// ErrInterim comes with ErrAnswer: interim answers without end.
	ErrInterim = errors.New("too many interim answers")
	// ErrUpgraded comes with ErrAnswer: another protocol that nobody asked for.
	ErrUpgraded = errors.New("the upstream changed the protocol unasked")
	// ErrTooLong tells that a body has more bytes than are wanted.
	ErrTooLong = errors.New("the answer is too long")
	// ErrBroken is what reading the body of an answer ends with when the body did not end as its head said.
	ErrBroken = errors.New("the answer broke off")
)

// Options are what a client is made of. Zero values take the defaults.
type Options struct {
	// Address is the host and the port of the upstream.
	Address string
	// TLS is nil for plain TCP. It is cloned; TLS 1.2 is the least, and ServerName is the host of Address unless set.
	TLS *tls.Config
	// Dial opens connections to Address in place of TCP; nil is TCP. Those have no descriptor that could be asked for what
	// came in unasked, so that they are read to learn it.
	Dial func(address string) (net.Conn, error)
	// DialTimeout bounds connecting, and the TLS handshake, each; 5 s.
	DialTimeout time.Duration
	// Timeout is how long no byte may move in either direction before an exchange is given up; 60 s. It fires
	// between three quarters of that and the whole, since deadlines are moved seldom.
	Timeout time.Duration
	// MaxConns is how many requests may be under way at once; 1024. Nobody waits for a place: it is free again the moment
	// an exchange is closed, so that a wait would bridge nothing, and only make a queue of an upstream that is too slow.
	MaxConns int
	// MaxIdle is how many connections are kept for later; 256.
	MaxIdle int
	// IdleAge is how long a connection is kept for later; 4 s, which is below what common servers wait (Node: 5 s).
	// An upstream that says less by Keep-Alive is believed.
	IdleAge time.Duration
	// MaxHead bounds the head of an answer in bytes; 64 KiB.
	MaxHead int
	// MaxInterim is how many interim answers may come before the answer; 32.
	MaxInterim int
	// Rest is how long a connection is left alone after an answer that has no body by rule (HEAD, 204, 304): a body
	// sent all the same would be taken for the next answer. 100 ms.
	Rest time.Duration
}

// Client hands requests on to one address. It is safe for concurrent use. Make it with New.
type Client struct {
	opt Options
	tls *tls.Config
	// busy is how many requests are under way.
	busy atomic.Int64
	idle pool
	// small holds buffers for heads and small bodies, large those for what streams.
	small, large sync.Pool
}

// Sizes of buffers, in bytes.
const (
	smallBuffer = 8 << 10
	largeBuffer = 32 << 10
	// keptBuffer is the largest that is kept for later.
	keptBuffer = 32 << 10
	// smallBody is the longest body that is written together with the head.
	smallBody = 16 << 10
)

// New makes a client. It opens no connection.
func New(o Options) (*Client, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, err
	}
	o.DialTimeout = orElse(o.DialTimeout, 5*time.Second)
	o.Timeout = orElse(o.Timeout, time.Minute)
	o.MaxConns = orElse(o.MaxConns, 1024)
	o.MaxIdle = orElse(o.MaxIdle, 256)
	o.IdleAge = orElse(o.IdleAge, 4*time.Second)
	o.MaxHead = orElse(o.MaxHead, 64<<10)
	o.MaxInterim = orElse(o.MaxInterim, 32)
	o.Rest = orElse(o.Rest, 100*time.Millisecond)
	c := &Client{
		opt:   o,
		small: sync.Pool{New: func() any { return &buffer{make([]byte, 0, smallBuffer)} }},
		large: sync.Pool{New: func() any { return &buffer{make([]byte, 0, largeBuffer)} }},
	}
	c.idle.max = o.MaxIdle
	if o.TLS != nil {
		c.tls = o.TLS.Clone()
		c.tls.MinVersion = max(c.tls.MinVersion, tls.VersionTLS12)
		c.tls.NextProtos = []string{"http/1.1"}
		if c.tls.ServerName == "" {
			c.tls.ServerName = host
		}
	}
	return c, nil
}

func orElse[T int | time.Duration](v, other T) T {
	if v == 0 {
		return other
	}
	return v
}

// CloseIdle closes the connections that are kept for later.
func (c *Client) CloseIdle() { c.idle.closeAll() }

// buffer is a slice that can be pooled.
type buffer struct{ b []byte }

func (c *Client) getSmall() *buffer { return c.small.Get().(*buffer) } //nolint:forcetypeassert // nothing else is in it

func (c *Client) getLarge() *buffer { return c.large.Get().(*buffer) } //nolint:forcetypeassert // nothing else is in it

func (c *Client) putSmall(b *buffer) {
	if b != nil && cap(b.b) <= keptBuffer {
		b.b = b.b[:0]
		c.small.Put(b)
	}
}

func (c *Client) putLarge(b *buffer) {
	if b != nil {
		b.b = b.b[:0]
		c.large.Put(b)
	}
}

// enter takes one of the places for requests under way.
func (c *Client) enter() bool {
	if c.busy.Add(1) > int64(c.opt.MaxConns) { //guard:full-shop-is-not-waited-for
		c.leave()
		return false
	}
	return true
}

func (c *Client) leave() { c.busy.Add(-1) }

// dial opens a connection within a time, or that of the options when it is 0, and before the deadline if there is one.
func (c *Client) dial(within time.Duration, deadline time.Time) (*conn, error) {
	if c.opt.Dial != nil {
		other, err := c.opt.Dial(c.opt.Address)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: other, secure: true, timeout: c.opt.Timeout}, nil
	}
	dialer := net.Dialer{Timeout: c.opt.DialTimeout, Deadline: deadline}
	if within > 0 {
		if by := time.Now().Add(within); deadline.IsZero() || by.Before(deadline) {
			deadline = by
		}
		dialer.Deadline = deadline
	}
	tcp, err := dialer.Dial("tcp", c.opt.Address)
	if err != nil {
		return nil, err
	}
	if c.tls == nil {
		return newConn(tcp, tcp, c.opt.Timeout)
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.opt.DialTimeout)
	defer cancel()
	if !deadline.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	secure := tls.Client(tcp, c.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	return newConn(secure, tcp, c.opt.Timeout)
}
