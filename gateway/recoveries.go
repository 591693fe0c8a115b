package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// RecoveryStore keeps recoveries of declined charges, for all pods; *journal.Journal has it.
type RecoveryStore interface {
	lifecycle.RecoveryJournal
	Recoveries(ctx context.Context, f journal.ListFilter) ([]payment.Recovery, error)
	RecoveryStats(ctx context.Context) (map[payment.RecoveryState]int, error)
}

// newRecoverer makes what tries declined charges again.
func (g *Gateway) newRecoverer(o Options) *lifecycle.Recoverer {
	return lifecycle.NewRecoverer(lifecycle.RecovererOptions{
		Journal: o.Journal, Log: g.log, Now: func() time.Time { return g.now() }, Wake: func() { g.worker.Wake() },
		Rules:  func() payment.RecoveryRules { return g.view().rules.Recovery() },
		Charge: g.chargeAgain,
		Moved: func(r payment.Recovery) {
			g.metrics.RecoveryMoved(string(r.Class), string(r.State))
		},
	})
}

// askAgain is what a charge is made of anew, as it is sealed. It holds no key: the attempt that issued it is asked.
type askAgain struct {
	Issuer      payment.AttemptID `json:"i"`
	PG          payment.PGID      `json:"p,omitempty"`
	Method      payment.Method    `json:"m"`
	Amount      payment.Won       `json:"a"`
	TaxFree     payment.Won       `json:"t,omitempty"`
	TaxFreeSet  bool              `json:"ts,omitempty"`
	VAT         payment.Won       `json:"v,omitempty"`
	VATSet      bool              `json:"vs,omitempty"`
	Name        string            `json:"n"`
	Buyer       payment.Buyer     `json:"b"`
	Site        payment.Site      `json:"s,omitempty"`
	Installment int               `json:"q,omitempty"`
}

