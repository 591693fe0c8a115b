package gateway

import (
	"errors"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/time/rate"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

// How many messages a second are taken for one PG from addresses that it is not known to send from, and how many at
// once. Each costs a question to the PG, and proves nothing by itself.
const (
	strangersPerSecond = 2
	strangersAtOnce    = 20
)

// strangers bounds what comes from addresses that a PG's messages are not known to come from. There is one limit for
// each PG of the rules. It is safe for concurrent use.
type strangers struct {
	mu     sync.Mutex
	limits map[payment.PGID]*rate.Limiter
}

func newStrangers() *strangers { return &strangers{limits: map[payment.PGID]*rate.Limiter{}} }

// allow tells whether one more message for pg is taken now.
func (s *strangers) allow(pg payment.PGID, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.limits[pg]
	if !ok {
		l = rate.NewLimiter(strangersPerSecond, strangersAtOnce)
		s.limits[pg] = l
	}
	return l.AllowN(now, 1)
}

// hinted takes what nobody signs from anywhere: the addresses that PortOne V1 sends from have changed before, and who
// refused the new ones heard nothing any more. From others than those the rules list, a bounded number is taken, and
// what came of it is counted as such unless somebody may want to be woken for it.
func (g *Gateway) hinted(
	c *fiber.Ctx, pg *payment.PG, do func(listed bool) (string, error),
) (string, error) {
	if g.isSource(c, pg) {
		return do(true)
	}
	if !g.strangers.allow(pg.ID, g.now()) { //guard:unlisted-is-bounded
		return metrics.WebhookForged, &payment.Problem{Code: payment.CodeSourceNotAllowed}
	}
	result, err := do(false)
	switch result {
	case metrics.WebhookAccepted, metrics.WebhookDuplicate, metrics.WebhookIgnored, metrics.WebhookNobodys:
		result = metrics.WebhookUnlisted
	}
	return result, err
}

// errNotShown tells that a PG does not show what an unsigned message says.
var errNotShown = errors.New("the PG does not show what the message is about")
