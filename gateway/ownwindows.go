package gateway

import (
	"github.com/gofiber/fiber/v2"
	"github.com/tidwall/gjson"

	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

// admitWindowOf is admit for what comes back from windows. Many buyers of phones share an address: whoever uses up
// its rate must not have those refused who have authenticated meanwhile. So what carries a seal of ours, be it the
// check in an attempt's id, is taken all the same, as often as may be asked about the attempt that it is for. sealed
// is called only for who has used up his rate.
func (g *Gateway) admitWindowOf(c *fiber.Ctx, sealed func() (payment.AttemptID, bool)) error {
	r, now := g.view().rules.Limits().Rates, g.now()
	wait, ok := g.limits.clients.take(g.client(c), r.Client, now)
	if ok {
		return nil
	}
	if id, ours := sealed(); ours { //guard:neighbours-use-up-no-own-rate
		if _, ok := g.limits.attempts.take("sealed "+string(id), r.Attempt, now); ok { //guard:sealed-return-has-an-end
			return nil
		}
	}
	return g.tooOften(metrics.LimitedClient, "", wait)
}

// admitCompletion is admitWindowOf in front of the handler of a window's callback, whose attempt the body names.
func (g *Gateway) admitCompletion(c *fiber.Ctx) error {
	err := g.admitWindowOf(c, func() (payment.AttemptID, bool) {
		body, err := keptBody(c, g)
		if err != nil {
			return "", false
		}
		id := payment.AttemptID(gjson.GetBytes(body, "attempt_id").String())
		return id, g.sealer.madeID(g.view().environment, id) //guard:neighbours-hold-no-callback
	})
	if err != nil {
		return err
	}
	return c.Next()
}

// sealedReturn names the attempt whose token is in a form that a window sent through the browser.
func (g *Gateway) sealedReturn(route returnRoute, raw []byte) (payment.AttemptID, bool) {
	ret, err := route.read(raw)
	if err != nil {
		return "", false
	}
	a, by, err := g.sealer.openAttempt(ret.Token, g.now())
	return a.ID, err == nil && !g.others.elsewhere(by)
}
