package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// recoveries are the declined charges that are tried again.
const recoveries = "recoveries"

// mostSubscriptions bounds --limit.
const mostSubscriptions = 10_000

// subscriptionList is what subscriptions list was asked for.
type subscriptionList struct {
	since, until, order, state string
	limit                      int
	asJSON                     bool
}

// subscriptionsCommand shows what of recurring payments is in the journal.
func subscriptionsCommand(o *options) *cobra.Command {
	c := &cobra.Command{Use: "subscriptions", Short: "List billing keys and their charges (정기결제)"}
	var l subscriptionList
	list := &cobra.Command{
		Use: "list " + strings.Join(listNames(), "|"), Short: "List billing keys, their charges and more, the newest first",
		Long: "List shows what of recurring payments is in the journal, the newest first: the billing keys that were\n" +
			"issued (keys), what was charged with them (charges), what PortOne is to charge by itself (schedules), and\n" +
			"declined charges that are tried again (recoveries). A billing key itself is in no list: the journal has none.",
		Example: "  pg-gateway subscriptions list charges --state declined --since 2026-12-01\n" +
			"  pg-gateway subscriptions list schedules --json",
		Args: cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs), ValidArgs: listNames(),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := l.filter(args[0])
			if err != nil {
				return err
			}
			return withJournal(c.Context(), o, func(j *journal.Journal) error {
				if args[0] == recoveries {
					return l.runRecoveries(c.Context(), j, f, c.OutOrStdout())
				}
				return l.run(c.Context(), j, journal.Subscriptions(args[0]), f, c.OutOrStdout())
			})
		},
	}
	f := list.Flags()
	f.StringVar(&l.since, "since", "", "made from then on: a time (RFC 3339) or a day in Korea (2026-12-01)")
	f.StringVar(&l.until, "until", "", "made before then: a time, or a day in Korea to its end")
	f.StringVar(&l.order, "order", "", "of this order")
	f.StringVar(&l.state, "state", "", "in this state, as declined")
	f.IntVar(&l.limit, "limit", 100, fmt.Sprintf("how many at most, up to %d", mostSubscriptions))
	f.BoolVar(&l.asJSON, "json", false, "print JSON")
	c.AddCommand(list)
	return c
}

func listNames() []string {
	return []string{
		string(journal.SubscriptionKeys), string(journal.SubscriptionCharges), string(journal.SubscriptionSchedules),
		recoveries,
	}
}

// filter makes a filter of the flags.
func (l *subscriptionList) filter(what string) (f journal.ListFilter, err error) {
	f = journal.ListFilter{Order: payment.OrderID(l.order), State: l.state, Limit: l.limit}
	if l.since != "" {
		if f.Since, err = bound("since", l.since, false); err != nil {
			return f, err
		}
	}
	if l.until != "" {
		if f.Until, err = bound("until", l.until, true); err != nil {
			return f, err
		}
	}
	known, see := slices.Contains(payment.States(), payment.State(l.state)), "a payment: see docs/states.md"
	if what == recoveries {
		known = slices.Contains(payment.RecoveryStates(), payment.RecoveryState(l.state))
		see = "a recovery: see docs/recurring.md"
	}
	if l.state != "" && !known {
		return f, fmt.Errorf("--state %q is no state of %s", l.state, see)
	}
	if l.limit < 1 || l.limit > mostSubscriptions {
		return f, fmt.Errorf("--limit %d is not between 1 and %d", l.limit, mostSubscriptions)
	}
	return f, nil
}

// subscriptionRow is a billing key that was issued, or a charge of one.
type subscriptionRow struct {
	OrderID   payment.OrderID    `json:"order_id"`
	AttemptID payment.AttemptID  `json:"attempt_id"`
	PG        payment.PGID       `json:"pg"`
	Merchant  payment.MerchantID `json:"merchant"`
	Method    payment.Method     `json:"method"`
	State     payment.State      `json:"state"`
	Reason    payment.Reason     `json:"reason,omitempty"`
	Amount    payment.Won        `json:"amount"`
	ChargeAt  time.Time          `json:"charge_at,omitzero"`
	CreatedAt time.Time          `json:"created_at"`
	UpdatedAt time.Time          `json:"updated_at"`
}

func (l *subscriptionList) run(
	ctx context.Context, j *journal.Journal, what journal.Subscriptions, f journal.ListFilter, out io.Writer,
) error {
	found, err := j.Subscriptions(ctx, what, f)
	if err != nil {
		return err
	}
	rows := []subscriptionRow{} // an empty list, not null
	for _, a := range found {
		row := subscriptionRow{
			OrderID: a.OrderID, AttemptID: a.ID, PG: a.PG, Merchant: a.Merchant, Method: a.Method, State: a.State,
			Reason: a.Reason, Amount: a.Amount, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
		}
		if what == journal.SubscriptionSchedules {
			row.ChargeAt = a.ExpiresAt.Add(-lifecycle.ScheduleGrace)
		}
		rows = append(rows, row)
	}
	if l.asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	if len(rows) == 0 {
		fmt.Fprintf(out, "no %s\n", what)
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ATTEMPT\tORDER\tPG\tMERCHANT\tMETHOD\tSTATE\tREASON\tWON\tMADE\tCHARGED AT")
	for _, r := range rows {
		charged := "-"
		if !r.ChargeAt.IsZero() {
			charged = onTheClock(r.ChargeAt)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			r.AttemptID, r.OrderID, r.PG, r.Merchant, r.Method, r.State, r.Reason, r.Amount, onTheClock(r.CreatedAt), charged)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(rows) == l.limit {
		fmt.Fprintf(out, "there may be more: raise --limit, or set --until to the last one's time\n")
	}
	return nil
}
