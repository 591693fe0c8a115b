package mutation

// arrivalGuards are those of what comes in while an attempt is in any state: no money is acknowledged and forgotten.
func arrivalGuards() []guard {
	const captured, unmatched, look, tests, table = "lifecycle/captured.go", "lifecycle/unmatched.go", "lifecycle/cancellookup.go", "./lifecycle", "TestArrivals"
	return []guard{
		{
			name: "a word about a captured attempt is said again", file: unmatched,
			old: "	if r.Attempt.State == payment.StateClaimed || r.Attempt.State == payment.StateCaptured {",
			new: "	if r.Attempt.State == payment.StateClaimed {",
			pkg: tests, run: table,
		},
		{
			name: "a captured attempt whose owner died is looked up again", file: "lifecycle/resume.go",
			old: "	case payment.StateCaptured:\n		return s.stillThere(ctx, w)", new: "	case payment.StateCaptured:\n		return s.askAfter(ctx, w)",
			pkg: tests, run: "TestResume",
		},
		{
			name: "money that a PG shows no more comes before a person", file: captured,
			old: "	return answered >= notShownChecks || answered+blind >= notShownChecks &&", new: "	return answered+blind >= notShownChecks &&",
			pkg: tests, run: "TestMoneyThatThePGShowsNoMore",
		},
		{
			name: "a PG that cannot be asked contradicts nothing", file: captured,
			old: "			blind += e.Times", new: "			answered += e.Times",
			pkg: tests, run: "TestAPGThatCannotBeAskedContradictsNothing",
		},
		{
			name: "the shop is asked about money that shows again", file: "lifecycle/resume.go",
			old: "		if a.State == payment.StateUnknown && a.Reason == payment.ReasonNotShown {", new: "		if false {",
			pkg: tests, run: "TestMoneyThatThePGShowsNoMore",
		},
		{
			name: "what is being given back is not sold", file: captured,
			old: "	case r.Outcome == payment.OutcomeApproved && r.CancelPending > 0:", new: "	case false:",
			pkg: tests, run: "TestMoneyThatThePGShowsNoMore",
		},
		{
			name: "the decline of another try ends nothing that was captured", file: captured,
			old: "r.Outcome == payment.OutcomeDeclined && !other:", new: "r.Outcome == payment.OutcomeDeclined && (!other || other):",
			pkg: tests, run: "TestMoneyThatThePGShowsNoMore",
		},
		{
			name: "a key is never handed to the shop by hand", file: "lifecycle/finding.go",
			old: "	if err == nil && isKey(a) && f == FindingCharged {", new: "	if false {",
			pkg: tests, run: "TestAKeyIsNotChargedByHand",
		},
		{
			name: "what was given back in part before the approval is not approved", file: "adapters/compare.go",
			old: "	case r.Outcome == payment.OutcomeApproved && r.Cancelled > 0:", new: "	case false:",
			pkg: tests, run: table,
		},
		{
			name: "a PG that shows an approved payment as not paid is before a person", file: look,
			old: "	case c.contradicts(a, r):", new: "	case false:",
			pkg: tests, run: table,
		},
		{
			name: "a PG that errs once contradicts nothing", file: look,
			old: "	if !c.contradicts(w.a, r) || r.Outcome != before.Outcome || r.Amount != before.Amount {", new: "	if false {",
			pkg: tests, run: "TestAContradictionIsLookedAtTwice",
		},
		{
			name: "a contradiction is ended by nothing but the payment", file: "lifecycle/unmatchedsweep.go",
			old: "		if r.Outcome != payment.OutcomeApproved || r.Amount != a.Amount {\n			return s.laterUnmatched(ctx, unmatched, l, lookUpUndecided)\n		}\n", new: "",
			pkg: tests, run: table,
		},
		{
			name: "an account that was issued in the place of another method has deposits", file: "lifecycle/deposit.go",
			old: "	return a.Method == payment.MethodVBank || a.State != payment.StateApproved", new: "	return a.Method == payment.MethodVBank",
			pkg: tests, run: "TestADepositIntoAnAccountThatNobodyDecidedOn",
		},
		{
			name: "an undo that is refused leaves its parts to the PG", file: "lifecycle/undo.go",
			old: "{ return tries%2 == 1 }", new: "{ return tries < 0 }",
			pkg: tests, run: "TestAnUndoWhosePartsThePGRefuses",
		},
		{
			name: "another transaction in an approved one's place is a contradiction", file: look,
			old: "another && c.s.sharesIDs(a) {", new: "another {",
			pkg: "./gateway", run: "TestANotificationThatContradictsAnApprovedPayment",
		},
		{
			name: "an approved payment that is not shown is told of again", file: look,
			old: "	case r.Outcome == payment.OutcomeNotFound:\n		// A PG", new: "	case false:\n		// A PG",
			pkg: "./gateway", run: "TestANotificationThatContradictsAnApprovedPayment",
		},
		{
			name: "a window's opening is looked at for an approved payment", file: "gateway/hooks.go",
			old: "		case !approved:\n", new: "		case approved || !approved:\n",
			pkg: "./gateway", run: "TestANotificationThatContradictsAnApprovedPayment",
		},
		{
			name: "a window's opening waits for the journal", file: "gateway/hooks.go",
			old: "		case err != nil:\n			return metrics.WebhookFailed, again(err)\n		case !approved:", new: "		case err != nil && false:\n			return metrics.WebhookFailed, again(err)\n		case !approved:",
			pkg: "./gateway", run: "TestWebhooksWaitForTheJournal",
		},
	}
}
