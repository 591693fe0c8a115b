package gateway

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// unwellAfter lost requests in a row put a PG last in routing, for unwellFor after the last of them.
	unwellAfter = 3
	unwellFor   = 30 * time.Second
	// openAfter of them open the circuit: nothing of that class is sent for openFor. What is lost when it is tried
	// again opens it at once, for twice as long, up to openMost.
	openAfter = 5
	openFor   = 15 * time.Second
	openMost  = 4 * time.Minute
	// trials is how many requests try a PG again; all of them must be answered before more are sent.
	trials = 3
	// trialEvery is how often routing sends a buyer to a PG that is being tried again. He is in the window for a
	// minute or so before he is approved, and of those who come meanwhile no more than trials can be.
	trialEvery = 10 * time.Second
)

// Why a request to a PG was kept back.
const (
	keptOpen  = "open"
	keptTrial = "half_open"
	keptFull  = "full"
)

// errKeptBack is the error of what was kept back: surely nothing was sent.
var errKeptBack = fmt.Errorf("%w: the request was kept back", adapters.ErrUnavailable)

// What a circuit is told of a request that was lost, and of one that says nothing about the PG.
var (
	errLost    = errors.New("the PG did not do its part")
	errGivenUp = errors.New("the PG was not asked")
)

// circuitClass is a kind of requests to a PG that fail together. It is the value of a metric's
// label.
type circuitClass string

const (
	classPrepare circuitClass = "prepare"
	classApprove circuitClass = "approve"
	classCancel  circuitClass = "cancel"
	classLookUp  circuitClass = "look_up"
)

func circuitClasses() [4]circuitClass {
	return [...]circuitClass{classPrepare, classApprove, classCancel, classLookUp}
}

// classOf parts look-ups from what moves money: a PG that answers look-ups and loses approvals is not well.
func classOf(operation payment.Operation) circuitClass {
	switch operation {
	case payment.OperationPrepare:
		return classPrepare
	case payment.OperationApprove, payment.OperationCharge, payment.OperationIssueKey:
		return classApprove
	case payment.OperationLookUp, payment.OperationList:
		return classLookUp //guard:look-ups-make-up-for-nothing
	case payment.OperationNetCancel, payment.OperationCancel, payment.OperationCloseAccount:
	}
	return classCancel
}

// owed tells whether requests of the class are never kept back: they find money that moved, and give it back. Their
// circuits count all the same.
func (c circuitClass) owed() bool { return c == classCancel || c == classLookUp }

// circuits watch the requests to PGs, by PG and class. They are all that is known of a PG's health: routing, the
// metrics and what is kept back ask them. They are safe for concurrent use.
type circuits struct {
	now func() time.Time
	// most is how many requests of one class one PG gets at once.
	most func() int
	// kept hears of a request that was kept back.
	kept func(pg payment.PGID, class circuitClass, why string)

	mu sync.Mutex
	by map[circuitKey]*circuit
}

type circuitKey struct {
	pg    payment.PGID
	class circuitClass
}

// circuit is one class of requests to one PG. The breaker counts, trips and picks the trials; how long it stays open
// is ours to say, since its own clock is the wall's and its pause always the same.
type circuit struct {
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	// busy is how many requests are under way.
	busy int
	// spell is how long it was opened last, until when that lasts, lostAt when a request was lost last.
	spell         time.Duration
	until, lostAt time.Time
	// triedAt is when routing sent a buyer to try it again last.
	triedAt time.Time
}

func newCircuits(now func() time.Time, most func() int, kept func(payment.PGID, circuitClass, string)) *circuits {
	return &circuits{now: now, most: most, kept: kept, by: map[circuitKey]*circuit{}}
}

// of is the circuit of a PG and a class. h.mu is held, here and in all that the breaker calls.
func (h *circuits) of(pg payment.PGID, class circuitClass) *circuit {
	key := circuitKey{pg, class}
	if c := h.by[key]; c != nil {
		return c
	}
	c := &circuit{}
	c.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: trials,
		Timeout:     time.Nanosecond, // until is waited for instead
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= openAfter },
		IsExcluded:  func(err error) bool { return errors.Is(err, errGivenUp) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			switch to {
			case gobreaker.StateOpen:
				c.spell = min(max(2*c.spell, openFor), openMost)
				c.until = h.now().Add(c.spell)
			case gobreaker.StateClosed:
				c.spell = 0
			case gobreaker.StateHalfOpen:
			}
		},
	})
	h.by[key] = c
	return c
}

