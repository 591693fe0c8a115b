package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// CancelAsk is a shop's wish to give money of a paid attempt back. What is nil was left out.
type CancelAsk struct {
	ID payment.CancelID
	// Amount is what to give back; nil is all that is left. Remaining is what the shop believes is left.
	Amount    *payment.Won
	Remaining *payment.Won
	TaxFree   *payment.Won
	VAT       *payment.Won
	Reason    string
	// RefundAccount is where a virtual account's money goes. It reaches the PG and nothing else.
	RefundAccount *payment.RefundAccount
	// Extra are fields for the PG in its own words, as a JSON object; nil for none. They reach the PG and nothing else.
	Extra []byte
}

// CancelIDOf names the cancel of an attempt that is asked for under a key. It depends on nothing else, so that asking
// again finds the same cancel whatever was lost in between, also by a caller whose token was replaced.
func CancelIDOf(id payment.AttemptID, key string) payment.CancelID {
	return cancelID("key", string(id), key) //guard:cancels-name-is-its-key
}

const (
	// RepeatedWithin is how long after a cancel in part is certain the same one is taken for a repeat, where nothing says
	// that it is another.
	RepeatedWithin = 10 * time.Minute
	// soon is within what its caller may have heard of a cancel. Of one that took longer he was told that nobody knows,
	// and he comes back to ask for it, within lateRepeatedWithin.
	soon               = 5 * time.Second
	lateRepeatedWithin = 7 * 24 * time.Hour
)

// NameAPICancel names a cancel that was asked for at a PG's own API, given the cancels of its attempt, and takes over
// the reason of one that it names again. With a key it is named by that. Without one the name is made of what is asked
// and of what is left then, as the caller says or the journal knows: a call that is repeated names the cancel that it
// was the first call for. One whose caller does not say what is left cannot be told from a repeat of the last one, so
// it is refused for a while. Errors are *payment.Problem.
func NameAPICancel(
	a payment.Attempt, have []payment.Cancel, ask CancelAsk, key string, now time.Time,
) (CancelAsk, error) {
	left := restOf(a, have).won
	switch {
	case key != "":
		ask.ID = CancelIDOf(a.ID, key)
	case left == 0 && ask.Amount == nil && ask.Remaining == nil:
		// All of it has gone back: what is asked for again is the cancel that took the rest.
		ask.ID = lastCancel(have) //guard:full-cancel-again-is-the-same
	default:
		if ask.Remaining != nil {
			left = *ask.Remaining
		} else if ask.Amount != nil && repeats(have, ask, now) { //guard:blind-repeat-gives-nothing-back
			return ask, &payment.Problem{Code: payment.CodeCancelRepeated, OrderID: a.OrderID}
		}
		amount := left
		if ask.Amount != nil {
			amount = *ask.Amount
		}
		ask.ID = firstOpen(a.ID, amount, left, have)
	}
	for _, c := range have {
		if c.ID == ask.ID {
			ask.Reason = c.Reason // it is no part of what is asked
		}
	}
	return ask, nil
}

// lastCancel is the cancel after which nothing was left.
func lastCancel(have []payment.Cancel) payment.CancelID {
	for _, c := range have {
		if c.State == payment.CancelDone && c.Amount == c.Remaining {
			return c.ID
		}
	}
	return ""
}

// repeats tells whether a cancel that does not say what is left is the last one once more.
func repeats(have []payment.Cancel, ask CancelAsk, now time.Time) bool {
	return slices.ContainsFunc(have, func(c payment.Cancel) bool {
		within := RepeatedWithin
		if c.UpdatedAt.Sub(c.CreatedAt) > soon { //guard:late-cancel-is-asked-for-again
			within = lateRepeatedWithin
		}
		return c.State == payment.CancelDone && c.Origin == payment.CancelByShop && c.Amount == *ask.Amount &&
			now.Sub(c.UpdatedAt) < within
	})
}

