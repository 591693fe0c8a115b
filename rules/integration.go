package rules

import (
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// integrationSet is a set of integrations.
type integrationSet uint8

const allIntegrations integrationSet = 7

func integrationBit(i payment.Integration) integrationSet {
	switch i {
	case payment.IntegrationWindow:
		return 1
	case payment.IntegrationAPI:
		return 2
	case payment.IntegrationBilling:
		return 4
	}
	return 0
}

// notBy says in the trace which integration a contract has not.
func notBy(i payment.Integration) string {
	switch i {
	case payment.IntegrationAPI:
		return "the contract has no integration api"
	case payment.IntegrationBilling:
		return "the contract has no integration billing"
	case payment.IntegrationWindow:
	}
	return "the contract has no integration window"
}

// integrations reads a set of integrations; all when none is named.
func (b *builder) integrations(ws []word) integrationSet {
	if len(ws) == 0 {
		return allIntegrations
	}
	var set integrationSet
	for _, w := range ws {
		bit := integrationBit(payment.Integration(w.text))
		if bit == 0 && w.text != "" {
			w.at.fail(hintOf(w.text, []string{"window", "api", "billing"}), "unknown integration %q", clip(w.text))
		}
		set |= bit
	}
	return set
}

// usedBy are the integrations that contracts for a purpose are used by.
func usedBy(p payment.MerchantPurpose) []payment.Integration {
	switch p {
	case payment.MerchantRecurring:
		return []payment.Integration{payment.IntegrationWindow, payment.IntegrationAPI, payment.IntegrationBilling}
	case payment.MerchantKeyIn:
		return []payment.Integration{payment.IntegrationAPI}
	case payment.MerchantGeneral, payment.MerchantEscrow, payment.MerchantAccountVerification:
	}
	return []payment.Integration{payment.IntegrationWindow}
}

// integration complains about integrations of a contract that nothing would use: whoever wrote them believes that they
// act.
func (b *builder) integration(r *rawMerchant, m *merchant) {
	able, text := integrationSet(0), []string{}
	for _, i := range usedBy(m.Purpose) {
		able |= integrationBit(i)
		text = append(text, string(i))
	}
	for _, w := range r.integrations {
		bit := integrationBit(payment.Integration(w.text))
		switch {
		case bit != 0 && able&bit == 0: //guard:integrations-are-used
			w.at.fail("its purpose is used by "+strings.Join(text, ", "),
				"a contract of purpose %s is not used by %s", m.Purpose, w.text)
		case bit == integrationBit(payment.IntegrationBilling) && !m.owner.spec.ChargesKeys:
			w.at.fail("leave it out", "driver %s charges no billing keys", m.owner.Driver)
		}
	}
}
