package mutation

import "slices"

// guard is one line of defence, how to take it away, and the tests that must notice. It is where the product's
// code says //guard:name.
type guard struct {
	name string
	does change
	// says is what the guard promises.
	says string
	// pkg and run name the tests that must fail without the guard; args are handed to them.
	pkg, run string
	args     []string
}

// simulation makes a guard's test a few hundred schedules of the simulation.
func simulation() []string { return []string{"-sim.schedules=600"} }

// guards is the list. Every one is taken away on its own, and a named test must turn red.
func guards() []guard {
	return slices.Concat(
		concludeGuards(),
		journalGuards(),
		batchGuards(),
		growthGuards(),
		wireGuards(),
		doorGuards(),
		hookGuards(),
		unmatchedGuards(),
		listingGuards(),
		arrivalGuards(),
		inicisGuards(),
		portoneGuards(),
		accountGuards(),
		chargeGuards(),
		recoveryGuards(),
		cancelGuards(),
		ruleGuards(),
		edgeGuards(),
		pathGuards(),
		otherJournalGuards(),
		adminGuards(),
		splitGuards(),
		failoverGuards(),
		keyGuards(),
		strangerGuards(),
		interceptGuards(),
		appGuards(),
		replayGuards(),
		apiGuards(),
		iniapiGuards(),
		billingKeyGuards(),
		movingGuards(),
	)
}

func concludeGuards() []guard {
	const tests = "./lifecycle"
	return []guard{
		{
			name: "nothing-without-the-claim", does: becomes("s.approve(ctx, w)"),
			says: "nothing is approved without the claim",
			pkg:  tests, run: "TestAReturnIsApprovedOnce|TestOneWinnerPerOrder",
		},
		{
			name: "intent-before-approval", does: never(),
			says: "the intent is written before the approval is sent",
			pkg:  tests, run: "TestNothingIsSentWhenTheIntentIsNotWritten",
		},
		{
			name: "no-stops-approval", does: never(),
			says: "the shop's no stops the approval",
			pkg:  tests, run: "TestAuthenticated",
		},
		{
			name: "lost-is-not-declined", does: also("errors.Is(err, adapters.ErrUnknownOutcome)"),
			says: "a lost answer is not a decline",
			pkg:  tests, run: "TestAuthenticated",
		},
		{
			name: "lost-is-net-cancelled-first", does: skip(),
			says: "a lost approval is net cancelled before anything is asked",
			pkg:  tests, run: "TestAuthenticated|TestResume",
		},
		{
			name: "approval-is-compared", does: never(),
			says: "what the PG did is compared with what was decided",
			pkg:  tests, run: "TestAuthenticated",
		},
		{
			name: "little-told-is-looked-up", does: never(),
			says: "a yes that tells too little is looked up",
			pkg:  tests, run: "TestAYesThatTellsTooLittleIsLookedUp",
		},
		{
			name: "little-told-is-not-believed", does: at(2, always()),
			says: "what is told too little of is not believed",
			pkg:  tests, run: "TestAYesThatTellsTooLittleIsLookedUp",
		},
		{
			name: "other-windows-token-by-number", does: never(),
			says: "what another window's token approved is looked up by its number",
			pkg:  tests, run: "TestWhatAnotherWindowsTokenApprovedGoesBack",
		},
		{
			name: "others-payment-is-kept", does: never(),
			says: "another attempt's own payment is not undone",
			pkg:  tests, run: "TestWhatAnotherWindowsTokenApprovedGoesBack",
		},
		{
			name: "return-after-approval-is-told-the-truth", does: always(),
			says: "a return after the approval is told the truth",
			pkg:  "./gateway", run: "TestAReturnAfterTheApprovalTellsTheTruth",
		},
		{
			name: "other-approval-not-confirmed", does: never(),
			says: "another approval is not confirmed",
			pkg:  tests, run: "TestAuthenticated",
		},
		{
			name: "unproven-approval-not-confirmed", does: never(),
			says: "an approval that is not proven is not confirmed",
			pkg:  tests, run: "TestAYesThatTellsTooLittleIsLookedUp",
		},
		{
			name: "captured-is-compared", does: never(),
			says: "what the PG captured without us is compared too",
			pkg:  tests, run: "TestComplete|TestOtherFiguresAreGivenBack",
		},
		{
			name: "captured-is-shown-whole", does: never(),
			says: "what the PG captured and does not show whole is not believed",
			pkg:  tests, run: "TestAnotherMethodIsGivenBack",
		},
		{
			name: "back-the-way-it-was-paid", does: skip(),
			says: "money goes back the way it was paid",
			pkg:  "./gateway", run: "TestABuyerWhoPaysInPlaceOfAnAccount",
		},
		{
			name: "no-gives-captured-back", does: never(),
			says: "the shop's no gives captured money back",
			pkg:  tests, run: "TestComplete",
		},
		{
			name: "second-charge-goes-back", does: never(),
			says: "the second charge of an order is given back",
			pkg:  tests, run: "TestTheSecondChargeOfAnOrderIsGivenBack",
		},
		{
			name: "message-with-the-state", does: skip(),
			says: "the message to the shop is written with the state",
			pkg:  tests, run: "TestAuthenticated",
		},
		{
			name: "intent-before-undo", does: never(),
			says: "the intent to undo is written before the undo is sent",
			pkg:  tests, run: "TestNoUndoIsSentWhenItsIntentIsNotWritten",
		},
		{
			name: "net-cancel-is-confirmed", does: always(),
			says: "a net cancel that was not confirmed is no proof",
			pkg:  tests, run: "TestAuthenticated",
		},
		{
			name: "unknown-has-a-next-check", does: becomes("time.Time{}"),
			says: "an unknown keeps a next check",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "absence-after-grace", does: always(),
			says: "absence is no proof before the grace period",
			pkg:  tests, run: "TestAbsence",
		},
		{
			name: "absence-since-last-seen", does: at(2, becomes("saw == lookUpUndecided, saw == lookUpCancelPending")),
			says: "absence is counted since the payment was last seen",
			pkg:  tests, run: "TestAbsenceIsCounted",
		},
		{
			name: "absence-seen-often", does: at(2, becomes("0")),
			says: "absence seen once is no proof",
			pkg:  tests, run: "TestAbsence|TestOnlyAbsence",
		},
		{
			name: "browsers-amount-never-counts", does: skip(),
			says: "the browser's amount never counts",
			pkg:  "./gateway", run: "TestTheBrowsersAmount",
		},
	}
}

