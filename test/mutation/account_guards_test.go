package mutation

// accountGuards are those of virtual accounts, their deposits, and billing keys.
func accountGuards() []guard {
	const (
		account = "lifecycle/account.go"
		deposit = "lifecycle/deposit.go"
		key     = "lifecycle/key.go"
		tests   = "./lifecycle"
	)
	return []guard{
		{
			name: "a message of another key says so", file: "lifecycle/outbox.go",
			old: "		why = sealedReason", new: "		_ = sealedReason",
			pkg: "./lifecycle", run: "TestAMessageOfAnotherKeySaysSo",
		},
		{
			name: "an account that nobody decided on is closed without asking", file: account,
			old: `	if wrong, _ := s.compare(ctx, w, r); wrong != "" {`, new: `	if wrong := ""; wrong != "" {`,
			pkg: tests, run: "TestAnAccountThatNobodyDecidedOn",
		},
		{
			name: "an account without a known deadline can be paid into", file: account,
			old: "	return !end.IsZero() && ", new: "	return ",
			pkg: tests, run: "TestAnAccountThatNobodyDecidedOn",
		},
		{
			name: "an order has one account", file: "lifecycle/read.go",
			old: " || taken.State == payment.StateIssued {", new: " {",
			pkg: "./lifecycle", run: "TestAnOrderHasOneAccount",
		},
		{
			name: "an issued account is compared with what was decided", file: account,
			old: "	case wrong != \"\":", new: "	case false:",
			pkg: tests, run: "TestAWrongAccountIsClosed",
		},
		{
			name: "the shop's no closes an account that was found", file: account,
			old: "	if !w.answer.Yes {\n		return s.undo(ctx, w, w.answer.Reason)\n	}\n	return s.issued(ctx, w, r)",
			new: "	return s.issued(ctx, w, r)",
			pkg: tests, run: "TestAnAccountThatIsFound",
		},
		{
			name: "an account number is sealed in the journal", file: "lifecycle/message.go",
			old: "	m.Body, m.Sealed = body, true",
			new: "	_ = body",
			pkg: tests, run: "TestAnIssuedAccountIsNotPaid",
		},
		{
			name: "an unanswered look does not end an account", file: account,
			old: "	case r.Outcome == payment.OutcomeUnknown, r.Outcome == payment.OutcomeNotFound:\n		return s.depositLater(ctx, w, r, lookUpUndecided)\n",
			new: "",
			pkg: tests, run: "TestAnAccountIsFollowedToItsEnd",
		},
		{
			name: "a deposit under way at the deadline is waited for", file: account,
			old: "s.o.Now().After(end.Add(depositGrace))",
			new: "s.o.Now().After(end)",
			pkg: tests, run: "TestAnAccountIsFollowedToItsEnd",
		},
		{
			name: "money in an account is sent nowhere by itself", file: "lifecycle/undo.go",
			old: "	if w.method() == payment.MethodVBank {\n		return s.closeAccount(ctx, w)\n	}\n",
			new: "",
			pkg: tests, run: "TestAnAccountIsFollowedToItsEnd",
		},
		{
			name: "an account that was paid meanwhile is not closed", file: account,
			old: "	case r.Outcome == payment.OutcomeApproved:\n		return s.approved(after, w, r)\n	case r.Outcome == payment.OutcomeCancelled:\n		return s.finish(after, w, payment.StateCancelled, payment.ReasonCancelledAtPG)\n	}\n	return s.undo(after, w, reason)",
			new: "	case r.Outcome == payment.OutcomeCancelled:\n		return s.finish(after, w, payment.StateCancelled, payment.ReasonCancelledAtPG)\n	}\n	return s.undo(after, w, reason)",
			pkg: tests, run: "TestTheShopClosesAnAccount",
		},
		{
			name: "an account of an ended attempt is shut", file: "lifecycle/unmatched.go",
			old: "	case r.Outcome == payment.OutcomeIssued && a.State.Final():\n		return false, s.shutAccount(ctx, unmatched, a, r)\n",
			new: "",
			pkg: tests, run: "TestAnAccountOfAnEndedAttemptIsShut",
		},
		{
			name: "a person does not end an account that waits", file: "lifecycle/finding.go",
			old: "	if err == nil && a.State == payment.StateIssued && !Overdue(a, now) {",
			new: "	if false {",
			pkg: tests, run: "TestAnOverdueAccountIsForAPerson",
		},
		{
			name: "a notice of another account is nobody's", file: deposit,
			old: "	case d.IssueTID != \"\" && a.PGTxID != \"\" && d.IssueTID != a.PGTxID:\n		return about(a), fmt.Errorf(\"%w: another account's\", ErrNotOurs)\n",
			new: "",
			pkg: "./gateway", run: "TestAForgedNoticePaysNothing",
		},
		{
			name: "a second deposit is flagged", file: deposit,
			old: "	case first != d.TID:\n		return s.oddDeposit",
			new: "	case first != first:\n		return s.oddDeposit",
			pkg: "./gateway", run: "TestOddDepositsAreForAPerson",
		},
		{
			name: "money in an account that is being undone is on record before its word is acknowledged", file: "lifecycle/unmatched.go",
			old: "	told, err := s.besideUndo(ctx, unmatched, NotificationResult{Result: r}, pgTxID)", new: "	told, err := NotificationResult{Result: r}, error(nil)",
			pkg: tests, run: "TestAPaidAccountThatIsBeingClosed",
		},
		{
			name: "no net cancel ends an attempt over money in its account", file: "lifecycle/resume.go",
			old: "		return s.later(ctx, w, lookUpAccountIsNeeded)", new: "		why = lookUpAccountIsNeeded",
			pkg: tests, run: "TestADepositIntoAnAccountThatIsBeingUndone",
		},
		{
			name: "a notice that the PG does not show is not acknowledged", file: deposit,
			old: "	case !told.Unmatched:\n		return told, ErrDepositNotSeen\n", new: "",
			pkg: tests, run: "TestADepositThatIsNotShownIsSaidAgain",
		},
		{
			name: "an account that is found when its time is over holds no order", file: account,
			old: "	if s.overdue(w.a, r) {\n		return s.undo(ctx, w, payment.ReasonNoDeposit)\n	}\n	now := s.o.Now()", new: "	now := s.o.Now()",
			pkg: tests, run: "TestAnAccountWhoseTimeIsOverIsNotIssued",
		},
		{
			name: "an account whose time is over is not issued", file: account,
			old: "	if s.overdue(w.a, r) {\n		return s.undo(ctx, w, payment.ReasonNoDeposit)\n	}\n	message, err", new: "	message, err",
			pkg: tests, run: "TestAnAccountWhoseTimeIsOverIsNotIssued",
		},
		{
			name: "a deposit of another amount is flagged", file: deposit,
			old: "	if d.Amount != told.won {",
			new: "	if false {",
			pkg: tests, run: "TestANoticeOfAnotherAmount",
		},
		{
			name: "a notice is confirmed by the PG's inquiry", file: deposit,
			old: "	case told.Attempt.State == payment.StateApproved:\n		told.won = told.Attempt.Amount\n	case !told.Unmatched:",
			new: "	case true:\n		told.won = told.Attempt.Amount\n	case !told.Unmatched:",
			pkg: "./gateway", run: "TestAForgedNoticePaysNothing",
		},
		{
			name: "notices come from Inicis' addresses", file: "gateway/deposit.go",
			old: "	if !g.isSource(c, t.pg) {",
			new: "	if false {",
			pkg: "./gateway", run: "TestANoticeFromElsewhereIsRefused",
		},
		{
			name: "an order that waits for a deposit gets no other window", file: "gateway/checkout.go",
			old: "		case a.State == payment.StateIssued:\n			return nil, &payment.Problem{Code: payment.CodeOrderAwaitsDeposit, OrderID: order}\n		case a.State.Blocks():",
			new: "		case a.State.Blocks() && a.State != payment.StateIssued:",
			pkg: "./gateway", run: "TestADepositPaysTheOrder",
		},
		{
			name: "an issued account holds its order", file: "payment/states.go",
			old: "StateClaimed, StateApproving, StateCaptured, StateIssued, StateUnknown, StateApproved:",
			new: "StateClaimed, StateApproving, StateCaptured, StateUnknown, StateApproved:",
			pkg: tests, run: "TestAnIssuedAccountIsNotPaid",
		},
		{
			name: "the shop's no forgets a key", file: key,
			old: "	if w.answer = s.o.Shop.Confirm(ctx, w.a); !w.answer.Yes {\n		return s.finish(ctx, w, payment.StateRefused, w.answer.Reason)\n	}",
			new: "	w.answer = s.o.Shop.Confirm(ctx, w.a)",
			pkg: tests, run: "TestAKeyFromTheWindow",
		},
		{
			name: "a payment's token is none for a key", file: "gateway/returns.go",
			old: "	case err != nil || a.Purpose != payment.PurposeBillingKey:",
			new: "	case err != nil:",
			pkg: "./gateway", run: "TestAForgedKeyReturnChangesNothing",
		},
		{
			name: "a key's token is none for a payment", file: "gateway/returns.go",
			old: "	case a.Purpose == payment.PurposeBillingKey:\n		return lifecycle.Result{}, forged(\"the token is for a billing key\")\n",
			new: "",
			pkg: "./gateway", run: "TestAForgedKeyReturnChangesNothing",
		},
	}
}
