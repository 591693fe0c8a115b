package simulation

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/payment"
)

// The doors of the gateway that a schedule knocks at.
const (
	simCheckoutPath = "/checkout"
	simCompletePath = "/checkout/complete"
	simReturnPath   = "/return/inicis"
	simPhonePath    = "/return/inicis/mobile"
	simKeyHeader    = "Idempotency-Key"
)

// simPatience is how long a browser, or a shop, waits for an answer.
const simPatience = 2 * time.Minute

// simReply is what a pod answered over HTTP.
type simReply struct {
	status   int
	replayed bool
	// location is where a browser is sent, reason the problem's code of an answer that is no JSON.
	location, reason string
	body             []byte
}

// simOpened is the answer to a checkout.
type simOpened struct {
	OrderID   payment.OrderID   `json:"order_id"`
	AttemptID payment.AttemptID `json:"attempt_id"`
	PG        payment.PGID      `json:"pg"`
	ExpiresAt string            `json:"expires_at"`
	Window    struct {
		Kind   payment.WindowKind `json:"kind"`
		Params json.RawMessage    `json:"params"`
	} `json:"window"`
}

// told is what a browser learns from an answer: of JSON, or of the page of the shop that it is sent to.
func (a simReply) told() (simTold, error) {
	if a.reason != "" || a.status >= http.StatusBadRequest {
		return simTold{}, &payment.Problem{Code: cmp.Or(payment.Code(a.reason), a.code())}
	}
	if a.location == "" {
		var done struct {
			AttemptID payment.AttemptID `json:"attempt_id"`
			Status    string            `json:"status"`
		}
		err := json.Unmarshal(a.body, &done)
		return simTold{id: done.AttemptID, word: done.Status}, err
	}
	to, err := url.Parse(a.location)
	if err != nil {
		return simTold{}, err
	}
	return simTold{id: payment.AttemptID(to.Query().Get("attempt_id")), word: to.Query().Get("status")}, nil
}

// simCode is the code of a problem that a pod answered with.
func simCode(err error) payment.Code {
	if p, ok := payment.AsProblem(err); ok {
		return p.Code
	}
	return payment.Code(err.Error())
}

// code is the problem's code, or "".
func (a simReply) code() payment.Code {
	var p struct {
		Code payment.Code `json:"code"`
	}
	if a.status < 400 || json.Unmarshal(a.body, &p) != nil {
		return ""
	}
	return p.Code
}

// http serves one request on the pod's public listener, or its sidecar's, as a connection of its own would.
func (p *simPod) http(path string, header map[string]string, body []byte) simReply {
	var serve fasthttp.RequestHandler
	if strings.HasPrefix(path, "/attempts/") || path == simChargePath {
		p.side.Do(func() { p.sidecar = p.g.Sidecar() })
		serve = p.sidecar
	} else {
		p.app.Do(func() { p.handler = p.g.Public() })
		serve = p.handler
	}
	return simServe(serve, fasthttp.MethodPost, path, header, body)
}

// stop asks on the pod's sidecar listener for a recovery to be stopped.
func (p *simPod) stop(order payment.OrderID) simReply {
	p.side.Do(func() { p.sidecar = p.g.Sidecar() })
	return simServe(p.sidecar, fasthttp.MethodDelete, simRecoveriesPath+string(order), nil, nil)
}

// api serves one request on the listener that is one PG's API alone.
func (p *simPod) api(pg payment.PGID, method, path string, header map[string]string, body []byte) simReply {
	app, _ := p.apis.LoadOrStore(pg, sync.OnceValue(func() fasthttp.RequestHandler { return p.g.API(pg) }))
	return simServe(app.(func() fasthttp.RequestHandler)(), method, path, header, body)
}

// simConn is a caller's connection, on this machine.
type simConn struct {
	net.Conn
	out bytes.Buffer
}

func (c *simConn) Write(b []byte) (int, error)      { return c.out.Write(b) }
func (c *simConn) Close() error                     { return nil }
func (c *simConn) SetDeadline(time.Time) error      { return nil }
func (c *simConn) SetWriteDeadline(time.Time) error { return nil }
func (c *simConn) LocalAddr() net.Addr              { return c.RemoteAddr() }

func (c *simConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40_000}
}

func simServe(serve fasthttp.RequestHandler, method, path string, header map[string]string, body []byte) simReply {
	var req fasthttp.Request
	req.Header.SetMethod(method)
	req.SetRequestURI(path)
	req.Header.SetHost("localhost:8080")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	req.SetBody(body)
	var c fasthttp.RequestCtx
	var conn simConn
	c.Init2(&conn, nil, false)
	// Over the wire: what is handed on are the lines that came.
	var wire bytes.Buffer
	w := bufio.NewWriter(&wire)
	if err := errors.Join(req.Write(w), w.Flush(), c.Request.Read(bufio.NewReader(&wire))); err != nil {
		panic("a request of the simulation is none: " + err.Error())
	}
	serve(&c)
	// What is handed on comes while it is read, or goes to the connection; it may break off.
	_ = c.Response.BodyWriteTo(&conn.out)
	return simReply{
		status: c.Response.StatusCode(), replayed: string(c.Response.Header.Peek("Idempotent-Replayed")) == "true",
		location: string(c.Response.Header.Peek("Location")), reason: string(c.Response.Header.Peek("X-PG-Gateway-Reason")),
		body: conn.out.Bytes(),
	}
}

// simKnock sends one request to a pod over HTTP; ok is false when no answer came in time.
func simKnock(p *simPod, patience time.Duration, path string, header map[string]string, body []byte) (simReply, bool) {
	return simAskFor(p, patience, func() simReply { return p.http(path, header, body) })
}
