package payment

import (
	"cmp"
	"errors"
	"time"
)

// Code is a stable name for something that went wrong, the same in answers, logs, metrics and docs.
type Code string

// The problem codes. Each has one row in describe.
const (
	CodeRequestUnreadable    Code = "REQUEST_UNREADABLE"
	CodeInvalidJSON          Code = "INVALID_JSON"
	CodeDuplicateKey         Code = "DUPLICATE_KEY"
	CodeNotUTF8              Code = "NOT_UTF8"
	CodeInvalidField         Code = "INVALID_FIELD"
	CodeMissingField         Code = "MISSING_FIELD"
	CodeBodyTooLarge         Code = "BODY_TOO_LARGE"
	CodeHeadersTooLarge      Code = "HEADERS_TOO_LARGE"
	CodeUnsupportedMediaType Code = "UNSUPPORTED_MEDIA_TYPE"
	CodeNotFound             Code = "NOT_FOUND"
	CodePathNotForwarded     Code = "PATH_NOT_FORWARDED"
	CodeOriginNotAllowed     Code = "ORIGIN_NOT_ALLOWED"
	CodeMethodNotAllowed     Code = "METHOD_NOT_ALLOWED"

	CodeUnknownMethod       Code = "UNKNOWN_METHOD"
	CodeTwoPrimaries        Code = "TWO_PRIMARIES"
	CodeSumMismatch         Code = "SUM_MISMATCH"
	CodeReturnURLNotAllowed Code = "RETURN_URL_NOT_ALLOWED"
	CodeAppSchemeNotAllowed Code = "APP_SCHEME_NOT_ALLOWED"
	CodeAmountMismatch      Code = "AMOUNT_MISMATCH"
	CodeSplitMismatch       Code = "SPLIT_MISMATCH"
	CodeMethodNotInUse      Code = "METHOD_NOT_IN_USE"
	CodeMethodNotLinked     Code = "METHOD_NOT_LINKED"
	CodePGNotInUse          Code = "PG_NOT_IN_USE"
	CodeMerchantNotFound    Code = "MERCHANT_NOT_FOUND"
	CodeAmountTooSmall      Code = "AMOUNT_TOO_SMALL"
	CodeAmountTooLarge      Code = "AMOUNT_TOO_LARGE"
	CodeSiteNotAllowed      Code = "SITE_NOT_ALLOWED"
	CodeDeviceNotAllowed    Code = "DEVICE_NOT_ALLOWED"
	CodeBlockedByControl    Code = "BLOCKED_BY_CONTROL"
	CodeCardNotApproved     Code = "CARD_NOT_APPROVED"
	CodeInstallmentRefused  Code = "INSTALLMENT_NOT_ALLOWED"
	CodeTaxFreeRequired     Code = "TAX_FREE_REQUIRED"
	CodeTaxNotAllowed       Code = "TAX_NOT_ALLOWED"
	CodeDepositDueRefused   Code = "VBANK_DUE_NOT_ALLOWED"
	CodeNotRouted           Code = "NOT_ROUTED"
	CodePurposeNotSupported Code = "PURPOSE_NOT_SUPPORTED"
	CodeOrderNotFound       Code = "ORDER_NOT_FOUND"
	CodeOrderAlreadyPaid    Code = "ORDER_ALREADY_PAID"
	CodeOrderInProgress     Code = "ORDER_IN_PROGRESS"
	CodeOrderAwaitsDeposit  Code = "ORDER_AWAITS_DEPOSIT"
	CodeOrderServiceDown    Code = "ORDER_SERVICE_UNAVAILABLE"
	CodeOrderAnswerInvalid  Code = "ORDER_ANSWER_INVALID"
	CodeOrderRefused        Code = "ORDER_REFUSED"
	CodeJournalDown         Code = "JOURNAL_UNAVAILABLE"
	CodeSeveralJournals     Code = "SEVERAL_JOURNALS"
	CodePGUnavailable       Code = "PG_UNAVAILABLE"
	CodePGRefused           Code = "PG_REFUSED"
	CodeUpstreamUnavailable Code = "UPSTREAM_UNAVAILABLE"
	CodeUpstreamTimeout     Code = "UPSTREAM_TIMEOUT"
	CodeAttemptNotFound     Code = "ATTEMPT_NOT_FOUND"
	CodeReturnForged        Code = "RETURN_FORGED"
	CodeReturnExpired       Code = "RETURN_EXPIRED"
	CodeReturnReplayed      Code = "RETURN_REPLAYED"
	CodeAuthURLRefused      Code = "AUTH_URL_REFUSED"
	CodePaymentUnknown      Code = "PAYMENT_UNKNOWN"
	CodeNotCancellable      Code = "NOT_CANCELLABLE"
	CodeCancelTooMuch       Code = "CANCEL_EXCEEDS_REMAINING"
	CodeCancelInProgress    Code = "CANCEL_IN_PROGRESS"
	CodeCancelRepeated      Code = "CANCEL_REPEATED"
	CodeCancelRefused       Code = "CANCEL_REFUSED"
	CodeCancelUnknown       Code = "CANCEL_UNKNOWN"
	CodeCallNotTaken        Code = "CALL_NOT_TAKEN"
	CodeUnauthorized        Code = "UNAUTHORIZED"
	CodeWebhookForged       Code = "WEBHOOK_FORGED"
	CodeSourceNotAllowed    Code = "SOURCE_NOT_ALLOWED"
	CodeWebhookInvalid      Code = "WEBHOOK_INVALID"
	CodeKeyNotFound         Code = "BILLING_KEY_NOT_FOUND"
	CodeKeyNotUsable        Code = "BILLING_KEY_NOT_USABLE"
	CodeKeyScheduled        Code = "BILLING_KEY_SCHEDULED"
	CodeKeyInUse            Code = "BILLING_KEY_IN_USE"
	CodeKeyUnknown          Code = "BILLING_KEY_UNKNOWN"
	CodeCardHasKey          Code = "CARD_HAS_BILLING_KEY"
	CodeIdentityRequired    Code = "IDENTITY_VERIFICATION_REQUIRED"
	CodeIdentityRefused     Code = "IDENTITY_VERIFICATION_REFUSED"
	CodeChargeDeclined      Code = "CHARGE_DECLINED"
	CodeChargeIDUsed        Code = "CHARGE_ID_USED"
	CodeRecovering          Code = "RECOVERY_IN_PROGRESS"
	CodeRecoveryNotFound    Code = "RECOVERY_NOT_FOUND"
	CodeKeyInvalid          Code = "IDEMPOTENCY_KEY_INVALID"
	CodeKeyReused           Code = "IDEMPOTENCY_KEY_REUSED"
	CodeKeyInProgress       Code = "IDEMPOTENCY_IN_PROGRESS"
	CodeTooManyAttempts     Code = "TOO_MANY_ATTEMPTS"
	CodeRateLimited         Code = "RATE_LIMITED"
	CodeShuttingDown        Code = "SHUTTING_DOWN"
	CodeOverloaded          Code = "OVERLOADED"
	CodeInternal            Code = "INTERNAL"
)

