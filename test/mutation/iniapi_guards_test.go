package mutation

// iniapiGuards are of what the order service calls of Inicis' INIAPI.
func iniapiGuards() []guard {
	const gateway, driver = "./gateway", "./adapters/inicis"
	return []guard{
		{
			name: "signed-body-is-sent", does: never(),
			says: "a call goes out as it was signed",
			pkg:  gateway, run: "TestWhatINIAPIv1Hears",
		},
		{
			name: "no-name-in-two-spellings", does: never(),
			says: "no field of a body could be read for another",
			pkg:  "./adapters/apicalls", run: "TestTexts",
		},
		{
			name: "iniapi-calls-as-own-mid", does: always(),
			says: "a call is made as the merchant it is for, and as none of others",
			pkg:  driver, run: "TestWhomACallIsMadeAs",
		},
		{
			name: "iniapi-takes-no-query", does: never(),
			says: "no field reaches Inicis beside those that were judged",
			pkg:  gateway, run: "TestINIAPICallsAreReadFirst",
		},
		{
			name: "iniapi-hash-is-over-plain-text", does: never(),
			says: "nothing is signed that Inicis could hash in another way",
			pkg:  gateway, run: "TestINIAPICallsAreReadFirst",
		},
		{
			name: "iniapi-numbers-go-out-encrypted", does: skip(),
			says: "numbers of accounts and people go out encrypted",
			pkg:  gateway, run: "TestWhatINIAPIv1Hears",
		},
		{
			name: "iniapi-own-fields-win", does: skip(),
			says: "no field of the caller's stands in the place of one of ours",
			pkg:  gateway, run: "TestWhatINIAPIv1Hears",
		},
		{
			name: "iniapi-refund-has-no-unread-fields", does: never(),
			says: "a refund does nothing that its caller did not mean",
			pkg:  gateway, run: "TestINIAPICallsAreReadFirst",
		},
		{
			name: "iniapi-refund-is-of-the-payment-found", does: never(),
			says: "what nobody can say whose it is is not refunded past the journal",
			pkg:  gateway, run: "TestOthersRefunds",
		},
		{
			name: "iniapi-charge-says-nothing-else", does: never(),
			says: "a charge is in won, by card and at the rules' interest",
			pkg:  gateway, run: "TestChargesAtINIAPIAreHeldToTheRules",
		},
		{
			name: "iniapi-charge-has-no-unread-fields", does: never(),
			says: "a charge does nothing that its caller did not mean",
			pkg:  gateway, run: "TestChargesAtINIAPIAreHeldToTheRules",
		},
		{
			name: "iniapi-charge-is-answered-for-no-key", does: never(),
			says: "a repeat by another card is not told that it is paid",
			pkg:  gateway, run: "TestChargesAtINIAPIAreOurs",
		},
		{
			name: "charged-as-the-named-mid", does: never(),
			says: "a key is charged as the MID that the caller named, or not at all",
			pkg:  gateway, run: "TestChargesAtINIAPIAreHeldToTheRules",
		},
		{
			name: "iniapi-others-refund-fits-what-is-left", does: never(),
			says: "a refund of a payment of others happens once",
			pkg:  gateway, run: "TestOthersRefunds",
		},
	}
}
