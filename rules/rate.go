package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Rate is how often something may be done: N times in Per, spread over it.
type Rate struct {
	N   int
	Per time.Duration
}

// PerSecond is the rate as a number a second.
func (r Rate) PerSecond() float64 { return float64(r.N) / r.Per.Seconds() }

// minBurst is how much may come at once at any rate.
const minBurst = 3

// Burst is how much may come at once: what ten seconds allow, and never fewer than three.
func (r Rate) Burst() int { return max(int(r.PerSecond()*10), minBurst) }

// RatesConfig is the section limits.rates, which holds strangers: what one may do, and what may be done to one order
// or attempt.
type RatesConfig struct {
	// Client is for one client address at all doors of payments together.
	Client Rate
	// Hooks is for one address that sends what no signature proves to come from a PG.
	Hooks Rate
	// Order is for checkouts of one order by one client with one method; Guesses for such with wrong figures.
	Order   Rate
	Guesses Rate
	// Attempt is for what makes us ask a PG about one attempt, when anybody could have sent it.
	Attempt Rate
}

func ratesReader(c *RatesConfig) reader {
	*c = RatesConfig{
		Client: Rate{100, time.Second}, Hooks: Rate{100, time.Second}, Order: Rate{300, time.Minute},
		Guesses: Rate{60, time.Minute}, Attempt: Rate{20, time.Minute},
	}
	return object(fields{
		"client": {
			rate(&c.Client),
			"Requests of one client address (IPv6: one /64) at the doors of payments. Many buyers on phones share an address.",
		},
		"hooks": {rate(&c.Hooks), "Messages from one address that no signature proves to come from a PG."},
		"order": {rate(&c.Order), "Checkouts of one order by one client (IPv6: one /48) with one method."},
		"guesses": {
			rate(&c.Guesses), "Checkouts of one order by one client (IPv6: one /48) with figures that are not the order's.",
		},
		"attempt": {rate(&c.Attempt), "How often what anybody may send makes us ask a PG about one attempt."},
	})
}

// rate reads 100/s, 20/m or 500/h. Ten seconds' worth may come at once, three at least.
func rate(dst *Rate) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.Pattern = "string", `^[1-9][0-9]*/[smh]$`
			return
		}
		s, ok := v.scalar("a rate")
		if !ok {
			return
		}
		digits, unit, cut := strings.Cut(s, "/")
		per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
		n, err := payment.ParseWon(digits)
		if !cut || per == 0 || err != nil || n < 1 || n > 1_000_000 {
			v.fail("as in 100/s, 20/m or 500/h, at most 1000000", "%q is not a rate", clip(s))
			return
		}
		*dst = Rate{N: int(n), Per: per}
	}
}

// String writes the rate as the file has it.
func (r Rate) String() string {
	return fmt.Sprintf("%d/%c", r.N, map[time.Duration]rune{time.Second: 's', time.Minute: 'm', time.Hour: 'h'}[r.Per])
}
