package inicis

// ParseApproval lets the fuzz test reach the parser of approvals.
var ParseApproval = parseApproval

// ParseMobileApproval lets the fuzz test reach the parser of mobile approvals.
var ParseMobileApproval = parseMobileApproval

// Method and MobileMethod let the tests reach the words for methods.
var (
	Method       = method
	MobileMethod = mobileMethod
)
