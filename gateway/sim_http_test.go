package gateway

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/payment"
)

// simReply is what a pod answered over HTTP.
type simReply struct {
	status   int
	replayed bool
	body     []byte
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
		p.side.Do(func() { p.sidecar = p.g.sidecarApp().Handler() })
		serve = p.sidecar
	} else {
		p.app.Do(func() { p.handler = p.g.publicApp().Handler() })
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
		status: c.Response.StatusCode(), replayed: string(c.Response.Header.Peek(headerReplayed)) == "true",
		body: append([]byte{}, c.Response.Body()...),
	}
}

// simKnock sends one request to a pod over HTTP; ok is false when no answer came in time.
func simKnock(p *simPod, patience time.Duration, path string, header map[string]string, body []byte) (simReply, bool) {
	a, _, ok := simAskFor(p, patience, func(context.Context, *Gateway) (simReply, error) { return p.http(path, header, body), nil })
	return a, ok
}