// Description is the fixed part of a problem: HTTP status, title, and how to mend it, in both languages.
type Description struct {
	Status  int
	TitleKo string
	TitleEn string
	FixKo   string
	FixEn   string
}

// Problem is an error that a user of the gateway is shown: a code, the field to mend, and a detail in both
// languages. Details never hold secrets, personal data or inner error text.
type Problem struct {
	Code Code
	// Field is the JSON path of the field to mend, as in payments.0.method; empty when there is none.
	Field    string
	DetailKo string
	DetailEn string
	// BuyerKo and BuyerEn are the shop's own words to its buyer, as of a control that closes a method; empty leaves it
	// to Code.ForBuyer.
	BuyerKo, BuyerEn string
	// OrderID is the order it is about, when known.
	OrderID OrderID
	// AttemptID is the attempt it is about, and Reason why that ended, for who charges a billing key, or the code of a
	// cancel that was refused.
	AttemptID AttemptID
	Reason    Reason
	// KeySafety tells a caller who repeats requests whether a new idempotency key is safe; empty when that
	// does not apply.
	KeySafety KeySafety
	// Recovery is where the recovery of a declined charge stands; nil when there is none.
	Recovery *RecoveryStanding
	// RetryAfter is how long to wait before asking again; zero when that is not known.
	RetryAfter time.Duration
	// Pending are charges that stand in the way of what was asked for.
	Pending []PendingCharge
	// Trace is the decision's trace when one was asked for.
	Trace []Step
}

// KeySafety says whether a request may be made anew under another idempotency key.
type KeySafety string

// The answers.
const (
	// NewKeySafe: it is proven that nothing was applied.
	NewKeySafe KeySafety = "safe"
	// NewKeyUnsafe: it may have been applied; ask again with the same key.
	NewKeyUnsafe KeySafety = "unsafe"
	// NewKeyNever: it is proven that nothing was applied, and the same would be refused under any key.
	NewKeyNever KeySafety = "never"
	// NewKeyWait: nothing was applied, and the gateway itself tries again: ask for nothing meanwhile.
	NewKeyWait KeySafety = "wait"
)

// Error implements error.
func (p *Problem) Error() string {
	s := string(p.Code)
	if p.Field != "" {
		s += " (" + p.Field + ")"
	}
	if p.DetailEn != "" {
		s += ": " + p.DetailEn
	}
	return s
}

// ForBuyer is what a buyer may be shown of p.
func (p *Problem) ForBuyer() (ko, en string) {
	ko, en = p.Code.ForBuyer()
	return cmp.Or(p.BuyerKo, ko), cmp.Or(p.BuyerEn, en)
}

// AsProblem finds the Problem in err's chain.
func AsProblem(err error) (*Problem, bool) { return errors.AsType[*Problem](err) }

// Describe returns the fixed part of c's problem. An unknown code is described as CodeInternal.
func (c Code) Describe() Description {
	if d, ok := describe(c); ok {
		return d
	}
	d, _ := describe(CodeInternal)
	return d
}
