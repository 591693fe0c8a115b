package mutation

// inicisGuards are those of KG Inicis' virtual accounts, deposits, taxes and billing keys.
func inicisGuards() []guard {
	const (
		answer, lookup, refund, account = "adapters/inicis/answer.go", "adapters/inicis/lookup.go", "adapters/inicis/refund.go", "adapters/inicis/account.go"
		deposit, key, form, tests       = "adapters/inicis/deposit.go", "adapters/inicis/keywindow.go", "adapters/inicis/form.go", "./adapters/inicis"

		mobile = "adapters/inicis/mobileapprove.go"
	)
	return []guard{
		{
			name: "an issued account is not money", file: answer,
			old: "		r.Outcome = payment.OutcomeIssued", new: "",
			pkg: tests, run: "TestAnIssuedAccountIsNotMoney",
		},
		{
			name: "an account without a number was not issued", file: account,
			old: "	if !ok {\n		return payment.VirtualAccount{}", new: "	if ok && bank == \"?\" {\n		return payment.VirtualAccount{}",
			pkg: tests, run: "TestConformance",
		},
		{
			name: "a proof that the PG refused is not used to undo anything", file: "lifecycle/refusedproof.go",
			old: "w.proof, w.spent = adapters.Proof{}, true", new: "_, w.spent = adapters.Proof{}, true",
			pkg: "./lifecycle", run: "TestNothingIsUndoneWithAProofThatThePGRefused",
		},
		{
			name: "a proof that the PG refused is kept by nobody", file: "lifecycle/undo.go",
			old: "WipeProof: w.spent,", new: "WipeProof: false,",
			pkg: "./lifecycle", run: "TestNothingIsUndoneWithAProofThatThePGRefused",
		},
		{
			name: "an authentication that was used before is another payment's", file: answer,
			old: "if proofRefused(r.Code, r.Message) {", new: "if false {",
			pkg: tests, run: "TestConformance",
		},
		{
			name: "a token is compared by what a PG makes of it", file: "adapters/inicis/return.go",
			old: "isProof(name) && strings.Contains(value, \" \"):", new: "false:",
			pkg: tests, run: "TestParseReturnRefusesWhatTwoReadersWouldReadTwoWays",
		},
		{
			name: "a deposit is what v1 says it is", file: lookup,
			old: "		return d.inquire(ctx, req, payment.OutcomeUnknown)\n	}\n	return r, nil", new: "		return d.inquire(ctx, req, payment.OutcomeApproved)\n	}\n	return r, nil",
			pkg: tests, run: "TestLookUpOfAnAccountTellsADepositFromAnIssue",
		},
		{
			name: "an answer without a method does not make an account paid", file: lookup,
			old: `r.Method == "" && a.Method == payment.MethodVBank {`, new: `false {`,
			pkg: tests, run: "TestLookUpOfAnAccountTellsADepositFromAnIssue",
		},
		{
			name: "v1's answer about another payment is refused", file: lookup,
			old: `case got == "" || got == want:`, new: `case got == "" || want != "":`,
			pkg: tests, run: "TestConformance",
		},
		{
			name: "another price of an account is seen", file: lookup,
			old: `	if o.Has("price") {`, new: `	if false {`,
			pkg: tests, run: "TestLookUpOfAnAccountShowsAnotherPrice",
		},
		{
			name: "a deposit goes back to a whole account only", file: account,
			old: "	if !ok {\n		return bad(\"refund_account.number\"", new: "	if false {\n		return bad(\"refund_account.number\"",
			pkg: tests, run: "TestADepositGoesNowhereWithoutAGoodAccount",
		},
		{
			name: "a deposit is not refunded as a card is", file: refund,
			old: `	if req.Attempt.Method == payment.MethodVBank {`, new: `	if false {`,
			pkg: tests, run: "TestADepositGoesBackToTheBuyersAccount",
		},
		{
			name: "closing an account gives nothing back", file: refund,
			old: "	r.Cancelled = 0\n", new: "",
			pkg: tests, run: "TestCloseAccountSendsV1sCancelOfAnUnpaidAccount",
		},
		{
			name: "tax figures are parts of the amount", file: "adapters/inicis/tax.go",
			old: "	case vatSet && (vat < 0 || vat > amount-taxFree):", new: "	case false:",
			pkg: tests, run: "TestPrepareRefusesWhatTheWindowWouldRefuse",
		},
		{
			name: "a virtual account has a deadline", file: form,
			old: "	case a.Method == payment.MethodVBank && !a.DepositDue.After(req.Now):", new: "	case false:",
			pkg: tests, run: "TestPrepareRefusesWhatTheWindowWouldRefuse",
		},
		{
			name: "a notice's field that comes twice is refused", file: deposit,
			old: "	case n.fields.twice[name]:", new: "	case false:",
			pkg: tests, run: "TestParseDepositRefusesWhatCanBeReadTwoWays",
		},
		{
			name: "a notice is of one kind", file: deposit,
			old: "	case pc && mobile:", new: "	case false:",
			pkg: tests, run: "TestParseDepositRefusesWhatCanBeReadTwoWays",
		},
		{
			name: "an issued account's notice is no deposit", file: deposit,
			old: "		kind = DepositIssued", new: "		kind = DepositPaid",
			pkg: tests, run: "TestParseDeposit",
		},
		{
			name: "a return's field that comes twice is refused", file: "adapters/inicis/return.go",
			old: "		case f.twice[name]:", new: "		case false:",
			pkg: tests, run: "TestParseReturnRefusesWhatTwoReadersWouldReadTwoWays|TestParseKeyReturnRefusesWhatTwoReadersWouldReadTwoWays",
		},
		{
			name: "a failed window brings no billing key", file: key,
			old: "	if !r.Issued() {", new: "	if false {",
			pkg: tests, run: "TestParseKeyReturn",
		},
		{
			name: "a billing key was issued whole", file: key,
			old: `		if f.first[name] == "" {`, new: `		if false {`,
			pkg: tests, run: "TestParseKeyReturnRefusesWhatTwoReadersWouldReadTwoWays",
		},
		{
			name: "a forged field in a mobile answer is not believed", file: mobile,
			old: "	if !answer.Trusted() {", new: "	if false {",
			pkg: tests, run: "TestConformance",
		},
		{
			name: "the idc rule holds the mobile approval's address", file: mobile,
			old: "	case !Endpoints(pg).ReqURLAllowed(r.IDC, r.ReqURL):", new: "	case false:",
			pkg: tests, run: "TestCheckMobileReturn",
		},
		{
			name: "a mobile TID is held to the merchant", file: mobile,
			old: "	case !tidOK(r.TID.Reveal(), a.MID):", new: "	case false:",
			pkg: tests, run: "TestCheckMobileReturn",
		},
		{
			name: "a mobile return's amount is compared", file: mobile,
			old: "	case r.Amount != a.Amount.String():", new: "	case false:",
			pkg: tests, run: "TestCheckMobileReturn",
		},
		{
			name: "names forge no fields in the mobile window", file: "adapters/inicis/mobilewindow.go",
			old: `		if strings.ContainsRune("&=%", r) {`, new: `		if false {`,
			pkg: tests, run: "TestMobileFormFollowsTheDecision",
		},
		{
			name: "an approval goes to a known data centre only", file: "adapters/inicis/approve.go",
			old: "	case !urls.Allowed(req.Proof.IDC):", new: "	case false:",
			pkg: tests, run: "TestNothingIsSentWhenTheProofIsNotUsable|TestNothingIsSentWhenTheMobileProofIsNotUsable",
		},
	}
}
