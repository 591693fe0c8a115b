package channels

import (
	"strconv"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Inicis takes its plans in a grammar of its own, from its own window's form and from an aggregator's alike.

// InicisQuotaBase writes the plans that the window offers beside the lump sum: 2:3:4.
func InicisQuotaBase(months []int) string {
	var room [64]byte
	text := room[:0]
	for _, m := range months {
		if m < 2 {
			continue
		}
		if len(text) > 0 {
			text = append(text, ':')
		}
		text = strconv.AppendInt(text, int64(m), 10)
	}
	return string(text)
}

// InicisNoInterest writes the plans whose interest the merchant pays: 11-2:3,34-5:6. Card companies that Inicis has
// no request code for are left out.
func InicisNoInterest(plans []payment.AcquirerMonths) string { return joinPlans(plans, ",") }

// InicisSlimQuota writes the plans whose interest the merchant pays in part: 11-2:3^34-2:3.
func InicisSlimQuota(plans []payment.AcquirerMonths) string { return joinPlans(plans, "^") }

func joinPlans(plans []payment.AcquirerMonths, between string) string {
	parts := make([]string, 0, len(plans))
	for _, p := range plans {
		card, ok := payment.CardCompanyOf(p.Acquirer)
		months := InicisQuotaBase(p.Months)
		if ok && card.Inicis != "" && months != "" {
			parts = append(parts, card.Inicis+"-"+months)
		}
	}
	return strings.Join(parts, between)
}
