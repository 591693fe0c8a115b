package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// options are the flags that every command has.
type options struct {
	configFile string
	logLevel   string
	// level is what is logged now.
	level *slog.LevelVar
}

func (o *options) flags(f *pflag.FlagSet) {
	file := os.Getenv("PG_GATEWAY_CONFIG_FILE")
	if file == "" {
		file = "config.yaml"
	}
	f.StringVar(&o.configFile, "config.file", file, "the rules and settings (env PG_GATEWAY_CONFIG_FILE)")
	f.StringVar(&o.logLevel, "log.level", "", "debug, info, warn or error; telemetry.log_level when left out")
	o.level = new(slog.LevelVar)
}

// logger writes JSON lines to standard error, so that standard output stays for people.
func (o *options) logger() (*slog.Logger, error) {
	if o.logLevel != "" {
		if err := o.level.UnmarshalText([]byte(o.logLevel)); err != nil {
			return nil, fmt.Errorf("reading --log.level: %w", err)
		}
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: o.level})), nil
}

// follow logs as much as the rules in force say, unless the flag says something.
func (o *options) follow(s *rules.Snapshot) {
	if o.logLevel == "" {
		_ = o.level.UnmarshalText([]byte(s.Telemetry().LogLevel)) // one of four words, by the schema
	}
}

// sandboxCommand serves the stand-ins alone, for a gateway that runs elsewhere.
func sandboxCommand(o *options) *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use: "sandbox", Short: "Serve stand-ins for KG Inicis, PortOne and a demo shop", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log, err := o.logger()
			if err != nil {
				return err
			}
			ln, err := net.Listen("tcp", listen)
			if err != nil {
				return fmt.Errorf("opening the sandbox's listener: %w", err)
			}
			cfg := sandbox.Defaults()
			cfg.Logger = log
			cfg.HookClient = &http.Client{Timeout: time.Minute}
			fmt.Fprintf(c.OutOrStdout(), "sandbox   http://%s/  (demo shop: http://%s/shop/)\n", ln.Addr(), ln.Addr())
			return sandbox.New(cfg).Run(c.Context(), ln)
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:7070", "address to listen on")
	return c
}

// buildVersion is the linked version, or what Go knows of the build.
func buildVersion() string {
	if version != "dev" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return version
}
