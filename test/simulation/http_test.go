package simulation

import (
	"cmp"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/payment"
)

// The doors of the gateway that a schedule knocks at.
const (
	simCheckoutPath = "/checkout"
	simCompletePath = "/checkout/complete"
	simReturnPath   = "/return/inicis"
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
	if strings.HasPrefix(path, "/attempts/") {
		p.side.Do(func() { p.sidecar = p.g.Sidecar() })
		serve = p.sidecar
	} else {
		p.app.Do(func() { p.handler = p.g.Public() })
		serve = p.handler
	}
	var req fasthttp.Request
	req.Header.SetMethod(fasthttp.MethodPost)
	req.SetRequestURI(path)
	req.Header.SetHost("localhost:8080")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	req.SetBody(body)
	var c fasthttp.RequestCtx
	c.Init(&req, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40_000}, nil)
	serve(&c)
	return simReply{
		status: c.Response.StatusCode(), replayed: string(c.Response.Header.Peek("Idempotent-Replayed")) == "true",
		location: string(c.Response.Header.Peek("Location")), reason: string(c.Response.Header.Peek("X-PG-Gateway-Reason")),
		body: append([]byte{}, c.Response.Body()...),
	}
}

// simKnock sends one request to a pod over HTTP; ok is false when no answer came in time.
func simKnock(p *simPod, patience time.Duration, path string, header map[string]string, body []byte) (simReply, bool) {
	return simAskFor(p, patience, func() simReply { return p.http(path, header, body) })
}
