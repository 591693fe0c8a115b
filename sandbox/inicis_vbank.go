package sandbox

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/encoding/korean"

	"github.com/pg-gateway/pg-gateway/payment"
)

// methodVBank is Inicis' gopaymethod of a virtual account.
const methodVBank = "VBank"

// vbankDefaultDays is how long an account takes its deposit when the shop does not say.
const vbankDefaultDays = 10

// vbankDue reads the deadline of acceptmethod's vbank(...) option: a day, to its end, or a minute.
func vbankDue(options []string, now time.Time) (due time.Time, ok bool) {
	local := now.In(payment.KST())
	due = time.Date(local.Year(), local.Month(), local.Day()+vbankDefaultDays, 23, 59, 59, 0, payment.KST())
	for _, option := range options {
		arg, found := strings.CutPrefix(option, "vbank(")
		if !found {
			continue
		}
		arg, found = strings.CutSuffix(arg, ")")
		if !found || !isDigits(arg) {
			return time.Time{}, false
		}
		var err error
		switch len(arg) {
		case len("20060102"):
			due, err = time.ParseInLocation("20060102", arg, payment.KST())
			due = due.Add(24*time.Hour - time.Second)
		case len("200601021504"):
			due, err = time.ParseInLocation("200601021504", arg, payment.KST())
		default:
			return time.Time{}, false
		}
		if err != nil {
			return time.Time{}, false
		}
	}
	return due, due.After(now)
}

// inicisIssue opens the account of an approved VBank window: nothing is captured before the deposit.
func (s *Sandbox) inicisIssue(tx *inicisTx, win *inicisWindow) {
	// There is nothing to give back before money came.
	tx.remaining = 0
	tx.account = s.openAccount(&account{
		pg: pgInicis, mid: tx.mid, ref: tx.oid, txID: tx.tid, amount: tx.price, due: win.due, exact: win.exact,
		paid: func(d deposit) {
			tx.price, tx.remaining, tx.paidAt, tx.taxes = d.amount, d.amount, d.at, tx.taxes.fit(d.amount)
		},
		tell: func(d deposit) []notice {
			if win.mobile != nil {
				return s.mobileNotice(tx, win, d)
			}
			return s.inicisNotice(tx, d)
		},
	})
}

// issuedFields are what an approval tells of the account.
func issuedFields(a *account) [][2]string {
	due := a.due.In(payment.KST())
	return [][2]string{
		{"VACT_Num", a.number},
		{"VACT_BankCode", bankInicis},
		{"vactBankName", bankName},
		{"VACT_Name", bankHolder},
		{"VACT_InputName", "홍길동"},
		{"VACT_Date", due.Format("20060102")},
		{"VACT_Time", due.Format("150405")},
	}
}

// vbankStatus is INIAPI v1's word for an account: N waits, Y is paid, C was closed unpaid; "" for what is an
// ordinary approval or cancel.
func (tx *inicisTx) vbankStatus() string {
	switch {
	case tx.account == nil:
		return ""
	case len(tx.account.deposits) > 0 && tx.remaining > 0:
		return "Y"
	case len(tx.account.deposits) > 0:
		// Paid and given back is an ordinary cancel (inicis.md §5.3).
		return "1"
	case !tx.account.closed.IsZero():
		return "C"
	default:
		return "N"
	}
}

// spent tells whether nothing is left to cancel: everything was given back, or the account was closed.
func (tx *inicisTx) spent() bool {
	if tx.account != nil && len(tx.account.deposits) == 0 {
		return !tx.account.closed.IsZero()
	}
	return tx.remaining == 0
}

// inicisNotice is the deposit notice of an account that was issued on a PC: a form in EUC-KR, sent until the
// receiver says exactly OK.
func (s *Sandbox) inicisNotice(tx *inicisTx, d deposit) []notice {
	address := s.noticeURL(tx.mid)
	if address == "" {
		return nil
	}
	at := d.at.In(payment.KST())
	fields := [][2]string{
		{"len", "0620"},
		{"no_tid", d.tid},
		{"no_req_tid", tx.tid},
		{"no_oid", tx.oid},
		{"id_merchant", tx.mid},
		// Eight digits, of which the last two count (inicis.md §7).
		{"cd_bank", "000000" + bankInicis},
		{"cd_deal", "000000" + bankInicis},
		{"dt_trans", at.Format("20060102")},
		{"tm_trans", at.Format("150405")},
		{"no_msgseq", "0000000001"},
		{"cd_joinorg", "20000050"},
		{"dt_transbase", at.Format("20060102")},
		{"no_transeq", "0000001"},
		{"type_msg", "0200"},
		{"cl_trans", "1100"},
		{"cl_close", "0"},
		{"cl_kor", "2"},
		{"no_msgmanage", "0000001"},
		// Values come padded with spaces (inicis.md §7).
		{"no_vacct", tx.account.number + "  "},
		{"amt_input", d.amount.text()},
		{"amt_check", "0"},
		{"nm_inputbank", bankName + "  "},
		{"nm_input", "홍길동  "},
		{"dt_inputstd", at.Format("20060102")},
		{"dt_calculstd", at.Format("20060102")},
		{"flg_close", "0"},
	}
	return []notice{{
		pg: pgInicis, ref: tx.oid, kind: "deposit", urls: []string{address}, ack: "OK", waits: s.inicisWaits(),
		contentType: "application/x-www-form-urlencoded", body: eucKRForm(fields),
	}}
}

// eucKRForm writes a form whose values are percent-encoded EUC-KR. What EUC-KR lacks becomes a question mark.
func eucKRForm(fields [][2]string) []byte {
	parts := make([]string, 0, len(fields))
	for _, f := range fields {
		text, err := korean.EUCKR.NewEncoder().String(f[1])
		if err != nil {
			text = "?"
		}
		parts = append(parts, f[0]+"="+url.QueryEscape(text))
	}
	return []byte(strings.Join(parts, "&"))
}

// inicisWaits are the pauses between the tries at a deposit notice: four of ten minutes, then six of an hour.
func (s *Sandbox) inicisWaits() []time.Duration {
	unit := s.cfg.InicisRetryUnit
	if unit <= 0 {
		return nil
	}
	waits := make([]time.Duration, 10)
	for i := range waits {
		waits[i] = 10 * unit
		if i >= 4 {
			waits[i] = 60 * unit
		}
	}
	return waits
}

// noticeURL is where a merchant's deposits are told: its own address, else the one for all; callers hold the
// mutex.
func (s *Sandbox) noticeURL(mid string) string {
	if u := s.noticeURLs[mid]; u != "" {
		return u
	}
	return s.noticeURLs[""]
}

// ErrNoticeURL is returned for a notice address that is none.
var ErrNoticeURL = errors.New("not an absolute http(s) address")

// SetInicisNotice sets where the deposits of a merchant are told, as the merchant would in Inicis' back office;
// an empty MID means every merchant without an address of its own, an empty address none. Errors match
// ErrNoticeURL.
func (s *Sandbox) SetInicisNotice(mid, address string) error {
	if address != "" && !isAbsoluteURL(address) {
		return ErrNoticeURL
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noticeURLs[mid] = address
	return nil
}
