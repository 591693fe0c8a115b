package mutation

// portoneGuards are those of PortOne's drivers around virtual accounts, taxes, cancels and billing keys.
func portoneGuards() []guard {
	const v1, v2 = "adapters/portonev1/", "adapters/portonev2/"
	const tests1, tests2 = "./adapters/portonev1", "./adapters/portonev2"
	return []guard{
		{
			name: "V1: an account that waits is not paid", file: v1 + "payment.go",
			old: "			return payment.OutcomeIssued", new: "			return payment.OutcomeApproved",
			pkg: tests1, run: "TestConformance",
		},
		{
			name: "V1: a cancelled account with a deposit was not closed unpaid", file: v1 + "payment.go",
			old: "		case !paid && r.Method == payment.MethodVBank:", new: "		case r.Method == payment.MethodVBank:",
			pkg: tests1, run: "TestConformance",
		},
		{
			name: "V1: an open account is seen whatever the hint says", file: v1 + "lookup.go",
			old: "	} else if req.Attempt.Method != payment.MethodVBank || weight(hinted.Outcome) >= weight(payment.OutcomeIssued) {", new: "	} else {",
			pkg: tests1, run: "TestAnOpenAccountIsSeenWhateverTheHintSays",
		},
		{
			name: "V1: a success that shows no closed account is none", file: v1 + "account.go",
			old: "	case !isAbout(req, r) || r.Outcome != payment.OutcomeCancelled:", new: "	case r.Outcome == payment.OutcomeDeclined:",
			pkg: tests1, run: "TestConformance",
		},
		{
			name: "V1: an account's money goes back to a named account only", file: v1 + "cancel.go",
			old: "	if req.RefundAccount == nil && req.Attempt.Method != payment.MethodVBank {", new: "	if req.RefundAccount == nil {",
			pkg: tests1, run: "TestARefundIsCheckedBeforeItIsSent",
		},
		{
			name: "V1: a key is the attempt's own", file: v1 + "key.go",
			old: "	if r.OrderRef != a.ID {", new: "	if false {",
			pkg: tests1, run: "TestConformance",
		},
		{
			name: "V1: a payment of nothing is no unmatched payment", file: v1 + "lookup.go",
			old: "return r.Amount == 0 }), nil", new: "return r.Amount < 0 }), nil",
			pkg: tests1, run: "TestPaymentsOfNothingAreNotListedAsPaid",
		},
		{
			name: "V2: an account that waits is not paid", file: v2 + "lookup.go",
			old: "		return payment.OutcomeIssued", new: "		return payment.OutcomeApproved",
			pkg: tests2, run: "TestConformance|TestTheAccountIsReadAsFarAsItIsTold",
		},
		{
			name: "V1: the parts of the amount are read", file: "adapters/portonev1/balance.go",
			old: "	r.Silent &^= adapters.FactTaxes", new: "	r.Taxes = adapters.Taxes{}",
			pkg: "./gateway", run: "TestABuyerWhoChangesTheTaxes",
		},
		{
			name: "what is given back whole states what was stated", file: "lifecycle/undo.go",
			old: "	if w.seen.Taxes.TaxFreeKnown {", new: "	if false {",
			pkg: "./gateway", run: "TestABuyerWhoChangesTheTaxes",
		},
		{
			name: "V2: what is only asked for was not given back", file: v2 + "lookup.go",
			old: "		r.Cancelled = min(r.Cancelled, done)", new: "		_ = done",
			pkg: tests2, run: "TestOnlyCancellationsThatSucceededCount",
		},
		{
			name: "V2: a payment whose cancel is to come is still paid", file: v2 + "lookup.go",
			old: "	if r.Outcome == payment.OutcomeCancelled && later {", new: "	if later && false {",
			pkg: tests2, run: "TestOnlyCancellationsThatSucceededCount",
		},
		{
			name: "V2: an account's money goes back to a named account only", file: v2 + "cancel.go",
			old: "	if req.RefundAccount == nil && req.Attempt.Method != payment.MethodVBank {", new: "	if req.RefundAccount == nil {",
			pkg: tests2, run: "TestARefundIsCheckedBeforeItIsSent",
		},
		{
			name: "V2: a hinted key is believed of its own attempt only", file: v2 + "key.go",
			old: "	if !issuedFor(o, req.Attempt) {", new: "	if false {",
			pkg: tests2, run: "TestAKeyIsFoundByHintOrSearchAndOnlyOnesOwn|TestOnlyTheAttemptsOwnKeyIsDeleted",
		},
		{
			name: "V2: a key never gets into a path unread", file: v2 + "key.go",
			old: "	return text != \"\" && len(text) <= maxKey && plain(text) && text != needsConfirmation", new: "	return text != \"\" && len(text) <= maxKey && text != needsConfirmation",
			pkg: tests2, run: "TestAKeyIsFoundByHintOrSearchAndOnlyOnesOwn|TestParseEvent",
		},
		{
			name: "V2: a search that was cut short is no answer", file: v2 + "key.go",
			old: "	return adapters.Result{}, fmt.Errorf(\"%w: too many billing keys to search\", wire.ErrShape)", new: "	return adapters.Result{}, errNoKey",
			pkg: tests2, run: "TestASearchThatIsCutShortIsNoAnswer",
		},
		{
			name: "no bank of a refund is guessed", file: "adapters/banks/banks.go",
			old: "		if !inicisRefunds(b.Inicis()) {", new: "		if false {",
			pkg: "./adapters/banks", run: "TestRefundSpeaksThePGsOwnCode",
		},
		{
			name: "a masked account is no account", file: "adapters/wire/account.go",
			old: "	if len(s) > maxAccountDigits || strings.Trim(s, \"0123456789\") != \"\" {", new: "	if len(s) > maxAccountDigits {",
			pkg: "./adapters/wire", run: "TestAccountNumber|TestRefundOf",
		},
		{
			name: "a VAT is a part of what is taxable", file: "adapters/wire/taxes.go",
			old: "	case vat < 0 || vat > amount-taxFree || vat > 0 && !vatSet:", new: "	case vat < 0:",
			pkg: "./adapters/wire", run: "TestTaxesOf",
		},
		{
			name: "a V1 cancel is proven by its own payment alone", file: "adapters/portonev1/cancel.go",
			old: ` && (req.PGTxID == "" || r.PGTxID == req.PGTxID)`, new: "",
			pkg: "./adapters/drivers", run: "TestWhichAnswerProvesAnEffect",
		},
		{
			name: "another escrow than was decided does not stand", file: "adapters/compare.go",
			old: "	case otherEscrow(a, r):", new: "	case otherEscrow(a, r) && false:",
			pkg: "./adapters/drivers", run: "TestWhichAnswerProvesWhat|TestAnEscrowThatTheBuyerTookOut",
		},
		{
			name: "a card's missing escrow is no difference", file: "adapters/compare.go",
			old: `		return a.Method == "trans" || a.Method == payment.MethodVBank`, new: "		return true",
			pkg: "./adapters/drivers", run: "TestAnEscrowThatTheBuyerTookOut",
		},
		{
			name: "an instalment that no window offers does not stand", file: "adapters/compare.go",
			old: "	case r.Installment > 1 && a.Amount < installmentFrom:", new: "	case false:",
			pkg: "./adapters/drivers", run: "TestAnInstalmentThatNoWindowOffers",
		},
	}
}