// firstOpen is the first name of such a cancel that was not refused: after a refusal it may be asked for anew.
func firstOpen(id payment.AttemptID, amount, left payment.Won, have []payment.Cancel) payment.CancelID {
	for n := 0; ; n++ {
		name := cancelID("api", string(id), amount.String(), left.String(), strconv.Itoa(n))
		refused := slices.ContainsFunc(have, func(c payment.Cancel) bool {
			return c.ID == name && c.State == payment.CancelRefused
		})
		if !refused {
			return name
		}
	}
}

func cancelID(parts ...string) payment.CancelID {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return payment.CancelID("c_" + hex.EncodeToString(h.Sum(nil)[:16]))
}

// rest is what has not been given back of a paid attempt.
type rest struct {
	won, taxFree, vat payment.Won
}

// taxable is the part of the rest that bears tax.
func (r rest) taxable() payment.Won { return r.won - r.taxFree }

func restOf(a payment.Attempt, have []payment.Cancel) rest {
	r := rest{won: a.Amount, taxFree: a.TaxFree, vat: a.VAT}
	for _, c := range have {
		if c.State == payment.CancelDone {
			r.won, r.taxFree, r.vat = r.won-c.Amount, r.taxFree-c.TaxFree, r.vat-c.VAT
		}
	}
	return r
}

// planCancel makes a cancel of what a shop asks, given what was cancelled before. Errors are *payment.Problem, and
// then nothing may be sent.
func planCancel(a payment.Attempt, have []payment.Cancel, ask CancelAsk) (payment.Cancel, error) {
	left := restOf(a, have)
	c := payment.Cancel{
		ID: ask.ID, AttemptID: a.ID, OrderID: a.OrderID, Amount: left.won, Remaining: left.won, VATSet: a.VATSet,
		Reason: ask.Reason, Origin: payment.CancelByShop,
	}
	switch {
	case a.State != payment.StateApproved:
		return c, refusal(a, payment.CodeNotCancellable, "", "결제 상태: "+string(a.State), "the payment is "+string(a.State))
	case left.won <= 0:
		return c, refusal(a, payment.CodeNotCancellable, "", "남은 금액이 없습니다", "nothing is left to give back")
	case ask.Remaining != nil && *ask.Remaining != left.won:
		return c, refusal(
			a, payment.CodeCancelTooMuch, "remaining", "남은 금액은 "+left.won.String()+"원입니다", left.won.String()+" won are left",
		)
	}
	if ask.Amount != nil {
		c.Amount = *ask.Amount
	}
	switch {
	case c.Amount <= 0:
		return c, refusal(a, payment.CodeInvalidField, "amount", "1원 이상이어야 합니다", "must be at least 1 won")
	case c.Amount > left.won:
		return c, refusal(
			a, payment.CodeCancelTooMuch, "amount", "남은 금액은 "+left.won.String()+"원입니다", left.won.String()+" won are left",
		)
	case a.Purpose == payment.PurposeEscrow && c.Amount != a.Amount:
		return c, refusal(
			a, payment.CodeNotCancellable, "amount", "에스크로 결제는 부분 취소할 수 없습니다", "an escrow payment cannot be cancelled in part",
		)
	}
	if err := planTaxes(a, left, ask, &c); err != nil {
		return c, err
	}
	return c, checkRefundAccount(a, ask.RefundAccount)
}

// planTaxes splits a cancel into its tax-free part and its VAT, so that the sums of all cancels never pass those of
// the payment: PGs refuse a later cancel otherwise, or take the whole for taxable (portone.md §6.5).
func planTaxes(a payment.Attempt, left rest, ask CancelAsk, c *payment.Cancel) error {
	whole := c.Amount == left.won
	switch {
	case ask.TaxFree != nil:
		c.TaxFree = *ask.TaxFree
	case whole || left.taxFree == 0:
		c.TaxFree = left.taxFree
	case left.taxable() == 0:
		c.TaxFree = c.Amount
	default:
		return refusal(
			a, payment.CodeTaxFreeRequired, "tax_free", "부분 취소 금액 가운데 면세 금액이 필요합니다",
			"a cancel in part needs its tax-free part",
		)
	}
	//guard:tax-free-sums-are-kept
	if c.TaxFree < 0 || c.TaxFree > c.Amount || c.TaxFree > left.taxFree || c.Amount-c.TaxFree > left.taxable() {
		return refusal(a, payment.CodeCancelTooMuch, "tax_free",
			"남은 면세 금액은 "+left.taxFree.String()+"원, 과세 금액은 "+left.taxable().String()+"원입니다",
			left.taxFree.String()+" won tax-free and "+left.taxable().String()+" won taxable are left")
	}
	return planVAT(a, left, ask, c)
}

