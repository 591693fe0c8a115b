package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// withJournal opens the journal that the configuration names, also while the rest of the configuration is refused. A
// gateway may be running on it. It makes none: an empty one would say that nothing is unknown.
func withJournal(ctx context.Context, o *options, use func(*journal.Journal) error) error {
	section, err := rules.LoadJournal(o.configFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the journal is found by the gateway's configuration file, which --config.file names: %w", err)
	}
	if err != nil {
		return fmt.Errorf("the section journal of %s is not usable:\n%w", o.configFile, err)
	}
	cfg := journalOf(o.configFile, section)
	cfg.MustExist = true
	j, err := journal.Open(ctx, cfg)
	if errors.Is(err, journal.ErrNoJournal) {
		return fmt.Errorf("%w (journal.path of %s, which is relative to that file; --config.file names the gateway's own)", err, o.configFile)
	}
	if err != nil {
		return fmt.Errorf("opening the journal: %w", err)
	}
	err = use(j)
	if closing := j.Close(); err == nil {
		err = closing
	}
	return err
}

// unknownCommand is the desk: payments that the gateway cannot settle by itself.
func unknownCommand(o *options) *cobra.Command {
	c := &cobra.Command{Use: "unknown", Short: "List and resolve payments whose outcome is not known"}
	var asJSON bool
	list := &cobra.Command{
		Use: "list", Short: "List them with age, won, what happened last and the next check", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withJournal(c.Context(), o, func(j *journal.Journal) error { return listUnknown(c.Context(), j, c.OutOrStdout(), asJSON) })
		},
	}
	list.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	var as, late, cancel, by, reason string
	resolve := &cobra.Command{
		Use:   "resolve ATTEMPT",
		Short: "Record what you found out at the PG; it takes effect when a second person finds the same",
		Example: `  pg-gateway unknown resolve 0193... --as given-back --by kim --reason "refunded in the Inicis admin"
  pg-gateway unknown resolve 0193... --as given-back --by lee --reason "seen on the card statement"`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withJournal(c.Context(), o, func(j *journal.Journal) error {
				var done bool
				var err error
				if cancel != "" {
					done, err = resolveCancel(c.Context(), j, payment.AttemptID(args[0]), payment.CancelID(cancel), as, by, reason)
				} else {
					done, err = resolveUnknown(c.Context(), j, payment.AttemptID(args[0]), as, late, by, reason)
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
	resolve.Flags().StringVar(&cancel, "cancel", "", "the cancel, as the list names it, for an unknown cancel of a paid order")
	resolve.Flags().StringVar(&late, "late", "", "the PG's transaction, for late money; --as is given-back then")
	resolve.Flags().StringVar(&by, "by", "", "who you are")
	resolve.Flags().StringVar(&reason, "reason", "", "how you know")
	c.AddCommand(list, resolve)
	return c
}

// resolveUnknown records a finding about an attempt, or about late money of one.
func resolveUnknown(ctx context.Context, j *journal.Journal, id payment.AttemptID, as, late, by, reason string) (bool, error) {
	if late == "" {
		return lifecycle.Resolve(ctx, j, id, lifecycle.Finding(as), by, reason, time.Now())
	}
	if lifecycle.Finding(as) != lifecycle.FindingGivenBack {
		return false, fmt.Errorf("%w: late money is closed as given-back", lifecycle.ErrFinding)
	}
	return lifecycle.ResolveLate(ctx, j, id, late, by, reason, time.Now())
}

// unknownRow is one line of the desk's list.
type unknownRow struct {
	payment.Attempt
	Age string `json:"age"`
	// History is what happened to the attempt, the oldest first.
	History []happened `json:"history"`
	// Last is what happened last to what the line is about.
	Last happened `json:"last_event"`
	// Late is money that came in after the attempt had ended and is not proven to be back; nil for others.
	Late *journal.Late `json:"late_money,omitempty"`
	// Cancel is a cancel of a paid attempt that has not ended; nil for others.
	Cancel *payment.Cancel `json:"cancel,omitempty"`
}

// state is where the money stands, as a word.
func (r unknownRow) state() string {
	if r.Late != nil {
		return "late_" + string(r.Late.State)
	}
	if r.Cancel != nil {
		return "cancel_" + string(r.Cancel.State)
	}
	return string(r.State)
}

// unknown tells that nobody knows whether the money moved, or is back. The rest of the list waits for somebody.
func (r unknownRow) unknown() bool {
	switch {
	case r.Late != nil:
		return r.Late.State == journal.LateUnknown
	case r.Cancel != nil:
		return r.Cancel.State == payment.CancelUnknown
	}
	return lifecycle.InTheAir(r.State)
}

// cancelID names the cancel that a line is about, for resolving it.
func (r unknownRow) cancelID() payment.CancelID {
	if r.Cancel == nil {
		return "-"
	}
	return r.Cancel.ID
}

// won is what it is about.
func (r unknownRow) won() payment.Won {
	if r.Late != nil {
		return r.Late.Won
	}
	if r.Cancel != nil {
		return r.Cancel.Amount
	}
	return r.Amount
}

// lateRows are the desk's lines for late money.
func lateRows(ctx context.Context, j *journal.Journal) ([]unknownRow, error) {
	list, err := j.LateOpen(ctx, 10_000)
	if err != nil {
		return nil, fmt.Errorf("listing late money: %w", err)
	}
	rows := make([]unknownRow, 0, len(list))
	for i, l := range list {
		if !l.State.Open() {
			continue // a payment that is only watched is nobody's case
		}
		a, _, err := j.Attempt(ctx, l.AttemptID)
		if errors.Is(err, journal.ErrNotFound) {
			a, err = payment.Attempt{ID: l.AttemptID}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading attempt %s: %w", l.AttemptID, err)
		}
		row := unknownRow{Attempt: a, Age: time.Since(l.CreatedAt).Round(time.Second).String(), Late: &list[i]}
		if err := row.remember(ctx, j, l.AttemptID, func(h happened) bool { return h.PGTxID == l.PGTxID }); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func listUnknown(ctx context.Context, j *journal.Journal, out io.Writer, asJSON bool) error {
	rows, err := lateRows(ctx, j)
	if err != nil {
		return err
	}
	cancels, err := cancelRows(ctx, j)
	if err != nil {
		return err
	}
	rows = append(rows, cancels...)
	err = j.EachOpen(ctx, func(a payment.Attempt) error {
		if a.State == payment.StateIssued && !lifecycle.Overdue(a, time.Now()) {
			return nil
		}
		row := unknownRow{Attempt: a, Age: time.Since(a.CreatedAt).Round(time.Second).String()}
		if err := row.remember(ctx, j, a.ID, func(happened) bool { return true }); err != nil {
			return err
		}
		rows = append(rows, row)
		return nil
	}, payment.StateUnknown, payment.StateCancelling, payment.StateIssued)
	if err != nil {
		return fmt.Errorf("listing unknown payments: %w", err)
	}
	return printUnknown(rows, out, asJSON)
}

func printUnknown(rows []unknownRow, out io.Writer, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		if rows == nil {
			rows = []unknownRow{} // an empty list, not null
		}
		return enc.Encode(rows)
	}
	if len(rows) == 0 {
		fmt.Fprintln(out, "nothing is unknown")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ATTEMPT\tORDER\tPG\tSTATE\tWON\tAGE\tREASON\tLAST\tNEXT CHECK\tCANCEL")
	var unknown, waiting lifecycle.Unknown
	for _, r := range rows {
		sum := &waiting
		if r.unknown() {
			sum = &unknown
		}
		sum.Count, sum.Won = sum.Count+1, sum.Won+r.won()
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.OrderID, r.PG, r.state(), r.won(), r.Age, r.Reason, r.Last.Kind,
			r.nextCheck(), r.cancelID())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d unknown, %s won", unknown.Count, unknown.Won)
	if waiting.Count > 0 {
		fmt.Fprintf(out, "; %d more wait for the PG or a person, %s won", waiting.Count, waiting.Won)
	}
	fmt.Fprintln(out)
	return nil
}

// nextCheck is when the gateway looks again.
func (r unknownRow) nextCheck() string {
	next := r.NextCheck
	if r.Cancel != nil {
		next = r.Cancel.NextCheck
	}
	if r.Late != nil {
		next = r.Late.NextCheck
	}
	if next.IsZero() {
		return "-"
	}
	return onTheClock(next)
}

// journalCommand looks after the journal.
func journalCommand(o *options) *cobra.Command {
	c := &cobra.Command{Use: "journal", Short: "Back up and check the journal"}
	c.AddCommand(
		&cobra.Command{
			Use: "backup FILE", Short: "Write a consistent copy of a SQLite journal while the gateway runs", Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				return withJournal(c.Context(), o, func(j *journal.Journal) error {
					if err := j.Backup(c.Context(), args[0]); err != nil {
						return err
					}
					fmt.Fprintf(c.OutOrStdout(), "the journal is copied to %s\n", args[0])
					return nil
				})
			},
		},
		&cobra.Command{
			Use: "check", Short: "Read the whole journal and print every fault", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				return withJournal(c.Context(), o, func(j *journal.Journal) error { return checkJournal(c.Context(), j, c.OutOrStdout()) })
			},
		},
		pruneCommand(o),
	)
	return c
}

func checkJournal(ctx context.Context, j *journal.Journal, out io.Writer) error {
	faults, err := j.Check(ctx)
	if err != nil {
		return err
	}
	for _, f := range faults {
		fmt.Fprintln(out, f)
	}
	if len(faults) > 0 {
		return fmt.Errorf("the journal has %d faults", len(faults))
	}
	fmt.Fprintln(out, "the journal is sound")
	return nil
}

func pruneCommand(o *options) *cobra.Command {
	var keep time.Duration
	c := &cobra.Command{
		Use: "prune", Short: "Remove attempts that ended long ago, in small steps; a running gateway does so by itself", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if keep < rules.MinRetention {
				return fmt.Errorf("--keep must be at least %s", rules.MinRetention)
			}
			return withJournal(c.Context(), o, func(j *journal.Journal) error {
				total, err := pruneAll(c.Context(), j, time.Now().Add(-keep))
				fmt.Fprintf(c.OutOrStdout(), "%d attempts removed\n", total)
				return err
			})
		},
	}
	c.Flags().DurationVar(&keep, "keep", rules.DefaultRetention, "how long ended attempts are kept")
	return c
}

// pruneAll makes one pass over what ended before.
func pruneAll(ctx context.Context, j *journal.Journal, before time.Time) (total int, err error) {
	const step = 200
	var mark journal.PruneMark
	for more := true; more; {
		var n int
		if n, mark, more, err = j.Prune(journal.Patient(ctx), before, mark, step); err != nil {
			return total, fmt.Errorf("pruning the journal: %w", err)
		}
		total += n
	}
	return total, nil
}
