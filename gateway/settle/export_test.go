package settle

import "github.com/pg-gateway/pg-gateway/payment"

// PlanCancel makes a cancel of what a shop asks.
func PlanCancel(a payment.Attempt, have []payment.Cancel, ask CancelAsk) (payment.Cancel, error) {
	return planCancel(a, have, ask)
}
