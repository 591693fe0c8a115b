package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// maxOrder is the longest answer to a look-up, in bytes.
const maxOrder = 1 << 20

// orderCall is what one look-up needs.
type orderCall struct {
	x      upstream.Exchange
	req    upstream.Request
	target []byte
}

func newOrderCall() any {
	return &orderCall{req: upstream.Request{Method: []byte("GET"), More: []byte(wire.Lines)}}
}

// get is orders.Get: it asks one of the addresses. A request whose client is gone is looked up all the same: the rest
// of the work waits for it too.
func (l *shopList) get(_ context.Context, _, path string, until time.Time) (wire.Answer, error) {
	shop := &l.view.shop
	c := l.of.calls.Get().(*orderCall) //nolint:forcetypeassert // nothing else is in it
	defer l.of.calls.Put(c)
	c.target = append(append(c.target[:0], shop.path...), path...)
	c.req.Target, c.req.Host, c.req.Deadline = c.target, shop.host, until
	if err := l.do(forLookUps, &c.x, &c.req); err != nil { //nolint:contextcheck // its end is the deadline
		return wire.Answer{}, fmt.Errorf("asking the order service: %w", err)
	}
	defer func() { _ = c.x.Close() }()
	answer := wire.Answer{Status: c.x.Status(), ContentType: contentType(c.x.Header("content-type"))}
	var err error
	answer.Body, err = wholeAnswer(&c.x)
	return answer, err
}

// lookUps looks orders up for a view.
func (g *Gateway) lookUps(v *view) (orders.Get, error) {
	if g.lookUpBy != nil {
		return g.lookUpBy, nil
	}
	l, err := g.shops.listOf(v)
	if err != nil {
		return nil, err
	}
	return l.lookUp, nil
}

// contentType is b as text; what nearly every answer says costs no copy.
func contentType(b []byte) string {
	const usual = "application/json"
	if string(b) == usual {
		return usual
	}
	return string(b)
}

// wholeAnswer is a copy of an answer's body.
func wholeAnswer(x *upstream.Exchange) ([]byte, error) {
	if all, ok := x.Whole(); ok {
		return append([]byte(nil), all...), nil
	}
	var body []byte
	for {
		run, err := x.Next()
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, fmt.Errorf("reading the answer: %w", err)
		case len(body)+len(run) > maxOrder:
			return nil, onewrite.ErrTooLarge
		}
		body = append(body, run...)
	}
}
