package payment

// Operation is what a request asked of a PG: the value of the metric's label, and what a PG's health is told.
type Operation string

// The operations.
const (
	OperationPrepare Operation = "prepare"
	OperationApprove Operation = "approve"
	// OperationCharge charges a stored billing key.
	OperationCharge Operation = "charge"
	// OperationIssueKey has a billing key issued for a card.
	OperationIssueKey  Operation = "issue_key"
	OperationNetCancel Operation = "net_cancel"
	OperationCancel    Operation = "cancel"
	// OperationCloseAccount closes a virtual account that nobody has paid into.
	OperationCloseAccount Operation = "close_account"
	OperationLookUp       Operation = "look_up"
	// OperationList lists what a PG has of an account.
	OperationList Operation = "list"
)

// MovesMoney tells whether an operation may move money.
func (o Operation) MovesMoney() bool {
	switch o {
	case OperationPrepare, OperationIssueKey, OperationLookUp, OperationList:
		return false
	case OperationApprove, OperationCharge, OperationNetCancel, OperationCancel, OperationCloseAccount:
	}
	return true
}