// exit lets a request out to a PG, or keeps it back, as lifecycle.Exit says.
func (h *circuits) exit(pg payment.PGID, operation payment.Operation) (came func(payment.CallOutcome), err error) {
	class := classOf(operation)
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.of(pg, class)
	counted, why := c.enter(h.now(), h.most())
	if why != "" && !class.owed() { //guard:what-is-owed-is-sent
		h.kept(pg, class, why)
		return nil, fmt.Errorf("%w (%s)", errKeptBack, why)
	}
	c.busy++
	return func(outcome payment.CallOutcome) { h.came(c, class, counted, outcome) }, nil
}

// enter asks for a request's way out; why is empty when it may go. What may not go and goes all the same is not
// counted.
func (c *circuit) enter(now time.Time, most int) (counted func(error), why string) {
	switch {
	case now.Before(c.until):
		return nil, keptOpen
	case c.busy >= most:
		return nil, keptFull
	}
	counted, err := c.breaker.Allow()
	if err != nil {
		return nil, keptTrial
	}
	return counted, ""
}

// came takes in what came of one request. An answer of any kind is a sign of life, a refusal too: a stranger's made-up
// token is refused by a PG that is well.
func (h *circuits) came(c *circuit, class circuitClass, counted func(error), outcome payment.CallOutcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.busy--
	if counted == nil {
		return
	}
	switch {
	case outcome == payment.CallGivenUp: //guard:own-fault-is-no-pgs
		counted(errGivenUp)
	case outcome.Answered() || outcome == payment.CallUnknown && class == classLookUp: //guard:lost-answer-counts
		counted(nil)
	default:
		c.lostAt = h.now()
		counted(errLost)
	}
}

// The states of a circuit, as the metric has them.
const (
	circuitClosed   = "closed"
	circuitOpen     = "open"
	circuitHalfOpen = "half_open"
)

func (c *circuit) state(now time.Time) string {
	switch {
	case now.Before(c.until):
		return circuitOpen
	case c.breaker.State() == gobreaker.StateClosed:
		return circuitClosed
	}
	return circuitHalfOpen
}

// well tells whether a PG should be used before others, as far as this class of requests goes. One that is being tried
// again is well for one decision every trialEvery, when trial is set. What is owed tries it by itself.
func (c *circuit) well(now time.Time, class circuitClass, trial bool) bool {
	switch c.state(now) {
	case circuitOpen:
		return false
	case circuitClosed:
		lost := c.breaker.Counts().ConsecutiveFailures >= unwellAfter
		return !lost || !now.Before(c.lostAt.Add(unwellFor))
	}
	if class.owed() || !trial || now.Equal(c.triedAt) {
		return true
	}
	if now.Before(c.triedAt.Add(trialEvery)) {
		return false
	}
	c.triedAt = now
	return true
}

// well tells whether a PG should be used before others.
func (h *circuits) well(pg payment.PGID, now time.Time, trial bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, class := range circuitClasses() {
		if c := h.by[circuitKey{pg, class}]; c != nil && !c.well(now, class, trial) {
			return false
		}
	}
	return true
}

// state is a PG's circuit as the metric shows it.
func (h *circuits) state(pg payment.PGID, class circuitClass) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.by[circuitKey{pg, class}]; c != nil {
		return c.state(h.now())
	}
	return circuitClosed
}

// healthAt is the PGs' health at the moment of one decision, as rules.Decide asks for it.
type healthAt struct {
	h   *circuits
	now time.Time
}

func (h *circuits) at(now time.Time) healthAt { return healthAt{h: h, now: now} }

// Healthy tells whether pg should be used before others.
func (a healthAt) Healthy(pg payment.PGID) bool { return a.h.well(pg, a.now, true) }
