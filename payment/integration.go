package payment

// Integration is how a contract is used with its PG (연동방식).
type Integration string

// The integrations.
const (
	// IntegrationWindow: the buyer pays, or registers a card, in the PG's window (결제창).
	IntegrationWindow Integration = "window"
	// IntegrationAPI: the order service sends a card's data, or opens an account, without a window (API, 수기결제).
	IntegrationAPI Integration = "api"
	// IntegrationBilling: a stored billing key is charged (빌링).
	IntegrationBilling Integration = "billing"
)

// Integration is the one that a checkout needs of a contract.
func (c *Checkout) Integration() Integration {
	switch {
	case c.Purpose == PurposeRecurring:
		return IntegrationBilling
	case c.Windowless():
		return IntegrationAPI
	}
	return IntegrationWindow
}
