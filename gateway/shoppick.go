package gateway

import (
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// forPages and forLookUps are the clients of a place.
func forPages(p *shopPlace) *upstream.Client   { return p.pages }
func forLookUps(p *shopPlace) *upstream.Client { return p.lookUps }

// do sends a request to one of the addresses, and reads the head of its answer. Another one is tried only when not one
// byte was sent to the first, and the request is a GET or HEAD: whatever may have been heard is never said again, and
// whatever may change something is said to nobody else (design promise 5).
func (l *shopList) do(of func(*shopPlace) *upstream.Client, x *upstream.Exchange, r *upstream.Request) error {
	reads := onlyReads(r)
	var tried uint32
	for n := 1; ; n++ {
		i := l.pick(reads, tried)
		p := l.places[i]
		began := time.Now()
		if r.Connect = 0; reads && n < len(l.places) { //guard:another-address-is-left-time
			r.Connect = connectPatience
		}
		p.waiting.Add(1)
		err := of(p).Do(x, r)
		p.waiting.Add(-1)
		l.heard(p, err == nil, errors.Is(err, upstream.ErrNotSent) && !unasked(err) && ofTheAddress(err, began))
		if err == nil || n == len(l.places) || !r.Deadline.IsZero() && !time.Now().Before(r.Deadline) {
			return err
		}
		if !errors.Is(err, upstream.ErrNotSent) { //guard:what-was-sent-goes-nowhere-else
			return err
		}
		if !reads || errors.Is(err, upstream.ErrRequest) { //guard:only-reads-go-elsewhere
			return err
		}
		why := metrics.RetryUnreachable
		if errors.Is(err, upstream.ErrBusy) {
			why = metrics.RetryBusy
		}
		l.of.metrics.OrderServiceRetried(why)
		tried |= 1 << i
	}
}

// onlyReads tells whether a request changes nothing, and can be sent anew: of a stream some may have been read.
func onlyReads(r *upstream.Request) bool {
	return r.Stream == nil && (string(r.Method) == "GET" || string(r.Method) == "HEAD")
}

// unasked tells of a request which was not sent that this says nothing about the address.
func unasked(err error) bool {
	return errors.Is(err, upstream.ErrBusy) || errors.Is(err, upstream.ErrRequest)
}

// ofTheAddress tells whether a connection that was begun then and could not be had is the address's fault. A caller who
// gives up sooner than anybody can answer has found out nothing, and what this machine lacks is no fault of another.
func ofTheAddress(err error, began time.Time) bool {
	for _, own := range [...]error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL,
	} {
		if errors.Is(err, own) { //guard:own-want-is-no-addresss-fault
			return false
		}
	}
	ended, ok := errors.AsType[net.Error](err)
	return !ok || !ended.Timeout() || time.Since(began) >= connectPatience
}

// pick chooses among the addresses that were not tried: of those that are well the one with the fewest requests
// waiting, in turn where several have as few. Where none is well all are taken: that nobody answers a check, or could
// be connected to a moment ago, is no proof that nobody sells, and a refusal of ours would be one.
func (l *shopList) pick(reads bool, tried uint32) int {
	n := len(l.places)
	if n == 1 {
		return 0
	}
	from := int(l.of.turn.Add(1) % uint32(n))
	for _, all := range [...]bool{false, true} {
		best := -1
		for k := range n {
			i := (from + k) % n
			p := l.places[i]
			switch down := p.down.Load(); {
			case tried&(1<<i) != 0:
				continue
			case down && !all && reads && l.view.health.Path == "" && p.onTrial(time.Now()):
				return i
			case down && !all: //guard:who-is-down-is-left-out
				continue
			}
			if best < 0 || p.waiting.Load() < l.places[best].waiting.Load() {
				best = i
			}
		}
		if best >= 0 {
			return best
		}
	}
	return 0 // all were tried, and the caller has counted them
}
