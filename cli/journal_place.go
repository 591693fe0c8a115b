package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/rules"
)

// journalOf is the journal that a configuration file names. Its path is relative to the file, as every other path in
// there is, so that it is the same journal from whatever folder a command is called.
func journalOf(configFile string, c rules.JournalConfig) journal.Config {
	return journal.Config{Driver: c.Driver, Path: beside(configFile, c.Path), DSN: c.DSN.Reveal(), Now: time.Now}
}

// beside is a path of a configuration file, seen from where we are.
func beside(configFile, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(configFile), path)
}

// notLeftBehind refuses to begin a new journal while there is one where an earlier version, for which the path was
// relative to the folder it was started in, has kept it: payments may be open in there.
func notLeftBehind(c rules.JournalConfig, now string) error {
	if c.Driver != journal.DriverSQLite || filepath.IsAbs(c.Path) {
		return nil
	}
	if isThere(now) || !isThere(c.Path) {
		return nil
	}
	return fmt.Errorf("journal.path %s is relative to the configuration file, so the journal would be begun anew at %s; "+
		"move the files %s* there, or name the path in full", c.Path, now, c.Path)
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// withJournal opens the journal that the configuration names, also while the rest of the configuration is refused. A
// gateway may be running on it. It makes none: an empty one would say that no case is open.
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
		return fmt.Errorf("%w (journal.path of %s, which is relative to that file; --config.file names the gateway's own)",
			err, o.configFile)
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
