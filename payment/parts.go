package payment

import (
	"net/url"
	"strconv"
	"strings"
)

// Parts says which methods pay how much, as text: mileage:4900,giftcard:1000. Being text, it keeps an attempt
// comparable, travels with it through the browser and is stored as it is.
type Parts string

// PartsOf writes a list as Parts. Methods that pay nothing are left out.
func PartsOf(list []MethodAmount) Parts {
	var room [128]byte
	b := room[:0]
	for _, p := range list {
		if p.Amount == 0 {
			continue
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		// A configuration may give a method any name, commas and colons included.
		b = append(append(b, url.QueryEscape(string(p.Method))...), ':')
		b = strconv.AppendInt(b, int64(p.Amount), 10)
	}
	return Parts(b)
}

// List is p as a list. Text that PartsOf did not write is left out of it.
func (p Parts) List() []MethodAmount {
	var list []MethodAmount
	for part := range strings.SplitSeq(string(p), ",") {
		name, amount, _ := strings.Cut(part, ":")
		method, unescaping := url.QueryUnescape(name)
		if won, parsing := ParseWon(amount); unescaping == nil && parsing == nil {
			list = append(list, MethodAmount{Method: Method(method), Amount: won})
		}
	}
	return list
}

// Split is how the attempt's order is paid: what the PG charges first, then what the shop settles itself.
func (a Attempt) Split() []MethodAmount {
	return append([]MethodAmount{{Method: a.Method, Amount: a.Amount}}, a.Secondary.List()...)
}
