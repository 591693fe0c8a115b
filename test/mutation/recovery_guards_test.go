package mutation

// recoveryGuards are those of the lists of recurring payments and of the recovery of declined charges.
func recoveryGuards() []guard {
	const machine, door, nouns, book = "./lifecycle", "./gateway", "./payment", "./journal"
	const conforms = "TestSQLiteConforms"
	return []guard{
		{
			name: "listed-keys-have-no-transaction", does: always(),
			says: "the list of billing keys has no id by which a key could be known",
			pkg:  door, run: "TestKeysAndChargesAreListed",
		},
		{
			name: "unread-decline-is-not-tried-again", does: instead(`return ClassTemporary`),
			says: "a decline that nobody can read is permanent",
			pkg:  nouns, run: "TestDeclinesHaveAClass",
		},
		{
			name: "budget-is-not-exceeded", does: drop(1),
			says: "no more tries are made than the rules allow",
			pkg:  nouns, run: "TestWhenAChargeIsTriedAgain",
		},
		{
			name: "no-rule-for-stolen-cards", does: skip(),
			says: "no rule gives a stolen card another try",
			pkg:  "./rules", run: "TestBadFiles",
		},
		{
			name: "recovering-order-is-not-charged", does: never(),
			says: "nobody else charges an order that is being recovered",
			pkg:  book, run: conforms,
		},
		{
			name: "ended-recovery-keeps-nothing-sealed", does: instead(`r.NextCheck = time.Time{}`),
			says: "what a recovery was asked for is forgotten at its end",
			pkg:  book, run: conforms,
		},
		{
			name: "stopped-recovery-makes-no-try", does: never(),
			says: "no try begins of a recovery that was stopped, or whose next try another pod makes",
			pkg:  book, run: conforms,
		},
		{
			name: "open-recovery-is-not-removed", does: becomes("``"),
			says: "a recovery that goes on is kept, however old it is",
			pkg:  book, run: conforms,
		},
		{
			name: "try-has-its-own-number", does: then(`h = sha256.Sum256([]byte(r.ID))`),
			says: "each try of a recovery has a number of its own",
			pkg:  machine, run: "TestEachTryHasANumberOfItsOwn",
		},
		{
			name: "recovery-moves-once", does: never(),
			says: "a step of a recovery is made once",
			pkg:  book, run: conforms,
		},
		{
			name: "rules-of-now-stop-recoveries", does: never(),
			says: "a recovery whose rules were taken out makes no try",
			pkg:  door, run: "TestATryGoesByTheRulesOfItsTime",
		},
		{
			name: "no-try-in-quiet-hours", does: never(),
			says: "no try is made in the quiet hours of now",
			pkg:  door, run: "TestATryGoesByTheRulesOfItsTime",
		},
		{
			name: "unknown-try-holds-up-the-next", does: never(),
			says: "while it is not known what came of a try nothing else is done",
			pkg:  machine, run: "TestWhatComesAfterATry",
		},
		{
			name: "unsent-try-uses-no-budget", does: never(),
			says: "a PG that was not reached has said nothing of the card",
			pkg:  machine, run: "TestWhatComesAfterATry",
		},
		{
			name: "asked-stop-is-kept", does: never(),
			says: "a recovery that was told to stop ends with the charge that was under way",
			pkg:  machine, run: "TestWhatComesAfterATry",
		},
		{
			name: "recovery-tells-with-its-step", does: skip(),
			says: "the shop hears of a recovery's step by the write that makes it",
			pkg:  machine, run: "TestWhatComesAfterATry",
		},
		{
			name: "recovered-decline-is-told-once", does: always(),
			says: "a decline that is recovered is told with what comes next",
			pkg:  door, run: "TestADeclinedChargeIsTriedAgain",
		},
		{
			name: "recovery-keeps-no-key", does: never(),
			says: "a charge by the key itself is not recovered",
			pkg:  door, run: "TestARecoveryIsAskedFor",
		},
		{
			name: "recovery-is-sealed", does: then(`sealed = plain`),
			says: "what a recovery is asked for is sealed in the journal",
			pkg:  door, run: "TestWhatARecoveryKeepsIsSealed",
		},
		{
			name: "recovered-charge-is-waited-for", does: skip(),
			says: "the shop is told not to charge an order that is being recovered",
			pkg:  door, run: "TestADeclinedChargeIsTriedAgain",
		},
	}
}
