package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/rules"
)

// ruleCommands are what a payments team looks at rules with before they act.
func ruleCommands(o *options) []*cobra.Command {
	return []*cobra.Command{
		schemaCommand(), checkCommand(o), explainCommand(o), diffCommand(), verifyCommand(o), testCommand(o),
	}
}

// loadRules reads a configuration as serve does.
func loadRules(path string) (*rules.Snapshot, error) {
	s, err := buildRules(path)
	if err != nil {
		return nil, fmt.Errorf("%s is not usable:\n%w", path, err)
	}
	return s, nil
}

// buildRules builds all that serve and a reload build of a configuration: what it accepts starts.
func buildRules(path string) (*rules.Snapshot, error) {
	store, err := newStore(path, nil)
	if err != nil {
		return nil, err
	}
	return store.Current(), nil
}

// readInput reads a file, or standard input for a dash.
func readInput(c *cobra.Command, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(c.InOrStdin())
	}
	return os.ReadFile(filepath.Clean(path))
}
