package payment

import "time"

// MethodVBank is the virtual account (가상계좌): an account number is issued first, and paid into later.
const MethodVBank Method = "vbank"

// VirtualAccount is an account that was issued for one attempt. The number goes to the shop and the buyer, never
// to a log, a metric or a plain row of the journal.
type VirtualAccount struct {
	// Bank is the bank's standard code (금융결제원), three digits; empty when the PG does not tell.
	Bank   string
	Number Secret
	// Holder is the name that the account is under.
	Holder string
	// Due is until when it can be paid into; zero when the PG does not tell.
	Due time.Time
}

// RefundAccount is the buyer's account that a virtual account's money goes back to. It is personal data: it goes
// to the PG and nowhere else.
type RefundAccount struct {
	// Bank is the bank's standard code (금융결제원), three digits.
	Bank   string
	Number Secret
	Holder Secret
	// Tel is asked for by some PGs.
	Tel Secret
}
