package mutation

// otherJournalGuards are those of a process that is one of several with a journal each.
func otherJournalGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "return-of-another-journal", does: never(),
			says: "a return of another journal's window is not approved",
			pkg:  tests, run: "TestAnInicisReturnTellsOfAnotherJournal",
		},
		{
			name: "one-of-several-opens-nothing", does: never(),
			says: "one of several opens no window",
			pkg:  tests, run: "TestAnInicisReturnTellsOfAnotherJournal",
		},
		{
			name: "uncompared-notification-is-asked-for-again", does: at(2, becomes("nil")),
			says: "a notification that cannot be compared with the journal is asked for again",
			pkg:  tests, run: "TestWebhooksWaitForTheJournal",
		},
		{
			name: "one-of-several-approves-nothing", does: never(),
			says: "one of several approves nothing at an Inicis return",
			pkg:  tests, run: "TestAnInicisReturnTellsOfAnotherJournal",
		},
		{
			name: "webhook-tells-of-another-journal", does: skip(),
			says: "a webhook tells of another journal",
			pkg:  tests, run: "TestPortOnesNotificationTellsOfAnotherJournal",
		},
		{
			name: "mark-is-its-attempts", does: at(1, at(2, becomes("id[:0]"))),
			says: "a mark is good for its own attempt only",
			pkg:  tests, run: "TestPortOnesNotificationTellsOfAnotherJournal",
		},
		{
			name: "foreign-environment-stops-nothing", does: never(),
			says: "a window of another environment stops nothing",
			pkg:  tests, run: "TestAForeignEnvironmentStopsNothing",
		},
		{
			name: "journal-with-its-environment", does: drop(2),
			says: "a journal counts only with its environment",
			pkg:  tests, run: "TestAJournalBegunAnewIsNotSeveral",
		},
		{
			name: "foreign-return-is-forged", does: never(),
			says: "a return of another environment is forged",
			pkg:  tests, run: "TestWhoseWindowsAreTaken",
		},
	}
}
