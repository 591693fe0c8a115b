package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/journal"
)

// errOneOrAll tells what outbox retry wants.
var errOneOrAll = errors.New("name a message, or say --all")

// outboxStep is how many messages a command changes in one write, so that a running gateway's writes wait for none.
const outboxStep = 200

// outboxCommand shows messages that the shop has not acknowledged and sends them again, and those that it has as well.
func outboxCommand(o *options) *cobra.Command {
	c := &cobra.Command{Use: "outbox", Short: "List messages that the shop has not taken, and send messages again"}
	c.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the messages that were given up and those that wait, to the last", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				return withJournal(c.Context(), o, func(j *journal.Journal) error {
					return listOutbox(c.Context(), j, c.OutOrStdout())
				})
			},
		},
		outboxRetryCommand(o),
		outboxReplayCommand(o),
		outboxExampleCommand(o),
		&cobra.Command{
			Use: "push", Short: "Send what waits for its next try at once", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				return withJournal(c.Context(), o, func(j *journal.Journal) error {
					n, err := inSteps(func(limit int) (int, error) {
						return j.OutboxPush(journal.Patient(c.Context()), time.Now(), limit)
					})
					fmt.Fprintf(c.OutOrStdout(), "%d messages brought forward\n", n)
					return err
				})
			},
		},
	)
	return c
}

func outboxRetryCommand(o *options) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "retry [MESSAGE]", Short: "Send a parked message again, or --all, and those of its order behind it",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return errOneOrAll
			}
			return withJournal(c.Context(), o, func(j *journal.Journal) error {
				if !all {
					if err := j.OutboxUnpark(c.Context(), args[0]); err != nil {
						return err
					}
					fmt.Fprintln(c.OutOrStdout(), "taken up again")
					return nil
				}
				n, err := inSteps(func(limit int) (int, error) { return j.OutboxUnparkAll(journal.Patient(c.Context()), limit) })
				fmt.Fprintf(c.OutOrStdout(), "%d messages taken up again\n", n)
				return err
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "every parked message")
	return c
}

// inSteps calls step until it has nothing more to do, and returns how much it did.
func inSteps(step func(limit int) (int, error)) (int, error) {
	total := 0
	for {
		n, err := step(outboxStep)
		if total += n; err != nil || n < outboxStep {
			return total, err
		}
	}
}

// outboxHead heads the list.
const outboxHead = "MESSAGE\tORDER\tTYPE\tSTATE\tSINCE\tTRIES\tNEXT TRY\tREASON"

// listOutbox prints every message that the shop has not acknowledged, the parked ones first.
func listOutbox(ctx context.Context, j *journal.Journal, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, outboxHead)
	total := 0
	for _, status := range []journal.MessageStatus{journal.MessageParked, journal.MessagePending} {
		err := j.OutboxEach(ctx, status, func(m journal.WaitingMessage) error {
			total++
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", m.ID, m.OrderID, m.Type, m.Status,
				onTheClock(m.CreatedAt), m.Tries, nextTry(m), m.Reason)
			return nil
		})
		if err != nil {
			return fmt.Errorf("listing messages: %w", err)
		}
	}
	if total == 0 {
		fmt.Fprintln(out, "no message waits and none is parked")
		return nil
	}
	return w.Flush()
}

// nextTry is when a message is sent again, as a word when that hangs on something else.
func nextTry(m journal.WaitingMessage) string {
	switch {
	case m.Status == journal.MessageParked:
		return "-"
	case m.Behind:
		return "behind another"
	}
	return onTheClock(m.NextTry)
}
