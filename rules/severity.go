package rules

import "strings"

// Blocking tells that real payments must wait for this: what is not blocking costs comfort or some card companies,
// not money.
func (a Advice) Blocking() bool {
	if strings.HasPrefix(a.Path, "payment_methods.") {
		return false
	}
	switch a.Path[strings.LastIndexByte(a.Path, '.')+1:] {
	case "cards", "confirm":
		return false
	}
	return !a.optional
}