func planVAT(a payment.Attempt, left rest, ask CancelAsk, c *payment.Cancel) error {
	whole := c.Amount == left.won
	switch {
	case !a.VATSet && ask.VAT != nil:
		return refusal(a, payment.CodeTaxNotAllowed, "vat_amount", "결제할 때 정하지 않은 부가세입니다", "was not stated at the payment")
	case !a.VATSet:
		return nil
	case ask.VAT != nil:
		c.VAT = *ask.VAT
	case whole:
		c.VAT = left.vat
	default:
		return &payment.Problem{
			Code: payment.CodeMissingField, Field: "vat_amount", OrderID: a.OrderID,
			DetailKo: "결제할 때 부가세를 정했으므로 vat_amount 값이 필요합니다", DetailEn: "vat_amount is required, since the payment stated it",
		}
	}
	taxable := c.Amount - c.TaxFree
	//guard:part-states-its-vat
	if c.VAT < 0 || c.VAT > left.vat || c.VAT > taxable || left.vat-c.VAT > left.taxable()-taxable {
		return refusal(
			a, payment.CodeCancelTooMuch, "vat_amount", "남은 부가세는 "+left.vat.String()+"원입니다",
			left.vat.String()+" won of VAT are left",
		)
	}
	return nil
}

// checkRefundAccount wants the buyer's account where money went into a virtual account, and nowhere else.
func checkRefundAccount(a payment.Attempt, to *payment.RefundAccount) error {
	const field = "refund_account"
	switch {
	case a.Method != payment.MethodVBank && to != nil:
		return refusal(a, payment.CodeInvalidField, field, "가상계좌 결제에만 씁니다", "is for virtual accounts only")
	case a.Method != payment.MethodVBank:
		return nil
	case to == nil:
		return &payment.Problem{
			Code: payment.CodeMissingField, Field: field, OrderID: a.OrderID,
			DetailKo: "가상계좌는 돌려받을 계좌가 필요합니다", DetailEn: "a virtual account's money needs an account to go back to",
		}
	case len(to.Bank) != 3 || !digits(to.Bank, 3):
		return refusal(
			a, payment.CodeInvalidField, field+".bank", "은행 표준코드 세 자리여야 합니다", "must be a bank's standard code of three digits",
		)
	case !digits(to.Number.Reveal(), 20):
		return refusal(a, payment.CodeInvalidField, field+".number", "숫자 20자리까지입니다", "must be up to 20 digits")
	case to.Holder.Reveal() == "":
		return refusal(a, payment.CodeMissingField, field+".holder", "예금주가 필요합니다", "is required")
	}
	return nil
}

func digits(s string, most int) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= most
}

// sameAsk tells whether a cancel is what is asked for now. A key that is used again for something else is refused,
// also when the idempotency row is gone.
func sameAsk(c payment.Cancel, ask CancelAsk) bool {
	is := func(asked *payment.Won, have payment.Won) bool { return asked == nil || *asked == have }
	return (ask.Amount != nil || c.Amount == c.Remaining) && is(ask.Amount, c.Amount) && is(ask.Remaining, c.Remaining) &&
		is(ask.TaxFree, c.TaxFree) && is(ask.VAT, c.VAT) && ask.Reason == c.Reason
}

// refusal is a problem of a cancel that came to nothing. A field that is named leads the detail.
func refusal(a payment.Attempt, code payment.Code, field, ko, en string) *payment.Problem {
	p := &payment.Problem{Code: code, Field: field, OrderID: a.OrderID, DetailKo: ko, DetailEn: en}
	if field != "" {
		p.DetailKo, p.DetailEn = field+": "+ko, field+": "+en
	}
	return p
}
