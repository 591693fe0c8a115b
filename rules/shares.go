package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// shareOrders is how many orders an expectation about shares decides. Their numbers are the same in every run.
const shareOrders = 5000

// share is how many orders of a hundred go to a PG: of is between of-by and of+by.
type share struct {
	of, by float64
}

// shareOf reads 70±5 or 70 +- 5, in percent; without a tolerance one point is allowed.
func shareOf(dst *share) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type = "string"
			return
		}
		s, ok := v.scalar("a share, as 70±5")
		if !ok {
			return
		}
		text := strings.NewReplacer(" ", "", "%", "", "+-", "±").Replace(s)
		of, by, stated := strings.Cut(text, "±")
		if !stated {
			by = "1"
		}
		var err1, err2 error
		dst.of, err1 = strconv.ParseFloat(of, 64)
		dst.by, err2 = strconv.ParseFloat(by, 64)
		if err1 != nil || err2 != nil || !(dst.of >= 0 && dst.of <= 100 && dst.by >= 0 && dst.by <= 100) {
			v.fail("as in 70±5: between 65 and 75 of 100 orders", "%q is not a share", clip(s))
		}
	}
}

// shares decides many orders that differ by their number only, and says which PGs get another share than expected.
func (c *TestCase) shares(s *Snapshot, opt Options) []string {
	if len(c.share) == 0 {
		return nil
	}
	count := make(map[string]int)
	order := c.Checkout
	// The case's own list stays as it is, whatever deciding does with it.
	order.Payments = slices.Clone(order.Payments)
	for i := range shareOrders {
		order.OrderID = payment.OrderID(fmt.Sprintf("%s-%d", c.Checkout.OrderID, i+1))
		dec, err := s.Decide(&order, opt)
		switch {
		case err != nil:
			count["denied"]++
		case dec.Internal:
			count["internal"]++
		default:
			count[string(dec.PG.ID)]++
		}
	}
	var out []string
	for _, e := range c.share {
		got := float64(count[e.key.text]) * 100 / shareOrders
		if got < e.val.of-e.val.by || got > e.val.of+e.val.by {
			out = append(out, fmt.Sprintf("share of %s is %.1f, want %g±%g", e.key.text, got, e.val.of, e.val.by))
		}
	}
	return out
}