func journalGuards() []guard {
	const tests = "./journal"
	return []guard{
		{
			name: "claim-asks-who-holds", does: skip(),
			says: "a claim asks whether another attempt holds the order",
			pkg:  tests, run: "TestSQLiteConforms",
		},
		{
			name: "cancelling-blocks", does: drop(2),
			says: "an attempt that is being cancelled blocks the others",
			pkg:  tests, run: "TestSQLiteConforms",
		},
		{
			name: "unknown-holds", does: drop(5),
			says: "an unknown attempt holds its order",
			pkg:  "./lifecycle", run: "TestAnUnknownBlocksTheOrder",
		},
		{
			name: "proof-once", does: always(),
			says: "a proof is used once",
			pkg:  tests, run: "TestSQLiteConforms",
		},
		{
			name: "final-is-final", does: never(),
			says: "final is final",
			pkg:  tests, run: "TestSQLiteConforms",
		},
		{
			name: "move-from-the-expected-state", does: never(),
			says: "a move goes from the expected state only",
			pkg:  tests, run: "TestSQLiteConforms",
		},
		{
			name: "outbox-with-the-move", does: at(2, becomes("nil")),
			says: "a row in the outbox comes with the move",
			pkg:  tests, run: "TestSQLiteConforms",
		},
		{
			name: "leased-attempt-is-ones-own", does: becomes(`"(lease_until <= ? OR 1)"`),
			says: "a leased attempt is nobody else's",
			pkg:  tests, run: "TestSQLiteConforms",
		},
		{
			name: "messages-in-turn", does: becomes(`""`),
			says: "messages of an order are delivered in turn",
			pkg:  tests, run: "TestSQLiteConforms",
		},
	}
}

func wireGuards() []guard {
	figures := func(name, says string) guard {
		return guard{name: name, does: never(), says: says, pkg: "./lifecycle", run: "TestOtherFiguresAreGivenBack"}
	}
	return []guard{
		figures("order-reference-is-compared", "the order reference is compared"),
		figures("amount-is-compared", "the amount is compared"),
		figures("currency-is-compared", "the currency is compared"),
		figures("mid-is-compared", "the MID is compared"),
		figures("channel-is-compared", "the channel is compared"),
		figures("test-flag-is-compared", "the test flag is compared"),
		figures("method-is-compared", "the method is compared"),
		figures("tax-free-is-compared", "the tax-free part is compared"),
		{
			name: "write-on-own-connection", does: becomes("t.reads.RoundTrip(req)"),
			says: "a write goes out on a connection of its own",
			pkg:  "./adapters/onewrite", run: "TestEveryWriteIsExecutedOnce",
		},
		{
			name: "idc-rule-of-approval", does: never(),
			says: "the idc rule holds the approval's address",
			pkg:  "./adapters/inicis", run: "TestCheckReturnAppliesTheIDCRule",
		},
		{
			name: "test-payments-for-test-merchants", does: always(),
			says: "only a test merchant sees test payments",
			pkg:  "./adapters/portonev1", run: "TestOnlyATestMerchantAsksForTestPayments",
		},
		{
			name: "hint-to-own-attempt", does: never(),
			says: "a browser's hint is followed to its own attempt only",
			pkg:  "./adapters/portonev1", run: "TestLookUpFindsThePaidPaymentWhateverTheBrowserSays",
		},
		{
			name: "unmistakable-yes", does: never(),
			says: "only an unmistakable yes is a yes",
			pkg:  "./adapters/orders", run: "TestConfirmIsYesOnlyForAnUnmistakableYes",
		},
		{
			name: "only-2xx-acknowledges", does: never(),
			says: "only a 2xx acknowledges a message",
			pkg:  "./adapters/orders", run: "TestOnlyA2xxAcknowledges",
		},
	}
}

