package gateway

import (
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Bounds of a page of a list.
const (
	pageSize    = 100
	maxPageSize = 1000
)

// listedPage is a page of a list, the newest first.
type listedPage[T any] struct {
	Items []T `json:"items"`
	// Next goes with the request for the next page; it is left out of the last one.
	Next string `json:"next_cursor,omitempty"`
}

// subscription is a billing key that was issued, or a charge of one, as it is listed. It holds no key and nothing of a
// buyer.
type subscription struct {
	OrderID   payment.OrderID    `json:"order_id"`
	AttemptID payment.AttemptID  `json:"attempt_id"`
	PG        payment.PGID       `json:"pg"`
	Merchant  payment.MerchantID `json:"merchant"`
	Method    payment.Method     `json:"method"`
	State     payment.State      `json:"state"`
	Reason    payment.Reason     `json:"reason,omitempty"`
	Amount    payment.Won        `json:"amount"`
	// PGTxID is left out of keys: some PGs know an issue by the key itself.
	PGTxID string `json:"pg_tx_id,omitempty"`
	// ChargeAt is when the PG is to make a scheduled charge.
	ChargeAt  time.Time `json:"charge_at,omitzero"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func subscriptionOf(a payment.Attempt) subscription {
	s := subscription{
		OrderID: a.OrderID, AttemptID: a.ID, PG: a.PG, Merchant: a.Merchant, Method: a.Method, State: a.State,
		Reason: a.Reason, Amount: a.Amount, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
	if a.Purpose != payment.PurposeBillingKey { //guard:listed-keys-have-no-transaction
		s.PGTxID = a.PGTxID
	}
	if a.Purpose == payment.PurposeRecurring && a.State == payment.StateOpened {
		s.ChargeAt = a.ExpiresAt.Add(-lifecycle.ScheduleGrace)
	}
	return s
}

// handleSubscriptions lists what of recurring payments is in the journal.
func (g *Gateway) handleSubscriptions(what journal.Subscriptions) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f, err := listFilter(c, payment.States())
		if err != nil {
			return err
		}
		list, err := g.journal.Subscriptions(g.requestContext(c), what, f)
		if err != nil {
			return err
		}
		page := listedPage[subscription]{Items: make([]subscription, 0, len(list))}
		for _, a := range list {
			page.Items = append(page.Items, subscriptionOf(a))
		}
		if n := len(list); n == f.Limit {
			page.Next = cursorOf(journal.Listed{At: list[n-1].CreatedAt, ID: string(list[n-1].ID)})
		}
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.JSON(page)
	}
}

// listFilter reads what a list is asked for; what it does not know is refused, since a filter that is misspelt would
// show everything.
func listFilter[S ~string](c *fiber.Ctx, states []S) (journal.ListFilter, error) {
	f := journal.ListFilter{Limit: pageSize}
	var err error
	for name, value := range c.Queries() {
		switch name {
		case "order_id":
			f.Order = payment.OrderID(value)
			if !validOrderID(value) {
				err = fieldProblem(name, "주문번호가 아닙니다", "is not an order's number")
			}
		case "state":
			f.State = value
			if !known(states, value) {
				err = fieldProblem(name, "그런 상태는 없습니다", "is no state that there is")
			}
		case "since":
			f.Since, err = listedTime(name, value)
		case "until":
			f.Until, err = listedTime(name, value)
		case "limit":
			f.Limit, err = strconv.Atoi(value)
			if err != nil || f.Limit < 1 || f.Limit > maxPageSize {
				err = fieldProblem(name, "1부터 1000까지입니다", "must be from 1 to 1000")
			}
		case "cursor":
			f.After, err = cursor(value)
		default:
			err = fieldProblem(name, "알 수 없는 조건입니다", "is not a filter of this list")
		}
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

func known[S ~string](states []S, value string) bool {
	for _, s := range states {
		if string(s) == value {
			return true
		}
	}
	return false
}

func listedTime(field, value string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return at, fieldProblem(field, "RFC 3339 시각이어야 합니다", "must be a time as in 2026-12-01T09:00:00+09:00")
	}
	return at, nil
}

func cursorOf(l journal.Listed) string { return strconv.FormatInt(l.At.UnixMilli(), 10) + "." + l.ID }

func cursor(value string) (journal.Listed, error) {
	ms, id, _ := strings.Cut(value, ".")
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || n <= 0 || !payment.ValidID(id) {
		return journal.Listed{}, fieldProblem("cursor", "앞 쪽의 next_cursor여야 합니다", "must be the next_cursor of a page")
	}
	return journal.Listed{At: time.UnixMilli(n), ID: id}, nil
}
