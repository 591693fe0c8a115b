package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// decline is why a PG refuses a payment, in the PG's code and words.
type decline struct {
	code string
	text string
}

// declines are the refusals that a fault can ask for, by reason. The words are those that card companies use; the
// codes are made up, as every card company has its own.
func declines() map[string]decline {
	return map[string]decline{
		"limit":     {"V014", "한도초과"},
		"funds":     {"V015", "잔액부족"},
		"expired":   {"V016", "유효기간 경과 카드"},
		"stolen":    {"V017", "분실·도난 카드"},
		"suspended": {"V018", "거래정지 카드"},
		"number":    {"V019", "카드번호 오류"},
		"busy":      {"V099", "카드사 시스템 장애, 잠시 후 다시 시도하십시오"},
	}
}

// declineFor is the refusal of a reason; an empty reason is the card's limit.
func declineFor(reason string) *decline {
	if reason == "" {
		reason = "limit"
	}
	d, ok := declines()[reason]
	if !ok {
		return nil
	}
	return &d
}

// declinable tells whether a PG can decline what the fault is for, with such a reason. Errors match ErrFault.
func (f Fault) declinable() error {
	// A decline of just anything would be used up by a look-up, which nothing declines.
	for operation := range strings.SplitSeq(f.Operation, "|") {
		if !slices.Contains(declinableOperations()[f.PG], operation) {
			return fmt.Errorf("%w: %s %q cannot be declined", ErrFault, f.PG, operation)
		}
	}
	if declineFor(f.Reason) == nil {
		return fmt.Errorf("%w: unknown reason %q", ErrFault, f.Reason)
	}
	return nil
}

// declinableOperations are the operations of each stand-in that its PG can decline, in the stand-in's own words.
func declinableOperations() map[string][]string {
	return map[string][]string{
		pgInicis: {"approve", "charge"},
		pgV1:     {"again", "onetime", "issue", "retry", operationFire},
		pgV2:     {"pay", "confirm", "charge", "instant", "issue", operationFire},
	}
}
