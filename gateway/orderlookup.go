package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// maxOrder is the longest answer to a look-up, in bytes.
const maxOrder = 1 << 20

// orderLookUps asks the order service by GET, on connections that are kept. They are its own: what fills the shop's
// with slow requests keeps no order from being looked up. It is safe for concurrent use.
type orderLookUps struct {
	shops *shops
	// last is the place that was asked last, which is the place that is asked until the rules change.
	last atomic.Pointer[orderPlace]
	// calls holds what a call needs.
	calls sync.Pool
}

type orderPlace struct {
	base   string
	at     shopAddress
	client *upstream.Client
}

type orderCall struct {
	x      upstream.Exchange
	req    upstream.Request
	target []byte
}

func newOrderLookUps(conns int) *orderLookUps {
	method, lines := []byte("GET"), []byte(wire.Lines)
	return &orderLookUps{shops: newShops(nil, conns), calls: sync.Pool{New: func() any {
		return &orderCall{req: upstream.Request{Method: method, More: lines}}
	}}}
}

func (o *orderLookUps) placeOf(base string) (*orderPlace, error) {
	if p := o.last.Load(); p != nil && p.base == base {
		return p, nil
	}
	at, err := readShopAddress(base)
	if err != nil {
		return nil, err
	}
	client, err := o.shops.of(at)
	if err != nil {
		return nil, err
	}
	p := &orderPlace{base, at, client}
	o.last.Store(p)
	return p, nil
}

// get is orders.Get. A request whose client is gone is looked up all the same: the rest of the work waits for it too.
func (o *orderLookUps) get(_ context.Context, base, path string, until time.Time) (wire.Answer, error) {
	place, err := o.placeOf(base)
	if err != nil {
		return wire.Answer{}, err
	}
	c := o.calls.Get().(*orderCall) //nolint:forcetypeassert // nothing else is in it
	defer o.calls.Put(c)
	c.target = append(append(c.target[:0], place.at.path...), path...)
	c.req.Target, c.req.Host, c.req.Deadline = c.target, place.at.host, until
	if err := place.client.Do(&c.x, &c.req); err != nil { //nolint:contextcheck // its end is the deadline
		return wire.Answer{}, fmt.Errorf("asking the order service: %w", err)
	}
	defer func() { _ = c.x.Close() }()
	answer := wire.Answer{Status: c.x.Status(), ContentType: contentType(c.x.Header("content-type"))}
	answer.Body, err = wholeAnswer(&c.x)
	return answer, err
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
