package payment

// Operation is what a request asked of a PG: the value of the metric's label, and what a PG's health is told.
type Operation string

// The operations.
const (
	OperationPrepare   Operation = "prepare"
	OperationApprove   Operation = "approve"
	OperationNetCancel Operation = "net_cancel"
	OperationCancel    Operation = "cancel"
	// OperationCloseAccount closes a virtual account that nobody has paid into.
	OperationCloseAccount Operation = "close_account"
	OperationLookUp       Operation = "look_up"
)

// MovesMoney tells whether an operation may move money.
func (o Operation) MovesMoney() bool {
	switch o {
	case OperationPrepare, OperationLookUp:
		return false
	case OperationApprove, OperationNetCancel, OperationCancel, OperationCloseAccount:
	}
	return true
}
