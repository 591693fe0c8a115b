package inicis

import (
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// DeclineReason is why Inicis or a card company behind it declined, as an attempt's reason: by the code where one is
// written down (inicis.md §9), else by the words; empty when neither tells.
func DeclineReason(code, message string) payment.Reason {
	if m := cardCode.FindStringSubmatch(code); m != nil {
		if reason := cardReason(m[1]); reason != "" {
			return reason
		}
	}
	for _, text := range []string{code, message} {
		for _, m := range detail.FindAllStringSubmatch(text, -1) {
			if reason := suffixReason(m[1]); reason != "" {
				return reason
			}
		}
	}
	return wire.Decline(message)
}

// cardReason reads the two last digits of a card company's answer.
func cardReason(nn string) payment.Reason {
	switch nn {
	case "02", "16", "37", "49":
		return payment.DeclinedLimit
	case "54":
		return payment.DeclinedBalance
	case "01", "14", "48":
		return payment.DeclinedCard
	case "04", "23":
		return payment.DeclinedExpired
	case "26":
		return payment.DeclinedStolen
	case "35", "41":
		return payment.DeclinedBusy
	case "19", "21", "51", "52":
		return payment.DeclinedIdentity
	}
	return ""
}

// suffixReason reads the suffix of a detail code; suffixes mean the same in every family.
func suffixReason(suffix string) payment.Reason {
	switch {
	case suffix >= "644" && suffix <= "651", suffix == "653", suffix == "786":
		return payment.DeclinedLimit
	case strings.Contains(" 751 754 941 ", " "+suffix+" "):
		return payment.DeclinedHours
	}
	return ""
}
