// Command pg-gateway stands between a Korean shop and its payment gateways: it checks checkouts against
// hot-reloaded rules, opens the PG's window with signed parameters, and sees each payment to a certain end.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the build: -ldflags "-X main.version=...".
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "pg-gateway:", err)
		os.Exit(1)
	}
}

// rootCommand is the command line. Without a subcommand it serves.
func rootCommand() *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:           "pg-gateway",
		Short:         "A payment gateway proxy for Korean commerce",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return serve(c.Context(), o, c.OutOrStdout()) },
	}
	o.flags(root.PersistentFlags())
	root.AddCommand(
		&cobra.Command{
			Use: "serve", Short: "Serve (the default)", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return serve(c.Context(), o, c.OutOrStdout()) },
		},
		sandboxCommand(&o),
		unknownCommand(&o),
		journalCommand(&o),
		outboxCommand(&o),
		&cobra.Command{
			Use: "version", Short: "Print the version", Args: cobra.NoArgs,
			Run: func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), "pg-gateway", buildVersion()) },
		},
	)
	root.AddCommand(ruleCommands(&o)...)
	return root
}
