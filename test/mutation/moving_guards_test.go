package mutation

// movingGuards are those of what else moves money at a PG's own API: payments by key-in, and schedules that are moved.
func movingGuards() []guard {
	const door, rules = "./gateway", "./rules"
	const v1, v2 = "./adapters/portonev1", "./adapters/portonev2"
	return []guard{
		{
			name: "key-in-at-the-named-contract", does: never(),
			says: "a card is charged through the contract that the caller named, or not at all",
			pkg:  rules, run: "TestKeyInAtANamedContract",
		},
		{
			name: "key-in-is-not-repeated", does: becomes("keyed"),
			says: "what a card was charged is not told to who may have another card",
			pkg:  door, run: "TestKeyInIsOurs",
		},
		{
			name: "stored-by-key-in-as-registered", does: never(),
			says: "no card is stored where the rules let none be registered",
			pkg:  door, run: "TestKeyInStoresNoSecondCard",
		},
		{
			name: "key-in-takes-no-attempts-id", does: never(),
			says: "no card is stored where a window's would be",
			pkg:  door, run: "TestKeyInStoresNoSecondCard",
		},
		{
			name: "unasked-key-is-not-overwritten", does: never(),
			says: "no card is stored under a name of which PortOne does not say that it has none",
			pkg:  door, run: "TestKeyInFailsClosed",
		},
		{
			name: "key-in-overwrites-no-key", does: never(),
			says: "no card is stored in the place of another",
			pkg:  door, run: "TestKeyInStoresNoSecondCard",
		},
		{
			name: "one-card-at-once-under-a-name", does: never(),
			says: "of two calls that find a name unused at once, one stores its card",
			pkg:  door, run: "TestOneCardAtOnceUnderAName",
		},
		{
			name: "key-in-stores-after-its-claim", does: never(),
			says: "a card is stored by key-in under a name that is this call's alone",
			pkg:  door, run: "TestOneCardAtOnceUnderAName",
		},
		{
			name: "unknown-card-keeps-its-name", does: never(),
			says: "no card is stored under a name while another may be",
			pkg:  door, run: "TestAnUnknownCardKeepsItsName",
		},
		{
			name: "key-in-beside-no-unknown-issue", does: never(),
			says: "no card is stored by key-in under a name whose issue may still be done",
			pkg:  door, run: "TestAnUnknownCardKeepsItsName",
		},
		{
			name: "key-in-replaces-a-known-contracts-key", does: never(),
			says: "no card of another contract is replaced by key-in",
			pkg:  door, run: "TestKeyInReplacesWhenWished",
		},
		{
			name: "v1-key-in-names-its-contract", does: never(),
			says: "PortOne takes the contract that was decided, and never the standard one of its console",
			pkg:  v1, run: "TestAKeyInSaysWhatWasDecided",
		},
		{
			name: "v2-instant-has-one-method", does: drop(1),
			says: "a call that opens an account besides is not sent as a charge of a card",
			pkg:  door, run: "TestKeyInIsDecided",
		},
		{
			name: "v2-opened-account-is-not-paid", does: skip(),
			says: "V2: an account that is opened is not paid",
			pkg:  v2, run: "TestAnAccountSaysWhatWasDecided",
		},
		{
			name: "v1-account-takes-one-deposit", does: never(),
			says: "an account that takes any number of deposits is not opened for one payment",
			pkg:  door, run: "TestAccountByAPIIsDecided",
		},
		{
			name: "v1-account-by-api-is-no-escrow", does: never(),
			says: "what is to be held is not opened as what is not",
			pkg:  door, run: "TestAccountByAPIIsDecided",
		},
		{
			name: "v1-account-has-the-decided-deadline", does: skip(),
			says: "V1: an account takes its deposit until what was decided",
			pkg:  v1, run: "TestAnAccountSaysWhatWasDecided",
		},
		{
			name: "v1-account-names-its-channel", does: never(),
			says: "V1: an account is opened at the channel that was decided",
			pkg:  v1, run: "TestAnAccountSaysWhatWasDecided",
		},
		{
			name: "opened-before-is-said", does: never(),
			says: "who asks for an account once more is told that there is one",
			pkg:  door, run: "TestAccountByAPIIsOurs",
		},
		{
			name: "unknown-account-is-found", does: skip(),
			says: "an account whose answer was lost is taken in as soon as somebody tells or asks of it",
			pkg:  door, run: "TestLateAccountByAPI",
		},
		{
			name: "changes-are-our-accounts", does: never(),
			says: "an account of the gateway's is changed in its own account",
			pkg:  door, run: "TestChangesAreMadeWithOurCredentials",
		},
		{
			name: "changed-account-is-the-accounts-own", does: never(),
			says: "a sub-merchant's account is not changed for another's attempt",
			pkg:  door, run: "TestAChangeIsDecided",
		},
		{
			name: "account-is-changed-after-its-intent", does: never(),
			says: "no account is changed of which the journal does not know to what",
			pkg:  door, run: "TestAChangeNeedsTheJournal",
		},
		{
			name: "windows-account-is-not-changed", does: never(),
			says: "what a window was opened for is the order's to say",
			pkg:  door, run: "TestAChangeIsDecided",
		},
		{
			name: "stated-parts-are-not-changed", does: never(),
			says: "an amount whose parts were stated is not changed without them",
			pkg:  door, run: "TestAChangeIsDecided",
		},
		{
			name: "paid-account-is-not-changed", does: never(),
			says: "what was paid, or closed, is not changed",
			pkg:  door, run: "TestAChangeIsDecided",
		},
		{
			name: "changed-account-is-decided-anew", does: never(),
			says: "an account is changed within the rules",
			pkg:  door, run: "TestAChangeIsDecided",
		},
		{
			name: "refused-change-is-taken-back", does: never(),
			says: "a change that the PG refused stands in no other one's way",
			pkg:  door, run: "TestARefusedChange",
		},
		{
			name: "change-is-shown", does: becomes("done || found.Amount < 0"),
			says: "an attempt is what the PG shows, and not what it says",
			pkg:  door, run: "TestALostChange",
		},
		{
			name: "account-for-nothing", does: never(),
			says: "no account waits for nothing",
			pkg:  v1, run: "TestAChangeSaysAmountAndDeadlineAlone",
		},
		{
			name: "v1-change-says-no-more", does: never(),
			says: "V1: what nobody follows is not changed along",
			pkg:  v1, run: "TestAChangeSaysAmountAndDeadlineAlone",
		},
		{
			name: "change-made-meanwhile-is-read", does: becomes("!open && false"),
			says: "a deposit is held against the account as it was changed while the PG was asked",
			pkg:  "./lifecycle", run: "TestAnAccountChangedWhileItIsLookedUp",
		},
		{
			name: "only-the-asked-change-is-taken-over", does: never(),
			says: "an account that was changed to something else is not kept",
			pkg:  "./lifecycle", run: "TestAChangedAccount",
		},
		{
			name: "only-open-accounts-are-changed", does: never(),
			says: "only an account that waits is to be changed",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "one-change-at-a-time", does: never(),
			says: "while nobody knows of one change there is no other",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "v2-key-in-is-no-escrow", does: never(),
			says: "a payment that the caller wants held is not made as one that is not",
			pkg:  door, run: "TestKeyInIsDecided",
		},
		{
			name: "v2-key-in-has-the-decided-months", does: skip(),
			says: "the instalments of a card are those that were decided",
			pkg:  v2, run: "TestAKeyInSaysWhatWasDecided",
		},
		{
			name: "only-what-waits-is-moved", does: never(),
			says: "what has ended is given no other time",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "moved-while-nobody-looks", does: becomes("`1 = 1 OR ? > 0`"),
			says: "nobody is given another time while somebody goes by the one before",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "moves-are-our-accounts", does: never(),
			says: "a schedule of the gateway's is moved in its own account",
			pkg:  door, run: "TestAMoveThatPortOneRefuses",
		},
		{
			name: "moved-schedule-is-the-accounts-own", does: never(),
			says: "a sub-merchant's schedule is not moved for another's attempt",
			pkg:  door, run: "TestAScheduleThatIsNotMoved",
		},
		{
			name: "schedule-is-moved-after-its-intent", does: never(),
			says: "no schedule is moved whose attempt does not wait for the new time",
			pkg:  door, run: "TestAMoveThatPortOneRefuses",
		},
		{
			name: "only-schedules-are-moved", does: never(),
			says: "a window's attempt is given no other time",
			pkg:  door, run: "TestAScheduleThatIsNotMoved",
		},
		{
			name: "number-of-a-schedule-is-used-up", does: never(),
			says: "nothing is charged under a number whose charge was declined, or at once under a schedule's",
			pkg:  door, run: "TestAScheduleThatIsNotMoved",
		},
		{
			name: "moved-schedule-is-decided-anew", does: never(),
			says: "what may be charged no more is not put off either",
			pkg:  door, run: "TestAScheduleThatIsNotMoved",
		},
		{
			name: "fired-schedule-is-not-moved", does: drop(1),
			says: "a schedule that was tried is not tried again under its number",
			pkg:  door, run: "TestAScheduleThatIsNotMoved",
		},
		{
			name: "refused-move-is-taken-back", does: never(),
			says: "a schedule whose move was refused is waited for at its own time",
			pkg:  door, run: "TestAMoveThatPortOneRefuses",
		},
		{
			name: "v1-move-changes-the-time-alone", does: never(),
			says: "no amount is changed behind the rules",
			pkg:  door, run: "TestAScheduleThatIsNotMoved",
		},
		{
			name: "confirmed-as-it-was-decided", does: never(),
			says: "a confirm that means another payment than was decided is not made",
			pkg:  door, run: "TestAConfirmOfOursIsConcluded",
		},
		{
			name: "only-approved-is-confirmed", does: never(),
			says: "what was declined is not answered as confirmed",
			pkg:  door, run: "TestADeclinedConfirmOfOurs",
		},
		{
			name: "forgotten-attempt-is-not-confirmed", does: at(1, never()),
			says: "an attempt of the gateway's that the journal has no more is approved by nobody",
			pkg:  door, run: "TestAConfirmOfOthersSaysWhat",
		},
		{
			name: "others-confirm-says-what", does: never(),
			says: "what PortOne confirms for others is what the caller means",
			pkg:  door, run: "TestAConfirmOfOthersSaysWhat",
		},
		{
			name: "others-confirm-in-our-mode", does: never(),
			says: "no real money is confirmed in test mode",
			pkg:  door, run: "TestAConfirmOfOthersSaysWhat",
		},
		{
			name: "v2-confirms-in-won", does: never(),
			says: "no other currency is confirmed",
			pkg:  door, run: "TestAConfirmOfOthersSaysWhat",
		},
	}
}
