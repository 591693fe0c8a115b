package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrDeposit is returned for a deposit that cannot be made: no such account, or the bank refuses it.
var ErrDeposit = errors.New("the deposit was refused")

// The bank that all accounts are opened at, and the name that they are under.
const (
	bankInicis   = "88"
	bankStandard = "088"
	bankName     = "신한은행"
	bankV2       = "SHINHAN"
	bankHolder   = "샌드박스상점"
)

// maxDeposits bounds how often one command pays into an account.
const maxDeposits = 10

// account is a virtual account that was issued for one payment.
type account struct {
	pg     string
	mid    string
	ref    string
	txID   string
	number string
	// bank is the bank's standard code and holder the name that the account is under; empty for those of a window.
	bank   string
	holder string
	amount Won
	due    time.Time
	issued time.Time
	closed time.Time
	// exact makes the bank refuse any other amount (Inicis' va_ckprice).
	exact    bool
	deposits []deposit
	// surplus is what came in after the first deposit: the payment itself knows nothing of it.
	surplus Won
	// paid writes the first deposit into the PG's own record, which gives rise to tell's webhooks; each further
	// one is told in the same way.
	paid func(deposit)
	tell func(deposit) []notice
}

// bankCode is the standard code of the bank that the account is at.
func (a *account) bankCode() string { return cmp.Or(a.bank, bankStandard) }

// deposit is one payment into an account.
type deposit struct {
	tid    string
	amount Won
	at     time.Time
}

// openAccount issues an account; callers hold the mutex.
func (s *Sandbox) openAccount(a *account) *account {
	// A fixed account comes with its number.
	if a.number == "" {
		a.number = fmt.Sprintf("562%011d", 10_000_000_000+s.next())
	}
	a.issued = s.cfg.Now()
	s.accounts.put(a.number, a)
	s.accountsByRef.put(a.ref, a)
	return a
}

// Deposit is a command to pay into a virtual account. Zero values leave it to the account.
type Deposit struct {
	// Account is the account's number, Ref what the PG calls the order; one of them is needed.
	Account string `json:"account"`
	Ref     string `json:"ref"`
	// Amount is what is paid in, in won; zero pays what the account was issued for.
	Amount Won `json:"amount"`
	// Times is how often; zero means once.
	Times int `json:"times"`
	// Force pays in although the bank would refuse it: after the deadline, into a closed or paid account, or
	// another amount than the account takes.
	Force bool `json:"force"`
}

// Deposit pays into a virtual account: the money counts as captured from that moment, and the PG tells of it.
// Errors match ErrDeposit.
func (s *Sandbox) Deposit(d Deposit) error {
	list, err := s.deposit(d)
	s.publish(list)
	return err
}

func (s *Sandbox) deposit(d Deposit) ([]notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A number may be copied with its dashes (vbank_num, portone.md §1.5).
	a, ok := s.accounts.get(strings.ReplaceAll(d.Account, "-", ""))
	if d.Account == "" {
		a, ok = s.accountsByRef.get(d.Ref)
	}
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: no such account", ErrDeposit)
	case d.Amount < 0 || d.Times < 0 || d.Times > maxDeposits:
		return nil, fmt.Errorf("%w: amount and times must be positive, and times at most %d", ErrDeposit, maxDeposits)
	}
	if d.Amount == 0 {
		d.Amount = a.amount
	}
	if why := a.refuses(d.Amount, s.cfg.Now()); why != "" && !d.Force {
		return nil, fmt.Errorf("%w: the bank says: %s", ErrDeposit, why)
	}
	var list []notice
	for range max(d.Times, 1) {
		list = append(list, s.take(a, d.Amount)...)
	}
	return list, nil
}

// refuses is why a bank takes no deposit, or "".
func (a *account) refuses(amount Won, now time.Time) string {
	switch {
	case len(a.deposits) > 0:
		return "the account was paid into already"
	case !a.closed.IsZero():
		return "the account is closed"
	case now.After(a.due):
		return "the deadline has passed"
	case a.exact && amount != a.amount:
		return "the account takes another amount"
	}
	return ""
}

// take books one deposit; callers hold the mutex.
func (s *Sandbox) take(a *account, amount Won) []notice {
	d := deposit{tid: s.transactionID("VBNK", a.mid, s.cfg.Now()), amount: amount, at: s.cfg.Now()}
	// A deposit has a TID of its own beside that of the issue (no_tid and no_req_tid, inicis.md §7).
	d.tid = "ININPG" + d.tid[6:]
	if len(a.deposits) == 0 {
		a.paid(d)
	} else {
		// No PG's object has room for a second deposit: only the ledger shows that money.
		a.surplus += amount
	}
	a.deposits = append(a.deposits, d)
	s.book(Entry{PG: a.pg, Kind: EntryCapture, OrderRef: a.ref, TxID: a.txID, Amount: amount, By: "deposit"})
	return a.tell(d)
}

// AccountView is what there is to know of a virtual account.
type AccountView struct {
	PG       string    `json:"pg"`
	Ref      string    `json:"ref"`
	Bank     string    `json:"bank"`
	Number   string    `json:"account"`
	Amount   Won       `json:"amount"`
	Due      time.Time `json:"due"`
	State    string    `json:"state"`
	Deposits []Won     `json:"deposits"`
}

// Accounts returns the virtual accounts that were issued, newest first: waiting, paid or closed.
func (s *Sandbox) Accounts() []AccountView {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []AccountView{}
	for _, a := range s.accounts.all() {
		v := AccountView{
			PG: a.pg, Ref: a.ref, Bank: a.bankCode(), Number: a.number, Amount: a.amount, Due: a.due, State: "waiting",
			Deposits: []Won{},
		}
		for _, d := range a.deposits {
			v.Deposits = append(v.Deposits, d.amount)
		}
		switch {
		case len(a.deposits) > 0:
			v.State = "paid"
		case !a.closed.IsZero():
			v.State = "closed"
		}
		out = append(out, v)
	}
	slices.Reverse(out)
	return out
}

// refundBanks are the banks that an Inicis merchant can send a refund to, in Inicis' codes.
func refundBanks() []string {
	return []string{
		"02", "03", "04", "07", "11", "12", "20", "23", "27", "31", "32", "34", "37", "39", "45", "48", "71", "81", "88",
		"89", "90", "92",
	}
}

// isAccountNumber tells whether a text can be a bank account's number.
func isAccountNumber(v string) bool {
	digits := strings.ReplaceAll(v, "-", "")
	return isDigits(digits) && len(digits) >= 6 && len(digits) <= 20
}
