package rules

import (
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Outcomes counts how payments ended lately, by PG and method: what success_rate chooses by. It keeps the last
// ten minutes, minute by minute, and is safe for concurrent use.
type Outcomes struct {
	mu   sync.Mutex
	rows map[outcomeKey]*[outcomeBuckets]outcomeBucket
}

const outcomeBuckets = 10

type outcomeKey struct {
	pg     payment.PGID
	method payment.Method
}

type outcomeBucket struct {
	minute       int64
	total, right int
}

// NewOutcomes returns an empty count.
func NewOutcomes() *Outcomes {
	return &Outcomes{rows: make(map[outcomeKey]*[outcomeBuckets]outcomeBucket)}
}

// Record counts one payment that the PG decided. What the buyer did is no fault of the PG and must not be
// recorded: a closed window, a wrong password, a card over its limit.
func (o *Outcomes) Record(pg payment.PGID, method payment.Method, approved bool, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	row := o.rows[outcomeKey{pg, method}]
	if row == nil {
		row = new([outcomeBuckets]outcomeBucket)
		o.rows[outcomeKey{pg, method}] = row
	}
	minute := now.Unix() / 60
	// Never negative, whatever the clock says.
	b := &row[((minute%outcomeBuckets)+outcomeBuckets)%outcomeBuckets]
	// The minute that the bucket had before is too old to count.
	if b.minute != minute {
		*b = outcomeBucket{minute: minute}
	}
	b.total++
	if approved {
		b.right++
	}
}

// At returns the rates as of a moment, for Options.Rates.
func (o *Outcomes) At(now time.Time) RatesAt { return RatesAt{o: o, minute: now.Unix() / 60} }

// RatesAt are the rates as of a moment.
type RatesAt struct {
	o      *Outcomes
	minute int64
}

// SuccessRate implements Rates.
func (r RatesAt) SuccessRate(pg payment.PGID, method payment.Method) (float64, int) {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	row := r.o.rows[outcomeKey{pg, method}]
	if row == nil {
		return 0, 0
	}
	total, right := 0, 0
	for _, b := range row {
		if age := r.minute - b.minute; age >= 0 && age < outcomeBuckets {
			total, right = total+b.total, right+b.right
		}
	}
	if total == 0 {
		return 0, 0
	}
	return float64(right) / float64(total), total
}
