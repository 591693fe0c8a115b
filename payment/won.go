package payment

import (
	"errors"
	"fmt"
	"strconv"
)

// Won is an amount of Korean won. The won has no minor unit, so this is the whole of it: never a float,
// never a bare integer.
type Won int64

// MaxWon is the largest amount that any part of the gateway accepts (9,999,999,999 won). It keeps every sum
// of a day's payments far from overflow and within what PGs accept as a price field.
const MaxWon Won = 9_999_999_999

// ErrAmount is returned for text that is not an amount of won.
var ErrAmount = errors.New("not an amount of won")

// ParseWon reads an amount written as plain digits: no sign, no separator, no decimals, no leading zero.
// Amounts above MaxWon are refused. Errors match ErrAmount.
func ParseWon(s string) (Won, error) {
	if s == "" || len(s) > 10 {
		return 0, fmt.Errorf("%w: %q must be 1 to 10 digits", ErrAmount, clip(s))
	}
	if s[0] == '0' && len(s) > 1 {
		return 0, fmt.Errorf("%w: %q has a leading zero", ErrAmount, s)
	}
	var n Won
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%w: %q has characters other than digits", ErrAmount, s)
		}
		n = n*10 + Won(c-'0')
	}
	return n, nil
}

// String writes the amount as plain digits, the form in which PGs sign it.
func (w Won) String() string { return strconv.FormatInt(int64(w), 10) }

func clip(s string) string {
	if len(s) > 24 {
		return s[:24] + "..."
	}
	return s
}
