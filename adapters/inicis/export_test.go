package inicis

// ParseApproval lets the fuzz test reach the parser of approvals.
var ParseApproval = parseApproval
