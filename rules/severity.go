package rules

import "strings"

// Blocking tells that real payments must wait for this: what is not blocking costs comfort or some card companies,
// not money.
func (a Advice) Blocking() bool {
	if strings.HasPrefix(a.Path, "payment_methods.") {
		return false
	}
	switch a.Path[strings.LastIndexByte(a.Path, '.')+1:] {
	case "webhook_secrets":
		return a.Msg != noWebhookSecrets // one that everybody knows is worse than none
	case "cards", "client_ip", "manual_confirm", "confirm":
		return false
	}
	return true
}