// bareCipher is the cipher of tokens without what authenticates them.
const bareCipher = `
// bare is AES in counter mode without authentication.
type bare struct{ block cipher.Block }

func (b bare) NonceSize() int { return 0 }
func (b bare) Overhead() int  { return 16 }

func (b bare) Seal(dst, _, plain, _ []byte) []byte {
	iv := make([]byte, 16)
	if _, err := rand.Read(iv); err != nil {
		panic(err)
	}
	out := make([]byte, len(plain))
	cipher.NewCTR(b.block, iv).XORKeyStream(out, plain)
	return append(append(dst, iv...), out...)
}

func (b bare) Open(dst, _, sealed, _ []byte) ([]byte, error) {
	if len(sealed) < 16 {
		return nil, errors.New("short")
	}
	out := make([]byte, len(sealed)-16)
	cipher.NewCTR(b.block, sealed[:16]).XORKeyStream(out, sealed[16:])
	return append(dst, out...), nil
}`

func doorGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "token-expires", does: never(),
			says: "a token expires",
			pkg:  tests, run: "TestBadReturnsChangeNothing",
		},
		{
			name: "token-is-authenticated", does: becomes("bare{block}, error(nil)").with(bareCipher),
			says: "a token is authenticated",
			pkg:  tests, run: "TestABentTokenIsNotOurs",
		},
		{
			name: "proof-is-its-attempts", does: at(4, at(1, becomes(`"proof:A1"+of[:0]`))),
			says: "a proof is bound to its attempt",
			pkg:  tests, run: "TestAProofOpensForItsOwnAttemptOnly",
		},
		{
			name: "token-is-its-orders", does: never(),
			says: "a token is bound to its order number",
			pkg:  tests, run: "TestBadReturnsChangeNothing",
		},
		{
			name: "token-is-its-drivers", does: never(),
			says: "a token is bound to its driver's addresses",
			pkg:  tests, run: "TestATokenIsGoodAtItsDriversAddressesOnly",
		},
		{
			name: "return-states-our-mid", does: never(),
			says: "a return states our MID",
			pkg:  tests, run: "TestBadReturnsChangeNothing",
		},
		{
			name: "return-held-to-idc-rule", does: never(),
			says: "a return is held to the idc rule",
			pkg:  tests, run: "TestBadReturnsChangeNothing",
		},
		{
			name: "shops-silence-is-no", does: also("Yes: true"),
			says: "the shop's silence is a no",
			pkg:  tests, run: "TestTheShopsNoStopsTheApproval",
		},
		{
			name: "done-when-the-shop-took-it", does: becomes("nil"),
			says: "a message is done only when the shop took it",
			pkg:  "./test/simulation", run: "TestSimulation", args: simulation(),
		},
		{
			name: "own-endpoints-not-forwarded", does: never(),
			says: "the order service's own endpoints are not forwarded",
			pkg:  tests, run: "TestTheShopsOwnEndpointsAreNotReachable",
		},
		{
			name: "browsers-amount-is-the-orders", does: never(),
			says: "a browser's amount is compared with the order's",
			pkg:  tests, run: "TestCheckoutRefusesBadInput",
		},
		{
			name: "plain-return-url-at-allowed-origin", does: becomes(`rest != "" || !ok`),
			says: "a return_url that needs no reading stays at an allowed origin",
			pkg:  tests, run: "TestAPlainReturnURLIsReadAsAnyOther",
		},
		{
			name: "return-url-at-allowed-origin", does: becomes(`o.host != ""`),
			says: "return_url stays at an allowed origin",
			pkg:  tests, run: "TestCheckoutRefusesBadInput",
		},
		{
			name: "key-twice-is-refused", does: skip(),
			says: "a key that occurs twice is refused",
			pkg:  "./strictjson", run: "TestCheck",
		},
	}
}
