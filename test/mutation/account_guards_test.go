package mutation

// accountGuards are those of virtual accounts, their deposits, and billing keys.
func accountGuards() []guard {
	const tests = "./lifecycle"
	return []guard{
		{
			name: "message-of-another-key", does: skip(),
			says: "a message of another key says so",
			pkg:  "./lifecycle", run: "TestAMessageOfAnotherKeySaysSo",
		},
		{
			name: "undecided-account-is-closed", does: never(),
			says: "an account that nobody decided on is closed without asking",
			pkg:  tests, run: "TestAnAccountThatNobodyDecidedOn",
		},
		{
			name: "account-without-known-deadline", does: drop(1),
			says: "an account without a known deadline can be paid into",
			pkg:  tests, run: "TestAnAccountThatNobodyDecidedOn",
		},
		{
			name: "order-has-one-account", does: drop(2),
			says: "an order has one account",
			pkg:  "./lifecycle", run: "TestAnOrderHasOneAccount",
		},
		{
			name: "account-is-compared", does: never(),
			says: "an issued account is compared with what was decided",
			pkg:  tests, run: "TestAWrongAccountIsClosed",
		},
		{
			name: "no-closes-a-found-account", does: never(),
			says: "the shop's no closes an account that was found",
			pkg:  tests, run: "TestAnAccountThatIsFound",
		},
		{
			name: "account-number-is-sealed", does: skip(),
			says: "an account number is sealed in the journal",
			pkg:  tests, run: "TestAnIssuedAccountIsNotPaid",
		},
		{
			name: "unanswered-look-up-ends-no-account", does: skip(),
			says: "an unanswered look-up does not end an account",
			pkg:  tests, run: "TestAnAccountIsFollowedToItsEnd",
		},
		{
			name: "deposit-under-way-is-waited-for", does: at(2, at(1, becomes("end"))),
			says: "a deposit under way at the deadline is waited for",
			pkg:  tests, run: "TestAnAccountIsFollowedToItsEnd",
		},
		{
			name: "account-money-goes-nowhere", does: never(),
			says: "money in an account is sent nowhere by itself",
			pkg:  tests, run: "TestAnAccountIsFollowedToItsEnd",
		},
		{
			name: "paid-meanwhile-is-not-closed", does: never(),
			says: "an account that was paid meanwhile is not closed",
			pkg:  tests, run: "TestTheShopClosesAnAccount",
		},
		{
			name: "ended-attempts-account-is-shut", does: never(),
			says: "an account of an ended attempt is shut",
			pkg:  tests, run: "TestAnAccountOfAnEndedAttemptIsShut",
		},
		{
			name: "person-ends-no-waiting-account", does: never(),
			says: "a person does not end an account that waits",
			pkg:  tests, run: "TestAnOverdueAccountIsForAPerson",
		},
		{
			name: "notice-of-another-account", does: never(),
			says: "a notice of another account is nobody's",
			pkg:  "./gateway", run: "TestAForgedNoticePaysNothing",
		},
		{
			name: "second-deposit-is-flagged", does: never(),
			says: "a second deposit is flagged",
			pkg:  "./gateway", run: "TestOddDepositsAreForAPerson",
		},
		{
			name: "undone-accounts-money-on-record", does: becomes("NotificationResult{Result: r}, error(nil)"),
			says: "money in an account that is being undone is on record before its notification is acknowledged",
			pkg:  tests, run: "TestAPaidAccountThatIsBeingClosed",
		},
		{
			name: "no-net-cancel-over-account-money", does: instead("why = lookUpAccountIsNeeded"),
			says: "no net cancel ends an attempt over money in its account",
			pkg:  tests, run: "TestADepositIntoAnAccountThatIsBeingUndone",
		},
		{
			name: "unshown-notice-not-acknowledged", does: never(),
			says: "a notice that the PG does not show is not acknowledged",
			pkg:  tests, run: "TestADepositThatIsNotShownIsSaidAgain",
		},
		{
			name: "overdue-found-is-not-kept", does: never(),
			says: "an account that is found when its time is over holds no order",
			pkg:  tests, run: "TestAnAccountWhoseTimeIsOverIsNotIssued",
		},
		{
			name: "overdue-is-not-issued", does: never(),
			says: "an account whose time is over is not issued",
			pkg:  tests, run: "TestAnAccountWhoseTimeIsOverIsNotIssued",
		},
		{
			name: "deposit-of-another-amount", does: never(),
			says: "a deposit of another amount is flagged",
			pkg:  tests, run: "TestANoticeOfAnotherAmount",
		},
		{
			name: "notice-is-confirmed", does: always(),
			says: "a notice is confirmed by the PG's inquiry",
			pkg:  "./gateway", run: "TestAForgedNoticePaysNothing",
		},
		{
			name: "notices-source", does: never(),
			says: "notices come from Inicis' addresses",
			pkg:  "./gateway", run: "TestANoticeFromElsewhereIsRefused",
		},
		{
			name: "awaited-deposit-no-other-window", does: skip(),
			says: "an order that waits for a deposit gets no other window",
			pkg:  "./gateway", run: "TestADepositPaysTheOrder",
		},
		{
			name: "issued-holds", does: drop(4),
			says: "an issued account holds its order",
			pkg:  tests, run: "TestAnIssuedAccountIsNotPaid",
		},
		{
			name: "no-forgets-a-key", does: never(),
			says: "the shop's no forgets a key",
			pkg:  tests, run: "TestAKeyFromTheWindow",
		},
		{
			name: "payments-token-for-a-key", does: drop(2),
			says: "a payment's token is none for a key",
			pkg:  "./gateway", run: "TestAForgedKeyReturnChangesNothing",
		},
		{
			name: "keys-token-for-a-payment", does: never(),
			says: "a key's token is none for a payment",
			pkg:  "./gateway", run: "TestAForgedKeyReturnChangesNothing",
		},
	}
}
