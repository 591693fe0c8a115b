package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// casesCommand is where a person sees and closes what the gateway cannot conclude by itself. It was called unknown, and
// scripts still call it so.
func casesCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "cases", Aliases: []string{"unknown"}, Short: "List and resolve what may need a person",
		Long: "List and resolve what may need a person: payments and cancels whose outcome is not known, and unmatched\n" +
			"payments (미매칭), which a PG took and their attempt cannot keep, or that have no attempt. The gateway goes on\n" +
			"looking them up at the PG. A declined charge that no process has tried again though its time came is listed too.",
	}
	var asJSON bool
	list := &cobra.Command{
		Use: "list", Short: "List the open cases with age, won, what happened last and the next check", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withJournal(c.Context(), o, func(j *journal.Journal) error {
				return listCases(c.Context(), j, c.OutOrStdout(), asJSON)
			})
		},
	}
	list.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	var as, unmatched, cancel, by, reason string
	resolve := &cobra.Command{
		Use:   "resolve ATTEMPT",
		Short: "Record what you found out at the PG about a case; it takes effect when a second person finds the same",
		Example: `  pg-gateway cases resolve 0193... --as given-back --by kim --reason "refunded in the Inicis admin"
  pg-gateway cases resolve 0193... --as given-back --by lee --reason "seen on the card statement"`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withJournal(c.Context(), o, func(j *journal.Journal) error {
				var done bool
				var err error
				if cancel != "" {
					done, err = resolveCancel(c.Context(), j, payment.AttemptID(args[0]), payment.CancelID(cancel), as, by, reason)
				} else {
					done, err = resolveAttempt(c.Context(), j, payment.AttemptID(args[0]), as, unmatched, by, reason)
				}
				if err != nil {
					return err
				}
				if !done {
					fmt.Fprintln(c.OutOrStdout(), "noted; a second person must find the same")
					return nil
				}
				fmt.Fprintln(c.OutOrStdout(), "resolved")
				return nil
			})
		},
	}
	resolve.Flags().StringVar(&as, "as", "", "charged, not-charged or given-back; for a cancel done or not-applied")
	resolve.Flags().StringVar(&cancel, "cancel", "",
		"the cancel, as the list names it, for a cancel of a paid order (its state is cancel_unknown)")
	resolve.Flags().StringVar(&unmatched, "transaction", "", "the PG's transaction, as the list names it, for an "+
		"unmatched payment (its state begins with unmatched_); --as is given-back then, or charged for one of no attempt "+
		"(unmatched_ownerless) of which it is known whose it is")
	resolve.Flags().StringVar(&unmatched, "late", "", "the former name of --transaction")
	cobra.CheckErr(resolve.Flags().MarkHidden("late"))
	resolve.Flags().StringVar(&by, "by", "", "who you are")
	resolve.Flags().StringVar(&reason, "reason", "", "how you know")
	c.AddCommand(list, resolve, casesFindCommand(o))
	return c
}

// resolveAttempt records a finding about an attempt, or about an unmatched payment of one.
func resolveAttempt(
	ctx context.Context, j *journal.Journal, id payment.AttemptID, as, unmatched, by, reason string,
) (bool, error) {
	if unmatched == "" {
		return lifecycle.Resolve(ctx, j, id, lifecycle.Finding(as), by, reason, time.Now())
	}
	_, _, err := j.Attempt(ctx, id)
	if errors.Is(err, journal.ErrNotFound) {
		return lifecycle.ResolveOwnerless(ctx, j, id, unmatched, lifecycle.Finding(as), by, reason)
	}
	if lifecycle.Finding(as) != lifecycle.FindingGivenBack {
		return false, fmt.Errorf("%w: an unmatched payment is closed as given-back", lifecycle.ErrFinding)
	}
	return lifecycle.ResolveUnmatched(ctx, j, id, unmatched, by, reason, time.Now())
}

// resolveCancel records a finding about a cancel of an attempt.
func resolveCancel(
	ctx context.Context, j *journal.Journal, id payment.AttemptID, cancel payment.CancelID, as, by, reason string,
) (bool, error) {
	c, err := j.Cancel(ctx, cancel)
	if err != nil {
		return false, fmt.Errorf("reading the cancel: %w", err)
	}
	if c.AttemptID != id {
		return false, fmt.Errorf("%w: the cancel is one of attempt %s", lifecycle.ErrFinding, c.AttemptID)
	}
	return lifecycle.ResolveCancel(ctx, j, cancel, lifecycle.Finding(as), by, reason, time.Now())
}

