//go:build linux

package harness

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Common are the options that every benchmark has.
type Common struct {
	// Alone goes before whatever else the machine does.
	Alone bool
	// Docs is the document whose table is written anew; empty for none.
	Docs string
	// Gateway is a binary to measure instead of building this tree's.
	Gateway string
}

// Flags makes flags of the options.
func (o *Common) Flags() {
	flag.BoolVar(&o.Alone, "alone", false,
		"go before whatever else the machine does, for figures that mean something on a busy one; needs root")
	flag.StringVar(&o.Docs, "docs", "", "the document whose table is written anew; empty for none")
	flag.StringVar(&o.Gateway, "gateway", "", "a binary to measure instead of building this tree's")
}

// Main runs a benchmark until it ends or is interrupted, prints its tables and writes them into the document, between
// the marks of the command. It exits with 1 when something failed.
func Main(o *Common, command string, measure func(ctx context.Context) (tables string, err error)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := o.run(ctx, command, measure)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (o *Common) run(ctx context.Context, command string, measure func(ctx context.Context) (string, error)) error {
	if o.Alone {
		restore, err := GoBefore()
		if err != nil {
			return err
		}
		defer restore()
	}
	tables, err := measure(ctx)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(os.Stdout, tables); err != nil {
		return fmt.Errorf("printing the tables: %w", err)
	}
	if o.Docs == "" {
		return nil
	}
	return WriteBlock(o.Docs, command, tables)
}
