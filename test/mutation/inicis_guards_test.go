package mutation

// inicisGuards are those of KG Inicis' virtual accounts, deposits, taxes and billing keys.
func inicisGuards() []guard {
	const tests = "./adapters/inicis"
	return []guard{
		{
			name: "phones-get-their-own-window", does: never(),
			says: "a phone gets no window for PCs",
			pkg:  tests, run: "TestPhonesGetTheirOwnWindow",
		},
		{
			name: "phones-get-no-pc-window", does: skip(),
			says: "a contract without its hash key is for PCs",
			pkg:  "./rules", run: "TestDecisions",
		},
		{
			name: "phones-get-what-they-can-show", does: never(),
			says: "a method that only PCs have is none of phones",
			pkg:  "./rules", run: "TestDecisions",
		},
		{
			name: "phones-are-known-by-their-browser", does: never(),
			says: "a browser that calls itself a phone's is one",
			pkg:  "./gateway", run: "TestAPhoneIsKnownByItsBrowser",
		},
		{
			name: "time-out-in-words-is-no-decline", does: never(),
			says: "what a phone's approval says in words alone, and may have happened, is no decline",
			pkg:  tests, run: "TestConformance",
		},
		{
			name: "whole-card-number-is-no-receipts", does: never(),
			says: "a card's number of which too much is shown stands in no receipt",
			pkg:  "./payment", run: "TestAReceiptHasAMaskedNumberAtMost",
		},
		{
			name: "card-number-in-a-receipts-text", does: never(),
			says: "no text of a receipt has a whole card number in it",
			pkg:  "./payment", run: "TestAReceiptLeavesOutWhatCannotBe",
		},
		{
			name: "receipts-field-twice", does: never(),
			says: "what a phone's answer says twice of a receipt is left out",
			pkg:  tests, run: "TestReceiptsOfPhones",
		},
		{
			name: "done-before-is-looked-up", does: drop(1),
			says: "what Inicis calls done before is looked up, and is no refusal",
			pkg:  tests, run: "TestConformance",
		},
		{
			name: "may-have-happened-comes-first", does: becomes("false"),
			says: "of several codes the one counts that does not say no for certain",
			pkg:  tests, run: "TestWhatMayHaveHappenedComesFirst",
		},
		{
			name: "phones-approval-can-be-undone", does: never(),
			says: "on a phone nothing is approved that could not be net cancelled",
			pkg:  tests, run: "TestNothingIsSentWhenTheMobileProofIsNotUsable",
		},
		{
			name: "phones-token-fits", does: never(),
			says: "a window on a phone is given no token that it cannot carry",
			pkg:  "./gateway", run: "TestALongOrderFitsAPhonesToken",
		},
		{
			name: "token-is-its-windows", does: never(),
			says: "what a phone's window carries opens nothing at the PC's return, and the other way round",
			pkg:  "./gateway", run: "TestForgedReturnsOfPhones|TestAPhonesTokenIsNoPCs",
		},
		{
			name: "net-cancel-names-what-was-charged", does: becomes("w.a"),
			says: "a net cancel names what was charged, which need not be what was decided",
			pkg:  "./gateway", run: "TestAPhoneThatPaysLess",
		},
		{
			name: "net-cancel-names-whose-payment-it-was", does: skip(),
			says: "a net cancel names the order that was paid, which with another window's token is another",
			pkg:  "./gateway", run: "TestSwappedTransactionsOfPhonesEnd",
		},
		{
			name: "second-deposit-of-a-phone-is-another", does: becomes("issue"),
			says: "a second deposit into a phone's account is not taken for the first one's notice",
			pkg:  tests, run: "TestParseDeposit",
		},
		{
			name: "issued-is-not-money", does: skip(),
			says: "an issued account is not money",
			pkg:  tests, run: "TestAnIssuedAccountIsNotMoney",
		},
		{
			name: "no-number-was-not-issued", does: never(),
			says: "an account without a number was not issued",
			pkg:  tests, run: "TestConformance",
		},
		{
			name: "refused-proof-undoes-nothing", does: instead("w.spent = true"),
			says: "a proof that the PG refused is not used to undo anything",
			pkg:  "./lifecycle", run: "TestNothingIsUndoneWithAProofThatThePGRefused",
		},
		{
			name: "refused-proof-is-wiped", does: never(),
			says: "a proof that the PG refused is kept by nobody",
			pkg:  "./lifecycle", run: "TestNothingIsUndoneWithAProofThatThePGRefused",
		},
		{
			name: "used-authentication-is-anothers", does: never(),
			says: "an authentication that was used before is another payment's",
			pkg:  tests, run: "TestConformance",
		},
		{
			name: "token-as-the-pg-reads-it", does: never(),
			says: "a token is compared by what a PG makes of it",
			pkg:  tests, run: "TestParseReturnRefusesWhatTwoReadersWouldReadTwoWays",
		},
		{
			name: "deposit-is-what-v1-says", does: at(3, becomes("payment.OutcomeApproved")),
			says: "a deposit is what v1 says it is",
			pkg:  tests, run: "TestLookUpOfAnAccountTellsADepositFromAnIssue",
		},
		{
			name: "no-method-is-no-paid-account", does: never(),
			says: "an answer without a method does not make an account paid",
			pkg:  tests, run: "TestLookUpOfAnAccountTellsADepositFromAnIssue",
		},
		{
			name: "v1-about-this-payment", does: always(),
			says: "v1's answer about another payment is refused",
			pkg:  tests, run: "TestConformance",
		},
		{
			name: "accounts-price-is-seen", does: never(),
			says: "another price of an account is seen",
			pkg:  tests, run: "TestLookUpOfAnAccountShowsAnotherPrice",
		},
		{
			name: "deposit-back-to-whole-account", does: never(),
			says: "a deposit goes back to a whole account only",
			pkg:  tests, run: "TestADepositGoesNowhereWithoutAGoodAccount",
		},
		{
			name: "deposit-is-not-refunded-as-card", does: never(),
			says: "a deposit is not refunded as a card is",
			pkg:  tests, run: "TestADepositGoesBackToTheBuyersAccount",
		},
		{
			name: "closing-gives-nothing-back", does: skip(),
			says: "closing an account gives nothing back",
			pkg:  tests, run: "TestCloseAccountSendsV1sCancelOfAnUnpaidAccount",
		},
		{
			name: "vat-is-part-of-the-amount", does: never(),
			says: "tax figures are parts of the amount",
			pkg:  tests, run: "TestPrepareRefusesWhatTheWindowWouldRefuse",
		},
		{
			name: "shops-word-on-goods-wins", does: never(),
			says: "what a phone bill is for is the order service's word, whatever the page says",
			pkg:  "./gateway", run: "TestPhoneBillsAreChargedAsTheOrderSays",
		},
		{
			name: "clauses-are-the-pgs", does: never(),
			says: "a contract has no clause that its PG does not know",
			pkg:  "./rules", run: "TestBadFiles",
		},
		{
			name: "integrations-are-used", does: never(),
			says: "a contract lists no integration that nothing would use",
			pkg:  "./rules", run: "TestBadFiles",
		},
		{
			name: "contract-has-the-integration", does: never(),
			says: "a contract is used only by the integrations that it has",
			pkg:  "./rules", run: "TestDecisions",
		},
		{
			name: "retired-methods-are-refused", does: never(),
			says: "a method whose service has ended is refused by name",
			pkg:  "./rules", run: "TestBadFiles",
		},
		{
			name: "zero-vat-by-contract", does: never(),
			says: "a VAT of 0 is stated by a zero-rated contract alone",
			pkg:  "./rules", run: "TestDecisions",
		},
		{
			name: "account-has-a-deadline", does: never(),
			says: "a virtual account has a deadline",
			pkg:  tests, run: "TestPrepareRefusesWhatTheWindowWouldRefuse",
		},
		{
			name: "notice-field-twice", does: never(),
			says: "a notice's field that comes twice is refused",
			pkg:  tests, run: "TestParseDepositRefusesWhatCanBeReadTwoWays",
		},
		{
			name: "notice-of-one-kind", does: never(),
			says: "a notice is of one kind",
			pkg:  tests, run: "TestParseDepositRefusesWhatCanBeReadTwoWays",
		},
		{
			name: "issue-notice-is-no-deposit", does: becomes("DepositPaid"),
			says: "an issued account's notice is no deposit",
			pkg:  tests, run: "TestParseDeposit",
		},
		{
			name: "return-field-twice", does: never(),
			says: "a return's field that comes twice is refused",
			pkg:  tests, run: "TestParseReturnRefusesWhatTwoReadersWouldReadTwoWays|TestParseKeyReturnRefusesWhatTwoReadersWouldReadTwoWays",
		},
		{
			name: "failed-window-brings-no-key", does: never(),
			says: "a failed window brings no billing key",
			pkg:  tests, run: "TestParseKeyReturn",
		},
		{
			name: "key-was-issued-whole", does: never(),
			says: "a billing key was issued whole",
			pkg:  tests, run: "TestParseKeyReturnRefusesWhatTwoReadersWouldReadTwoWays",
		},
		{
			name: "forged-mobile-answer", does: never(),
			says: "a forged field in a mobile answer is not believed",
			pkg:  tests, run: "TestConformance",
		},
		{
			name: "idc-rule-of-mobile-approval", does: never(),
			says: "the idc rule holds the mobile approval's address",
			pkg:  tests, run: "TestCheckMobileReturn",
		},
		{
			name: "mobile-tid-is-the-merchants", does: never(),
			says: "a mobile TID is held to the merchant",
			pkg:  tests, run: "TestCheckMobileReturn",
		},
		{
			name: "mobile-amount-is-compared", does: never(),
			says: "a mobile return's amount is compared",
			pkg:  tests, run: "TestCheckMobileReturn",
		},
		{
			name: "names-forge-no-fields", does: never(),
			says: "names forge no fields in the mobile window",
			pkg:  tests, run: "TestMobileFormFollowsTheDecision",
		},
		{
			name: "known-data-centre-only", does: never(),
			says: "an approval goes to a known data centre only",
			pkg:  tests, run: "TestNothingIsSentWhenTheProofIsNotUsable|TestNothingIsSentWhenTheMobileProofIsNotUsable",
		},
	}
}
