package cli

import (
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/spf13/pflag"

	"github.com/pg-gateway/pg-gateway/rules"
)

// options are the flags that every command has.
type options struct {
	// version is what this build says it is.
	version    string
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

// logger writes JSON lines to standard error, so that standard output stays for people. What waits in the lines is
// for the caller to flush at the end.
func (o *options) logger() (*slog.Logger, *lines, error) {
	if o.logLevel != "" {
		if err := o.level.UnmarshalText([]byte(o.logLevel)); err != nil {
			return nil, nil, fmt.Errorf("reading --log.level: %w", err)
		}
	}
	l := &lines{to: os.Stderr}
	return slog.New(patientLines{slog.NewJSONHandler(l, &slog.HandlerOptions{Level: o.level}), l}), l, nil
}

// follow logs as much as the rules in force say, unless the flag says something.
func (o *options) follow(s *rules.Snapshot) {
	if o.logLevel == "" {
		_ = o.level.UnmarshalText([]byte(s.Telemetry().LogLevel)) // one of four words, by the schema
	}
}

// versionOf is the linked version, or what Go knows of the build.
func versionOf(version string) string {
	if version != "dev" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return version
}
