// Package cli is the command line: one file a command. It joins the rooms, and holds no rule and no figure of its own.
package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Main runs the command that the process was started with, and returns its exit code. version is what the build says.
func Main(version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rootCommand(version).ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "pg-gateway:", err)
		return 1
	}
	return 0
}

// rootCommand is the command line. Without a subcommand it serves.
func rootCommand(version string) *cobra.Command {
	o := options{version: versionOf(version)}
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
		casesCommand(&o),
		journalCommand(&o),
		outboxCommand(&o),
		listenCommand(&o),
		subscriptionsCommand(&o),
		&cobra.Command{
			Use: "version", Short: "Print the version", Args: cobra.NoArgs,
			Run: func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), "pg-gateway", o.version) },
		},
	)
	root.AddCommand(ruleCommands(&o)...)
	return root
}
