package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/journal"
)

// outboxCommand shows messages that the shop never acknowledged and sends them again.
func outboxCommand(o *options) *cobra.Command {
	c := &cobra.Command{Use: "outbox", Short: "List parked messages to the shop and send them again"}
	c.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the messages that were given up", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				return withJournal(c.Context(), o, func(j *journal.Journal) error {
					parked, err := j.OutboxParked(c.Context(), 10_000)
					if err != nil {
						return fmt.Errorf("listing parked messages: %w", err)
					}
					if len(parked) == 0 {
						fmt.Fprintln(c.OutOrStdout(), "no message is parked")
						return nil
					}
					w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
					fmt.Fprintln(w, "MESSAGE\tORDER\tTYPE\tSINCE\tTRIES\tREASON")
					for _, m := range parked {
						fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", m.ID, m.OrderID, m.Type, m.CreatedAt.Local().Format(time.DateTime), m.Tries, m.Reason)
					}
					return w.Flush()
				})
			},
		},
		&cobra.Command{
			Use: "retry MESSAGE", Short: "Send a parked message again, and those of its order behind it", Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				return withJournal(c.Context(), o, func(j *journal.Journal) error { return j.OutboxUnpark(c.Context(), args[0]) })
			},
		},
	)
	return c
}
