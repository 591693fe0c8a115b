package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/rules"
)

// journalCommand looks after the journal.
func journalCommand(o *options) *cobra.Command {
	c := &cobra.Command{Use: "journal", Short: "Back up and check the journal"}
	c.AddCommand(
		&cobra.Command{
			Use: "backup FILE", Short: "Write a consistent copy of a SQLite journal while the gateway runs",
			Args: cobra.ExactArgs(1),
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
				return withJournal(c.Context(), o, func(j *journal.Journal) error {
					return checkJournal(c.Context(), j, c.OutOrStdout())
				})
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
		Use: "prune", Short: "Remove attempts that ended long ago, in small steps; a running gateway does so by itself",
		Args: cobra.NoArgs,
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
