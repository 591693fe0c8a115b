package mutation

// arrivalGuards are those of what comes in while an attempt is in any state: no money is acknowledged and forgotten.
func arrivalGuards() []guard {
	const late, look, tests, table = "gateway/settle/late.go", "gateway/settle/cancellook.go", "./gateway/settle", "TestArrivals"
	return []guard{
		{
			name: "a word about a captured attempt is said again", file: late,
			old: "	if r.Attempt.State == payment.StateClaimed || r.Attempt.State == payment.StateCaptured {",
			new: "	if r.Attempt.State == payment.StateClaimed {",
			pkg: tests, run: table,
		},
		{
			name: "a captured attempt whose owner died is looked at again", file: "gateway/settle/resume.go",
			old: "		return s.stillThere(ctx, w)", new: "		return s.askAfter(ctx, w)",
			pkg: tests, run: "TestResume",
		},
		{
			name: "what was given back in part before the approval is not approved", file: "adapters/compare.go",
			old: "	case r.Outcome == payment.OutcomeApproved && r.Cancelled > 0:", new: "	case false:",
			pkg: tests, run: table,
		},
		{
			name: "a PG that shows an approved payment as not paid is before a person", file: look,
			old: "	case contradicts(a, r):", new: "	case false:",
			pkg: tests, run: table,
		},
		{
			name: "a PG that errs once contradicts nothing", file: look,
			old: "	if !contradicts(w.a, r) || r.Outcome != before.Outcome || r.Amount != before.Amount {", new: "	if false {",
			pkg: tests, run: "TestAContradictionIsLookedAtTwice",
		},
		{
			name: "a contradiction is ended by nothing but the payment", file: "gateway/settle/latesweep.go",
			old: "		if r.Outcome != payment.OutcomeApproved || r.Amount != a.Amount {\n			return s.laterLate(ctx, late, l, lookUndecided)\n		}\n", new: "",
			pkg: tests, run: table,
		},
		{
			name: "an account that was issued in the place of another method has deposits", file: "gateway/settle/deposit.go",
			old: "	return a.Method == payment.MethodVBank || a.State != payment.StateApproved", new: "	return a.Method == payment.MethodVBank",
			pkg: tests, run: "TestADepositIntoAnAccountThatNobodyDecidedOn",
		},
		{
			name: "an undo that is refused leaves its parts to the PG", file: "gateway/settle/undo.go",
			old: "{ return tries%2 == 1 }", new: "{ return tries < 0 }",
			pkg: tests, run: "TestAnUndoWhosePartsThePGRefuses",
		},
	}
}
