package cli

import (
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// onTheClock is a moment as the lists of commands print it: by Korea's clock, whatever the clock of the container is.
func onTheClock(t time.Time) string { return t.In(payment.KST()).Format(time.DateTime + " MST") }

// moment reads a time given on the command line; nothing is now.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%q is not a time, as in 2026-12-24T23:45:00+09:00", text)
	}
	return at, nil
}

// bound reads a bound of time given by a flag: a moment, or a day in Korea, which lies wholly within the bounds.
func bound(flag, text string, upper bool) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, payment.KST())
	if err != nil {
		return time.Time{}, fmt.Errorf(
			"--%s %q is neither a time, as in 2026-11-01T09:00:00+09:00, nor a day in Korea, as in 2026-11-01", flag, text)
	}
	if upper {
		day = day.AddDate(0, 0, 1) //guard:last-day-is-whole
	}
	return day, nil
}
