package lifecycle

import (
	"sync"
	"time"
)

const (
	// sayEvery is the shortest time between two lines of a queue about the same outage.
	sayEvery = time.Minute
	// slowestLook is the longest pause between two look-ups while the journal cannot be asked.
	slowestLook = 8 * time.Second
)

// outage is what one queue remembers of a journal that cannot be asked, so that its log says that much and no more:
// the first failure, then how many there were in each minute, and the end. It is safe for concurrent use.
type outage struct {
	mu sync.Mutex
	// since is when the first of the failures was that nothing has succeeded after; row is how many they are.
	since time.Time
	row   int
	// said is when the latest failure was logged, quiet how many were not since; told, that its end is to be logged.
	said  time.Time
	quiet int
	told  bool
}

// failed takes in a failure. When it is time for a line, say is true, and quiet is how many failures had none since
// the last one.
func (o *outage) failed(now time.Time) (quiet int, say bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.row++; o.row == 1 {
		o.since = now
	}
	if !o.said.IsZero() && now.Sub(o.said) < sayEvery {
		o.quiet++
		return 0, false
	}
	quiet, o.said, o.quiet, o.told = o.quiet, now, 0, true
	return quiet, true
}

// answered takes in that the journal could be asked. When an outage that was logged is over by that, say is true,
// with how many failures it had and how long it took.
func (o *outage) answered(now time.Time) (failures int, took time.Duration, say bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	failures, took, say = o.row, now.Sub(o.since), o.told
	o.row, o.told = 0, false
	return failures, took, say
}

// pause is how long to wait before the next look-up: as usual, and longer with every failure in a row.
func (o *outage) pause(usual time.Duration) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return max(usual, min(usual<<min(o.row, 10), slowestLook))
}
