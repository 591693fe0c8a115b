package inicis

import "github.com/pg-gateway/pg-gateway/payment"

// installmentFrom is the smallest amount that may be paid by instalments.
const installmentFrom payment.Won = 50_000

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