func listCases(ctx context.Context, j *journal.Journal, out io.Writer, asJSON bool) error {
	now := time.Now()
	cases, err := lifecycle.OpenCases(ctx, j, now)
	if err != nil {
		return err
	}
	if asJSON {
		rows := []caseRow{} // an empty list, not null
		for _, c := range cases.Open {
			rows = append(rows, rowOf(c, now))
		}
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	return printCases(cases, out, now)
}

// caseRow is an open case as JSON: its attempt's members, and its own.
type caseRow struct {
	payment.Attempt
	Age string `json:"age"`
	// History is what happened to the attempt, the oldest first.
	History []happened `json:"history"`
	// Last is what happened last to what the line is about.
	Last      happened           `json:"last_event"`
	Unmatched *journal.Unmatched `json:"unmatched_payment,omitempty"`
	Cancel    *payment.Cancel    `json:"cancel,omitempty"`
	// Ownerless is money of no attempt of ours: the attempt has nothing but what it was paid under.
	Ownerless *journal.Ownerless `json:"ownerless_payment,omitempty"`
	// Recovery is of a declined charge that nobody tries again.
	Recovery *overdueRecovery `json:"recovery,omitempty"`
}

// overdueRecovery is a recovery that no pod goes on with. What it keeps sealed is not shown.
type overdueRecovery struct {
	State payment.RecoveryState `json:"state"`
	Tries int                   `json:"tries"`
	// DueAt is when it should have been gone on with.
	DueAt time.Time `json:"due_at"`
}

// happened is one event of an attempt's history, as the lists print it in JSON. Its members are the journal's.
type happened struct {
	At     time.Time         `json:"at,omitzero"`
	Kind   journal.EventKind `json:"kind"`
	From   payment.State     `json:"from,omitempty"`
	To     payment.State     `json:"to,omitempty"`
	Actor  string            `json:"actor,omitempty"`
	Reason string            `json:"reason,omitempty"`
	Code   string            `json:"code,omitempty"`
	PGTxID string            `json:"pg_tx_id,omitempty"`
	Detail string            `json:"detail,omitempty"`
	Times  int               `json:"times,omitempty"`
	LastAt time.Time         `json:"last_at,omitzero"`
}

func happenedAs(e journal.Event) happened {
	return happened{
		At: e.At, Kind: e.Kind, From: e.From, To: e.To, Actor: e.Actor, Reason: e.Reason, Code: e.Code, PGTxID: e.PGTxID,
		Detail: e.Detail, Times: e.Times, LastAt: e.LastAt,
	}
}

func rowOf(c lifecycle.Case, now time.Time) caseRow {
	r := caseRow{
		Attempt: c.Attempt, Age: ageOf(c, now), Last: happenedAs(c.Last), Unmatched: c.Unmatched, Cancel: c.Cancel,
		Ownerless: c.Ownerless,
	}
	if v := c.Recovery; v != nil {
		r.Recovery = &overdueRecovery{State: v.State, Tries: v.Tries, DueAt: v.NextCheck}
	}
	r.Reason = c.Reason()
	for _, e := range c.History {
		r.History = append(r.History, happenedAs(e))
	}
	return r
}

func ageOf(c lifecycle.Case, now time.Time) string {
	return now.Sub(c.Since).Round(time.Second).String()
}

// casesHead heads the list. The commands that resolve a case ask for what stands below ATTEMPT, TRANSACTION and CANCEL.
const casesHead = "ATTEMPT\tORDER\tPG\tSTATE\tWON\tAGE\tREASON\tLAST\tNEXT CHECK\tTRANSACTION\tCANCEL"

func printCases(cases lifecycle.Cases, out io.Writer, now time.Time) error {
	if len(cases.Open) == 0 {
		fmt.Fprintln(out, "no case is open")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, casesHead)
	for _, c := range cases.Open {
		next, cancel := "-", payment.CancelID("-")
		tx := cmp.Or(c.PGTxID(), "-")
		if at := c.NextCheck(); !at.IsZero() {
			next = onTheClock(at)
		}
		if c.Cancel != nil {
			cancel = c.Cancel.ID
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			c.Attempt.ID, c.Attempt.OrderID, c.Attempt.PG, c.State(), c.Won(),
			ageOf(c, now), c.Reason(), c.Last.Kind, next, tx, cancel)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d unknown, %s won", cases.Unknown.Count, cases.Unknown.Won)
	if cases.Waiting.Count > 0 {
		fmt.Fprintf(out, "; %d more wait for the PG or a person, %s won", cases.Waiting.Count, cases.Waiting.Won)
	}
	fmt.Fprintln(out)
	return nil
}
