package mutation

// cancelGuards are those of cancels of paid attempts, and of the listener that takes them.
func cancelGuards() []guard {
	const tests, cancel, look = "./lifecycle", "lifecycle/cancel.go", "lifecycle/cancellookup.go"
	return []guard{
		{
			name: "a cancel that is pending at the PG is not untouched", file: "lifecycle/cancellookup.go",
			old: "	case r.CancelPending > 0:\n		// The PG", new: "	case false:\n		// The PG",
			pkg: "./lifecycle", run: "TestAnUnknownCancelEndsByProof",
		},
		{
			name: "a pending cancel starts the count of looks again", file: "lifecycle/cancellookup.go",
			old: ", saw == lookUpOdd, saw == lookUpCancelPending:", new: ", saw == lookUpOdd:",
			pkg: "./lifecycle", run: "TestAnUnknownCancelEndsByProof",
		},
		{
			name: "an undo that is pending at the PG is not sent again", file: "lifecycle/resume.go",
			old: "	case r.Outcome == payment.OutcomeApproved && r.CancelPending > 0:", new: "	case false:",
			pkg: "./lifecycle", run: "TestAPendingUndoIsNotSentAgain",
		},
		{
			name: "the word of a billing key is no money", file: "lifecycle/unmatchedsweep.go",
			old: " || a.Method == payment.MethodVBank || isKey(a) {", new: " || a.Method == payment.MethodVBank {",
			pkg: "./lifecycle", run: "TestANotificationOfAKeyIsNoMoney",
		},
		{
			name: "one cancel of an attempt is open at a time", file: "journal/cancels.go",
			old: "		if !h.State.Final() {\n			return &ConflictError{Kind: ConflictCancelOpen", new: "		if false {\n			return &ConflictError{Kind: ConflictCancelOpen",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "no more is cancelled than is left", file: "journal/cancels.go",
			old: "	if left != c.Remaining || c.Amount <= 0 || c.Amount > left {", new: "	if false {",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "a leased cancel is nobody else's", file: "journal/cancels.go",
			old: "WHERE id = ? AND state = ? AND lease_until = ?`,", new: "WHERE id = ? AND state = ? AND lease_until <> ?+1`,",
			pkg: "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "the intent is written before a cancel is sent", file: cancel,
			old: "	if err != nil {\n		return Cancelled{Attempt: w.a}, beginProblem(w.a, err)\n	}\n	if !begun {", new: "	_ = err\n	if false && !begun {",
			pkg: tests, run: "TestACancelIsSentOnlyAfterItsIntentIsWritten",
		},
		{
			name: "only whoever wrote the intent sends", file: cancel,
			old: "	if !begun {", new: "	if false && !begun {",
			pkg: tests, run: "TestOnlyWhoeverBeganACancelSendsIt",
		},
		{
			name: "what the PG says it gave back is compared with what was asked", file: cancel,
			old: "	case gave && r.Cancelled == w.a.Amount-row.Remaining+row.Amount:", new: "	case gave:",
			pkg: tests, run: "TestWhatAPGAnswersToACancel",
		},
		{
			name: "a lost cancel is not a refused one", file: cancel,
			old: "	case errors.Is(err, adapters.ErrUnavailable):", new: "	case errors.Is(err, adapters.ErrUnavailable), errors.Is(err, adapters.ErrUnknownOutcome):",
			pkg: tests, run: "TestWhatAPGAnswersToACancel",
		},
		{
			name: "a refused cancel brings our figures up to date", file: cancel,
			old: "		if err := c.Notified(ctx, w.a); err != nil {", new: "		if err := error(nil); err != nil {",
			pkg: tests, run: "TestARefusalShowsWhatWasCancelledElsewhere",
		},
		{
			name: "another body under the same key is refused", file: cancel,
			old: "	case !sameAsk(row, ask):", new: "	case false:",
			pkg: tests, run: "TestOneCancelAtATime",
		},
		{
			name: "a cancel's name is made of its key alone", file: "lifecycle/cancelplan.go",
			old: `	return cancelID("key", string(id), key)`, new: `	return cancelID("key", string(id), key, fmt.Sprintf("%p", new(int)))`,
			pkg: "./gateway", run: "TestACancelIsRepeatedByItsKey",
		},
		{
			name: "a cancel in part states its VAT when the payment did", file: "lifecycle/cancelplan.go",
			old: "	if c.VAT < 0 || c.VAT > left.vat || c.VAT > taxable || left.vat-c.VAT > left.taxable()-taxable {", new: "	if c.VAT < 0 || taxable < 0 {",
			pkg: tests, run: "TestWhatMayBeCancelled|TestCancelsNeverPass",
		},
		{
			name: "the sums of the tax-free parts are kept", file: "lifecycle/cancelplan.go",
			old: " || c.TaxFree > left.taxFree || c.Amount-c.TaxFree > left.taxable() {", new: " {",
			pkg: tests, run: "TestWhatMayBeCancelled|TestCancelsNeverPass",
		},
		{
			name: "the shop's message is written with the cancel's end", file: "lifecycle/cancelmove.go",
			old: "NextCheck: now.Add(c.s.backoff(row.AttemptID, 0)), Messages: messages,", new: "NextCheck: now.Add(c.s.backoff(row.AttemptID, 0)),",
			pkg: tests, run: "TestWhatAPGAnswersToACancel",
		},
		{
			name: "only the payment that was approved tells of its cancels", file: look,
			old: "	case !c.samePayment(w.a, r):", new: "	case false:",
			pkg: tests, run: "TestAnUnknownCancelEndsByProof",
		},
		{
			name: "a cancel is given time to show", file: look,
			old: " || c.s.o.Now().Sub(row.UpdatedAt) < cancelGrace {", new: " {",
			pkg: tests, run: "TestACancelHasItsGrace",
		},
		{
			name: "that nothing was given back must show again and again", file: look,
			old: "	return seen >= cancelLooks", new: "	return seen >= 0",
			pkg: tests, run: "TestAnUnknownCancelEndsByProof",
		},
		{
			name: "what the PG promised is not called not applied", file: look,
			old: "	if row.Code == CancelLater || ", new: "	if ",
			pkg: tests, run: "TestAPromisedCancelIsLeftToAPerson",
		},
		{
			name: "a cancel is resolved by two hands", file: "lifecycle/cancelfinding.go",
			old: `	if first == "" || first == actor {`, new: "	if false {",
			pkg: tests, run: "TestCancelsAreResolvedByTwoHands",
		},
		{
			name: "the sidecar listener wants its token", file: "gateway/sidecar.go",
			old: "		if !ok || known != 1 {", new: "		if !ok && known > 1 {",
			pkg: "./gateway", run: "TestTheSidecarWantsItsToken",
		},
		{
			name: "a sidecar listener beyond loopback needs tokens", file: "rules/decode_sidecar.go",
			old: "len(c.Tokens) == 0 && !isLoopback(c.Listen)", new: "len(c.Tokens) == 0 && false",
			pkg: "./rules", run: "TestBadFiles",
		},
	}
}
