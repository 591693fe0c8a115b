package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/rules"
)

// testReport is one file of expectations as JSON.
type testReport struct {
	File   string       `json:"file"`
	Passed int          `json:"passed"`
	Failed []testFailed `json:"failed"`
}

type testFailed struct {
	Line  int      `json:"line"`
	Name  string   `json:"name"`
	Diffs []string `json:"diffs"`
}

func testCommand(o *options) *cobra.Command {
	var out outputs
	c := &cobra.Command{
		Use: "test [rules_test.yaml ...]", Short: "Run the expectations beside the rules",
		Long: "Test decides the checkouts of files of expectations and compares what comes out. Without files it takes\n" +
			"rules_test.yaml beside the configuration. A file tests the configuration that it names or carries (config_file,\n" +
			"config), else --config.file. The exit code is 1 when an expectation does not hold.",
		Example: "  pg-gateway test\n  pg-gateway test tests/*.yaml --config.file=new.yaml --output=json",
		RunE: func(c *cobra.Command, files []string) error {
			if len(files) == 0 {
				files = []string{filepath.Join(filepath.Dir(o.configFile), "rules_test.yaml")}
			}
			var text strings.Builder
			reports, failed := []testReport{}, 0
			for _, file := range files {
				rep, err := runTests(o.configFile, file)
				if err != nil {
					return err
				}
				rep.print(&text)
				failed += len(rep.Failed)
				reports = append(reports, rep)
			}
			if err := out.write(c.OutOrStdout(), text.String(), reports); err != nil {
				return err
			}
			if failed > 0 {
				return fmt.Errorf("%d expectations do not hold", failed)
			}
			return nil
		},
	}
	out.flag(c)
	return c
}

func runTests(config, file string) (testReport, error) {
	rep := testReport{File: file, Failed: []testFailed{}}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return rep, fmt.Errorf("reading the expectations: %w", err)
	}
	tf, err := rules.ParseTests(filepath.Base(file), text)
	if err != nil {
		return rep, fmt.Errorf("%s is not usable:\n%w", file, err)
	}
	s, err := testedRules(config, file, tf)
	if err != nil {
		return rep, err
	}
	for _, r := range rules.RunTests(s, tf) {
		if len(r.Diffs) == 0 {
			rep.Passed++
			continue
		}
		rep.Failed = append(rep.Failed, testFailed{Line: r.Line, Name: r.Case, Diffs: r.Diffs})
	}
	return rep, nil
}

// testedRules are the rules that a file of expectations is about: its own, those of a file beside it, or the
// configuration.
func testedRules(config, file string, tf *rules.TestFile) (*rules.Snapshot, error) {
	switch {
	case tf.Config != "":
	case tf.ConfigFile != "":
		return loadRules(filepath.Join(filepath.Dir(file), tf.ConfigFile))
	default:
		return loadRules(config)
	}
	l, err := newLoader()
	if err != nil {
		return nil, err
	}
	return l.Parse(filepath.Base(file), []byte(tf.Config), rules.Sources{Env: os.LookupEnv})
}

// print writes a file's results in the way of promtool.
func (r testReport) print(b *strings.Builder) {
	fmt.Fprintf(b, "Testing %s\n", r.File)
	if len(r.Failed) == 0 {
		fmt.Fprintf(b, "  SUCCESS: %d passed\n", r.Passed)
		return
	}
	fmt.Fprintf(b, "  FAILED: %d of %d\n", len(r.Failed), len(r.Failed)+r.Passed)
	for _, f := range r.Failed {
		fmt.Fprintf(b, "    line %d: %s\n", f.Line, f.Name)
		for _, d := range f.Diffs {
			fmt.Fprintf(b, "      %s\n", d)
		}
	}
}
