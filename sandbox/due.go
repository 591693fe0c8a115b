package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// ErrDue is returned for something that is not waiting for its time.
var ErrDue = errors.New("nothing waits under this name")

// dueTick is how often Run looks whether a time has come.
const dueTick = 100 * time.Millisecond

// due is what a PG does by itself when its time has come: a scheduled payment.
type due struct {
	pg string
	// id is the PG's name for it, and ref the payment's.
	id, ref string
	at      time.Time
	// fire does it, under the mutex. A fault of the operation fire may have given the call a decline.
	fire func(*call)
}

// later leaves something to its time; callers hold the mutex.
func (s *Sandbox) later(d due) { s.dues = append(s.dues, d) }

// noLonger takes back what was left to its time; callers hold the mutex.
func (s *Sandbox) noLonger(pg, id string) {
	s.dues = slices.DeleteFunc(s.dues, func(d due) bool { return d.pg == pg && d.id == id })
}

// FireDue does what was left to a time that has come, and returns how much that was. Run does so by itself, and every
// operation does so before its own work, so that a clock that is moved by hand is enough.
func (s *Sandbox) FireDue() int {
	return s.fire(func(d due, now time.Time) bool { return !d.at.After(now) })
}

// FireNow does what waits under an id or a payment's reference, whatever its time. Errors match ErrDue.
func (s *Sandbox) FireNow(name string) error {
	if s.fire(func(d due, _ time.Time) bool { return d.id == name || d.ref == name }) == 0 {
		return fmt.Errorf("%w: %q", ErrDue, name)
	}
	return nil
}

func (s *Sandbox) fire(wanted func(due, time.Time) bool) int {
	s.mu.Lock()
	now := s.cfg.Now()
	var ripe []due
	s.dues = slices.DeleteFunc(s.dues, func(d due) bool {
		if !wanted(d, now) {
			return false
		}
		ripe = append(ripe, d)
		return true
	})
	slices.SortStableFunc(ripe, func(x, y due) int { return x.at.Compare(y.at) })
	var notices []notice
	for _, d := range ripe {
		c := &call{now: now, ref: d.ref}
		if f := s.takeFault(d.pg, operationFire); f.Kind == FaultDecline {
			c.decline = declineFor(f.Reason)
		}
		d.fire(c)
		notices = append(notices, c.notices...)
	}
	s.mu.Unlock()
	// Without the mutex: who is told looks the payment up before he answers.
	s.publish(notices)
	return len(ripe)
}

// passTime fires what is due until the returned function is called.
func (s *Sandbox) passTime(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticks := time.NewTicker(dueTick)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
				s.FireDue() //nolint:contextcheck // a notice outlives what it is about
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

func (s *Sandbox) routeDue() {
	s.mux.HandleFunc("POST /_sandbox/schedules/fire", func(w http.ResponseWriter, r *http.Request) {
		var which struct {
			// Ref is the schedule's id, or the payment's reference; empty fires what is due.
			Ref string `json:"ref"`
		}
		steer(w, r, &which, func() error { //nolint:contextcheck // a notice outlives the request it is about
			if which.Ref == "" {
				s.FireDue()
				return nil
			}
			return s.FireNow(which.Ref)
		})
	})
}
