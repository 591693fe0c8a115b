package mutation

// otherJournalGuards are those of a process that is one of several with a journal each.
func otherJournalGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "a return of another journal's window is not approved", file: "gateway/returns.go",
			old: "	case g.others.check(a, with) != nil:", new: "	case g.others.check(a, with) != nil && false:",
			pkg: tests, run: "TestAnInicisReturnTellsOfAnotherJournal",
		},
		{
			name: "one of several opens no window", file: "gateway/checkout.go",
			old: "	if err := g.closed(order); err != nil {", new: "	if err := g.closed(order); false {",
			pkg: tests, run: "TestAnInicisReturnTellsOfAnotherJournal",
		},
		{
			name: "a word that cannot be held against the journal is asked for again", file: "gateway/hooks.go",
			old: "	return a.State == payment.StateApproved, err", new: "	return a.State == payment.StateApproved, nil",
			pkg: tests, run: "TestWebhooksWaitForTheJournal",
		},
		{
			name: "one of several approves nothing at an Inicis return", file: "gateway/returns.go",
			old: "	if err := g.others.problem(a.OrderID); err != nil {", new: "	if err := g.others.problem(a.OrderID); false {",
			pkg: tests, run: "TestAnInicisReturnTellsOfAnotherJournal",
		},
		{
			name: "a webhook tells of another journal", file: "gateway/hooks.go",
			old: "			g.others.notFound(id, c.Query(journalParam))", new: "			_ = c.Query(journalParam)",
			pkg: tests, run: "TestPortOnesNotificationTellsOfAnotherJournal",
		},
		{
			name: "a mark is good for its own attempt only", file: "gateway/others.go",
			old: `return []byte("journal:1:" + id)`, new: `return []byte("journal:1:" + id[:0])`,
			pkg: tests, run: "TestPortOnesNotificationTellsOfAnotherJournal",
		},
		{
			name: "a window of another environment stops nothing", file: "gateway/environment.go",
			old: "	return with.ID == \"\" || with.ID != here.ID || with.Env.mode() != here.Env.mode()", new: "	return false",
			pkg: tests, run: "TestAForeignEnvironmentStopsNothing",
		},
		{
			name: "a journal counts only with its environment", file: "gateway/others.go",
			old: "	if opened.Since.Before(own.Since) || opened.Env != o.env() {", new: "	if opened.Since.Before(own.Since) {",
			pkg: tests, run: "TestAJournalBegunAnewIsNotSeveral",
		},
		{
			name: "a return of another environment is forged", file: "gateway/returns.go",
			old: "	case g.others.foreign(a.ID, with):", new: "	case g.others.foreign(a.ID, with) && false:",
			pkg: tests, run: "TestWhoseWindowsAreTaken",
		},
	}
}
