package gateway

import (
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// mostListedBack is how far back PGs are listed on demand: PortOne V1 lists 90 days, and a bit is for the clocks.
	mostListedBack = 91 * 24 * time.Hour
	// mostListedAtOnce is the longest period of one request.
	mostListedAtOnce = 25 * time.Hour
)

// listedAnswer is what came of a part of a period.
type listedAnswer struct {
	Counts map[string]int `json:"counts"`
	// Next goes with the request for the rest; empty when the period is done. Waiting is how many payments are still
	// being followed up.
	Next    string `json:"next"`
	Waiting int    `json:"waiting"`
}

// handleListing lists a part of what a PG has in a period of the past, and holds it against the journal as every round
// of the listing does.
func (g *Gateway) handleListing(c *fiber.Ctx) error {
	from, err1 := time.Parse(time.RFC3339, c.Query("from"))
	until, err2 := time.Parse(time.RFC3339, c.Query("until"))
	if err := errors.Join(err1, err2); err != nil || !from.Before(until) || until.Sub(from) > mostListedAtOnce ||
		from.Before(g.now().Add(-mostListedBack)) {
		return &payment.Problem{
			Code: payment.CodeInvalidField, Field: "from", DetailKo: "최근 90일 안에서 하루 이내의 기간이어야 합니다",
			DetailEn: "from and until must bound a day at most, within the last 90 days",
		}
	}
	done, err := g.listing.Over(g.requestContext(c), payment.PGID(c.Query("pg")), from, until, c.Query("next"))
	switch {
	case errors.Is(err, adapters.ErrUnsupported):
		return &payment.Problem{
			Code: payment.CodeInvalidField, Field: "pg", DetailKo: "결제 목록을 조회할 수 있는 PG가 아닙니다",
			DetailEn: "there is no PG of this name that can list",
		}
	case errors.Is(err, adapters.ErrRejected):
		return &payment.Problem{Code: payment.CodeInvalidField, Field: "next"}
	case errors.Is(err, adapters.ErrUnavailable):
		return errors.Join(&payment.Problem{Code: payment.CodePGUnavailable}, err)
	case err != nil:
		return errors.Join(&payment.Problem{Code: payment.CodeJournalDown}, err)
	}
	a := listedAnswer{Counts: map[string]int{}, Next: done.Next, Waiting: done.Waiting}
	for result, n := range done.Counts {
		a.Counts[string(result)] = n
	}
	return c.JSON(a)
}