// recoveryOf is the recovery that a charge is asked for with; nil when it is not to be tried again. Errors are
// *payment.Problem.
func (g *Gateway) recoveryOf(v *view, ask *chargeAsk) (*journal.RecoveryTry, error) {
	rules := v.rules.Recovery()
	switch {
	case ask.Recover == nil && (!rules.On || !rules.ByDefault || ask.Issuer == ""), ask.Recover != nil && !*ask.Recover:
		return nil, nil
	case !rules.On:
		return nil, fieldProblem(
			"recover", "설정에 billing.recovery가 없어 다시 시도하지 않습니다",
			"the rules have no billing.recovery: nothing would be tried again",
		)
	case ask.Issuer == "": //guard:recovery-keeps-no-key
		return nil, fieldProblem(
			"recover", "attempt_id로 요청한 결제만 다시 시도합니다", "only a charge by attempt_id is tried again: the gateway keeps no keys",
		)
	}
	plain, err := json.Marshal(askAgain{
		Issuer: ask.Issuer, PG: ask.PG, Method: ask.Method, Amount: ask.Amount, TaxFree: ask.TaxFree,
		TaxFreeSet: ask.TaxFreeSet, VAT: ask.VAT, VATSet: ask.VATSet, Name: ask.Name, Buyer: ask.Buyer, Site: ask.Site,
		Installment: ask.Installment,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding what is to be charged again: %w", err)
	}
	sealed, err := g.sealer.Seal(lifecycle.RecoveryName(ask.ID), plain) //guard:recovery-is-sealed
	if err != nil {
		return nil, fmt.Errorf("sealing what is to be charged again: %w", err)
	}
	return &journal.RecoveryTry{New: true, Row: payment.Recovery{ID: ask.ID, OrderID: ask.Order, Sealed: sealed}}, nil
}

// chargeAgain makes the next try of a recovery, as its charge was asked for and by the rules of now.
func (g *Gateway) chargeAgain(
	ctx context.Context, id payment.AttemptID, r payment.Recovery,
) (lifecycle.Charged, error) {
	plain, err := g.sealer.Open(lifecycle.RecoveryName(r.ID), r.Sealed)
	if err != nil {
		return lifecycle.Charged{}, fmt.Errorf("opening what is to be charged again: %w", err)
	}
	var a askAgain
	if err := json.Unmarshal(plain, &a); err != nil {
		return lifecycle.Charged{}, fmt.Errorf("reading what is to be charged again: %w", err)
	}
	return g.charge(ctx, g.view(), chargeAsk{
		ID: id, Order: r.OrderID, Issuer: a.Issuer, PG: a.PG, Method: a.Method, Amount: a.Amount, TaxFree: a.TaxFree,
		TaxFreeSet: a.TaxFreeSet, VAT: a.VAT, VATSet: a.VATSet, Name: a.Name, Buyer: a.Buyer, Site: a.Site,
		Installment: a.Installment, Recovery: &journal.RecoveryTry{Row: r},
	})
}

// recovered goes on with the recovery of a charge that was just made or asked about, and tells where it stands: p is
// what the caller is to be told of the charge, paid the charge that paid the order in its place.
func (g *Gateway) recovered(
	ctx context.Context, v *view, a payment.Attempt, p *payment.Problem,
) (paid *payment.Attempt, told *payment.Problem) {
	if err := g.recoverer.Ended(ctx, a); err != nil {
		g.log.WarnContext(ctx, "the sweep goes on with a recovery", a.LogAttr(), slog.Any("err", err))
	}
	if p == nil {
		return nil, nil
	}
	r, err := g.journal.RecoveryOf(ctx, a.OrderID)
	if err != nil || r.ID != a.ID {
		if err != nil && !errors.Is(err, journal.ErrNotFound) && p.KeySafety == payment.NewKeySafe {
			p.KeySafety = payment.NewKeyUnsafe
		}
		return nil, p
	}
	standing := r.Standing(v.rules.Recovery())
	p.Recovery = &standing
	switch {
	case r.State.Open() && p.Code != payment.CodePaymentUnknown:
		p.KeySafety = payment.NewKeyWait //guard:recovered-charge-is-waited-for
	case r.State == payment.RecoveryRecovered:
		if last, _, err := g.journal.Attempt(ctx, r.Attempt); err == nil && last.State == payment.StateApproved {
			return &last, nil
		}
	}
	return nil, p
}

// listedRecovery is a recovery as it is listed.
type listedRecovery struct {
	OrderID payment.OrderID `json:"order_id"`
	// FirstID is the charge that began it, AttemptID the one that was made last.
	FirstID   payment.AttemptID `json:"first_attempt_id"`
	AttemptID payment.AttemptID `json:"attempt_id"`
	PG        payment.PGID      `json:"pg"`
	Tries     int               `json:"tries"`
	Reason    payment.Reason    `json:"reason,omitempty"`
	StopAsked bool              `json:"stop_asked,omitempty"`
	payment.RecoveryStanding
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func listedRecoveryOf(r payment.Recovery, rules payment.RecoveryRules) listedRecovery {
	return listedRecovery{
		OrderID: r.OrderID, FirstID: r.ID, AttemptID: r.Attempt, PG: r.PG, Tries: r.Tries, Reason: r.Reason,
		StopAsked: r.StopAsked, RecoveryStanding: r.Standing(rules), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

// handleRecoveries lists the recoveries of declined charges.
func (g *Gateway) handleRecoveries(c *fiber.Ctx) error {
	f, err := listFilter(c, payment.RecoveryStates())
	if err != nil {
		return err
	}
	list, err := g.journal.Recoveries(g.requestContext(c), f)
	if err != nil {
		return err
	}
	rules := g.view().rules.Recovery()
	page := listedPage[listedRecovery]{Items: make([]listedRecovery, 0, len(list))}
	for _, r := range list {
		page.Items = append(page.Items, listedRecoveryOf(r, rules))
	}
	if n := len(list); n == f.Limit {
		page.Next = cursorOf(journal.Listed{At: list[n-1].CreatedAt, ID: string(list[n-1].ID)})
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(page)
}

// handleStopRecovery stops the recovery of an order. Stopping one that has stopped is no harm.
func (g *Gateway) handleStopRecovery(c *fiber.Ctx) error {
	order := c.Params("order")
	if !validOrderID(order) {
		return &payment.Problem{Code: payment.CodeRecoveryNotFound}
	}
	r, err := g.recoverer.Stop(g.requestContext(c), payment.OrderID(order))
	if err != nil {
		return notFoundAs(err, payment.CodeRecoveryNotFound)
	}
	isAbout(c, r.OrderID, r.Attempt)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(listedRecoveryOf(r, g.view().rules.Recovery()))
}
