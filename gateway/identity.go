package gateway

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// headerIdentity names the identity verification (본인인증) that a billing key is issued with: V1's imp_uid of it, or
	// V2's identityVerificationId.
	headerIdentity = "X-Pg-Gateway-Identity-Verification"
	// identityAhead is how far a PG's clock may be ahead of ours.
	identityAhead = time.Minute
)

// identified tells whether a card may be stored by the identity verification that the caller names: done, recent, and
// of whom the call says the card to be. It returns what names the verification in the journal, where it is used once;
// empty where the rules want none. Names and birthdays are compared in memory, and are in no answer.
func (g *Gateway) identified(
	ctx context.Context, v *view, pg *payment.PG, id string, holder adapters.Person,
) (string, error) {
	within := v.rules.Billing().IdentityWithin
	if within == 0 {
		return "", nil
	}
	reader, ok := g.drivers[pg.Driver].(adapters.IdentityReader)
	if !ok || id == "" { //guard:key-wants-a-verification
		return "", &payment.Problem{Code: payment.CodeIdentityRequired, KeySafety: payment.NewKeySafe}
	}
	if !holder.Name.IsSet() || len(holder.Birth.Reveal()) != len("YYMMDD") {
		return "", unfit("카드 주인의 이름과 생년월일(YYMMDD)이 요청에 있어야 합니다",
			"the call must say the name and the birthday (YYMMDD) of the card's holder")
	}
	x, err := reader.Identity(ctx, pg, id)
	if err != nil {
		return "", fmt.Errorf("reading an identity verification at %s: %w", pg.ID, err)
	}
	switch age := g.now().Sub(x.At); {
	case !x.Verified:
		return "", unfit("끝나지 않았거나 없는 본인인증입니다", "there is no such verification, or it was not completed")
	case age > within || age < -identityAhead: //guard:verification-is-recent
		return "", unfit("본인인증을 받은 지 너무 오래되었습니다", "the verification is too old")
	case !samePerson(x.Person, holder): //guard:verification-is-the-holders
		return "", unfit("본인인증을 받은 사람과 요청의 카드 주인이 다릅니다", "another person was verified than the call names")
	}
	return g.sealer.Print("identity", string(pg.ID), id), nil
}

func unfit(ko, en string) error {
	return &payment.Problem{
		Code: payment.CodeIdentityRefused, KeySafety: payment.NewKeySafe, DetailKo: ko, DetailEn: en,
	}
}

// samePerson compares names but for spaces, and birthdays.
func samePerson(a, b adapters.Person) bool {
	name := plainName(a.Name)
	return name != "" && name == plainName(b.Name) && a.Birth.IsSet() && a.Birth == b.Birth
}

func plainName(name payment.Secret) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, name.Reveal())
}
