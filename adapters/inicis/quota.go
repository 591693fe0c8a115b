package inicis

import (
	"strconv"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// installmentFrom is the smallest amount that may be paid by instalments.
const installmentFrom payment.Won = 50_000

// QuotaBase writes the plans that the window offers beside the lump sum: 2:3:4.
func QuotaBase(months []int) string {
	parts := make([]string, 0, len(months))
	for _, m := range months {
		if m >= 2 {
			parts = append(parts, strconv.Itoa(m))
		}
	}
	return strings.Join(parts, ":")
}

// NoInterest writes the plans whose interest the merchant pays: 11-2:3,34-5:6. Card companies that Inicis has
// no request code for are left out.
func NoInterest(plans []payment.AcquirerMonths) string { return joinPlans(plans, ",") }

// SlimQuota writes the plans whose interest the merchant pays in part: 11-2:3^34-2:3.
func SlimQuota(plans []payment.AcquirerMonths) string { return joinPlans(plans, "^") }

func joinPlans(plans []payment.AcquirerMonths, between string) string {
	parts := make([]string, 0, len(plans))
	for _, p := range plans {
		card, ok := payment.CardCompanyOf(p.Acquirer)
		months := QuotaBase(p.Months)
		if ok && card.Inicis != "" && months != "" {
			parts = append(parts, card.Inicis+"-"+months)
		}
	}
	return strings.Join(parts, between)
}

// requestCodes maps the words of card companies to request codes, leaving out those without one.
func requestCodes(words []string) []string {
	codes := make([]string, 0, len(words))
	for _, w := range words {
		if card, ok := payment.CardCompanyOf(w); ok && card.Inicis != "" {
			codes = append(codes, card.Inicis)
		}
	}
	return codes
}
