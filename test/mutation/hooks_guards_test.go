package mutation

// hookGuards are those of PortOne's webhooks, its confirm process and an unmatched payment.
func hookGuards() []guard {
	const hook, unmatched, tests = "lifecycle/hook.go", "lifecycle/unmatched.go", "./lifecycle"
	return []guard{
		{
			name: "V2 webhooks are verified", file: "adapters/portonev2/webhook.go",
			old: `	if !signed(keys, id+"."+stamp+".", body, list) {`, new: `	if !signed(keys, id+"."+stamp+".", body, list) && false {`,
			pkg: "./adapters/portonev2", run: "TestForgedWebhooks",
		},
		{
			name: "what a PG signs is verified at the door", file: "gateway/hooks.go",
			old: "	id, err := verifier.VerifyMessage(t.pg, t.Message)\n	if err != nil {", new: "	id, err := verifier.VerifyMessage(t.pg, t.Message)\n	if false {",
			pkg: "./gateway", run: "TestForgedWebhooksChangeNothing|TestAThirdPartysDriverIsPaidThrough",
		},
		{
			name: "nothing is asked for that cannot be verified", file: "adapters/portonev2/window.go",
			old: "	if req.NoticeURL == \"\" || !verifies(req.PG) {", new: "	if req.NoticeURL == \"\" {",
			pkg: "./adapters/portonev2", run: "TestNothingIsAskedForThatCannotBeVerified",
		},
		{
			name: "a question that cannot be verified is not asked for", file: "adapters/portonev2/window.go",
			old: "	if !a.ManualConfirm && verifies(req.PG) {", new: "	if !a.ManualConfirm {",
			pkg: "./adapters/portonev2", run: "TestNothingIsAskedForThatCannotBeVerified",
		},
		{
			name: "V1 may hold two payments of one attempt", file: "adapters/portonev1/spec.go",
			old: "		SharesIDs: true,\n", new: "",
			pkg: "./gateway", run: "TestASecondV1PaymentGoesBack",
		},
		{
			name: "two drivers do not share an address", file: "adapters/routes.go",
			old: "			if taken && (owner != a.owner || a.owner == name) && a.path != \"\" {", new: "			if taken && owner == \"\" {",
			pkg: "./adapters", run: "TestCheckDrivers",
		},
		{
			name: "an old webhook is refused", file: "adapters/portonev2/webhook.go",
			old: "	case sec < at-tolerance:", new: "	case false:",
			pkg: "./adapters/portonev2", run: "TestForgedWebhooks",
		},
		{
			name: "an empty webhook key signs nothing", file: "adapters/portonev2/webhook.go",
			old: "		if err == nil && len(key) >= minWebhookKey {", new: "		if err == nil {",
			pkg: "./adapters/portonev2", run: "TestWebhooksNeedASecret",
		},
		{
			name: "V1 questions from unlisted addresses are read at PortOne", file: hook,
			old: "	case q.Unlisted && !s.asksAbout(ctx, a, q):", new: "	case false:",
			pkg: "./gateway", run: "TestAnUnlistedSourceProvesNothing",
		},
		{
			name: "what comes from unlisted addresses is bounded", file: "gateway/strangers.go",
			old: "	if !g.strangers.allow(pg.ID, g.now()) {", new: "	if false {",
			pkg: "./gateway", run: "TestUnlistedSourcesAreBounded",
		},
		{
			name: "an escrow's word is shown by the PG", file: "gateway/hooks.go",
			old: "err != nil || !shown.Paid() {", new: "err != nil || !shown.Paid() && false {",
			pkg: "./gateway", run: "TestAnEscrowsWayIsWrittenDown",
		},
		{
			name: "a question's amount is compared with what was decided", file: hook,
			old: "	case q.Amount != a.Amount:", new: "	case false:",
			pkg: "./gateway", run: "TestTheConfirmProcessComparesWhatItIsAsked",
		},
		{
			name: "the shop's no is a no to the PG", file: hook,
			old: "w.answer = s.o.Shop.Confirm(shopCtx, w.a); !w.answer.Yes {", new: "w.answer = s.o.Shop.Confirm(shopCtx, w.a); false {",
			pkg: "./gateway", run: "TestTheConfirmProcessRefuses",
		},
		{
			name: "a no that the PG no longer waits for ends nothing", file: hook,
			old: "		if ctx.Err() != nil || s.lookedAt(ctx, w) {", new: "		if s.lookedAt(context.WithoutCancel(ctx), w) {",
			pkg: tests, run: "TestANoThatNobodyHearsEndsNothing",
		},
		{
			name: "a no to a question that was overtaken ends nothing", file: hook,
			old: "		if ctx.Err() != nil || s.lookedAt(ctx, w) {", new: "		if ctx.Err() != nil {",
			pkg: tests, run: "TestANoToAnOvertakenQuestionEndsNothing",
		},
		{
			name: "a word about an attempt that was refused meanwhile is followed up", file: unmatched,
			old: "	if r.Attempt.State.Final() && r.Attempt.State != payment.StateApproved {", new: "	if false {",
			pkg: tests, run: "TestANotificationAboutAnAttemptThatWasRefusedMeanwhile",
		},
		{
			name: "a payment that was told of too early is remembered", file: "lifecycle/unmatchedsweep.go",
			old: "		if err := s.remember(ctx, unmatched, a, pgTxID); err != nil || a.PGTxID == \"\" {", new: "		if err := error(nil); a.PGTxID == \"\" {",
			pkg: tests, run: "TestANotificationIsNotForgotten",
		},
		{
			name: "a word that the PG contradicts is not acknowledged", file: unmatched,
			old: "pgTxID != \"\" && r.Outcome == payment.OutcomeNotFound {", new: "false {",
			pkg: tests, run: "TestANotificationIsNotForgotten",
		},
		{
			name: "an answer that is not kept is not given", file: "gateway/idempotency.go",
			old: "	case err != nil:\n		return fmt.Errorf(\"keeping", new: "	case false:\n		return fmt.Errorf(\"keeping",
			pkg: "./gateway", run: "TestAnAnswerThatIsNotKeptIsNotGiven",
		},
		{
			name: "an order that is held is not charged at the PG's question", file: hook,
			old: "	case errors.As(err, &taken):\n		return no(payment.ReasonOrderBlocked)", new: "	case errors.As(err, &taken):\n		return Answer{Yes: true}",
			pkg: "./gateway", run: "TestTheConfirmProcessRefuses",
		},
		{
			name: "the intent is written before the PG is told to go on", file: hook,
			old: "		return no(payment.ReasonJournalDown)\n	}\n	return Answer{Yes: true}", new: "		_ = err\n	}\n	return Answer{Yes: true}",
			pkg: tests, run: "TestAllowFailsClosed",
		},
		{
			name: "another transaction's decline proves nothing", file: hook,
			old: "	case r.Outcome == payment.OutcomeDeclined && r.PGTxID == w.a.PGTxID:", new: "	case r.Outcome == payment.OutcomeDeclined:",
			pkg: tests, run: "TestFollow",
		},
		{
			name: "a word during a question is not acknowledged", file: unmatched,
			old: "	if r.Attempt.State == payment.StateClaimed || r.Attempt.State == payment.StateCaptured {",
			new: "	if false {",
			pkg: tests, run: "TestANotificationDuringAQuestionIsSaidAgain",
		},
		{
			name: "an unmatched payment goes back only by whoever recorded the intent", file: unmatched,
			old: "	if err != nil || !taken {\n		return unmatchedError(err)\n	}\n	taxFree, vat", new: "	_ = taken\n	taxFree, vat",
			pkg: tests, run: "TestUnmatchedMoney",
		},
	}
}
