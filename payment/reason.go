package payment

// Reason is the stable code of how an attempt came to its state. Rows of the journal keep it, and shops are told it.
type Reason string

// How an attempt came to be paid, or to wait for its deposit.
const (
	ReasonApproved Reason = "approved"
	ReasonIssued   Reason = "account_issued"
	// ReasonNotShown is why an attempt is unknown whose money the PG had shown and shows no more. The shop need not have
	// said yes to it, so it is not approved when the money shows again before the shop was asked.
	ReasonNotShown Reason = "charge_not_shown"
)

// Why an attempt ended, or was given back.
const (
	ReasonDeclined      Reason = "declined_by_pg"
	ReasonNotSent       Reason = "pg_unreachable"
	ReasonRejected      Reason = "rejected_by_pg"
	ReasonLost          Reason = "approval_answer_lost"
	ReasonMismatch      Reason = "mismatch_" // what differs follows
	ReasonDuplicate     Reason = "order_already_has_a_winner"
	ReasonShopRefused   Reason = "shop_refused"
	ReasonShopSilent    Reason = "shop_silent"
	ReasonInterrupted   Reason = "interrupted_before_approval"
	ReasonCancelledAtPG Reason = "cancelled_at_pg"
	ReasonNeverPaid     Reason = "never_paid"
	ReasonNoDeposit     Reason = "deposit_deadline_passed"
	ReasonClosedByShop  Reason = "closed_by_shop"
	ReasonNoWindow      Reason = "window_not_opened"
	ReasonResolved      Reason = "resolved_by_hand"
)

// Why a PG's question was answered no.
const (
	ReasonNoSuchPayment   Reason = "no_such_payment"
	ReasonNotAwaited      Reason = "payment_not_awaited"
	ReasonExpired         Reason = "window_expired"
	ReasonOrderBlocked    Reason = "order_claimed_by_another_attempt"
	ReasonJournalDown     Reason = "journal_unavailable"
	ReasonNoAccount       Reason = "merchant_gone"
	ReasonSeveralJournals Reason = "several_journals"
)

// Why a PG declined. A decline that says no more is declined_by_pg.
const (
	DeclinedLimit    Reason = "declined_limit"
	DeclinedBalance  Reason = "declined_balance"
	DeclinedCard     Reason = "declined_card"
	DeclinedExpired  Reason = "declined_expired"
	DeclinedStolen   Reason = "declined_stolen"
	DeclinedIdentity Reason = "declined_identity"
	DeclinedHours    Reason = "declined_hours"
	DeclinedBusy     Reason = "declined_busy"
	DeclinedByBuyer  Reason = "buyer_cancelled"
	// DeclinedAmount, DeclinedInstallment: the PG does not take such an amount, or such months, in this way.
	DeclinedAmount      Reason = "declined_amount"
	DeclinedInstallment Reason = "declined_installment"
	// DeclinedSetup: the shop's contract or keys at the PG do not fit, which only the shop can change.
	DeclinedSetup Reason = "declined_setup"
)

// Why a shop refused. A refusal that says no more is shop_refused.
const (
	RefusedStock  Reason = "shop_out_of_stock"
	RefusedPrice  Reason = "shop_price_changed"
	RefusedClosed Reason = "shop_closed"
)
