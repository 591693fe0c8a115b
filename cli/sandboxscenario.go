package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// errScenario tells that a sandbox did not take a scenario.
var errScenario = errors.New("the sandbox did not take the scenario")

// sandboxScenariosCommand lists what can be triggered.
func sandboxScenariosCommand() *cobra.Command {
	return &cobra.Command{
		Use: "scenarios", Short: "List the scenarios that a sandbox can play, with a sentence on each", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, x := range sandbox.Scenarios() {
				fmt.Fprintf(w, "%s\t%s\n", x.Name, x.About)
			}
			return w.Flush()
		},
	}
}

// sandboxTriggerCommand makes a running sandbox play a scenario.
func sandboxTriggerCommand() *cobra.Command {
	var address string
	var late time.Duration
	var names []string
	for _, x := range sandbox.Scenarios() {
		names = append(names, x.Name)
	}
	c := &cobra.Command{
		Use: "trigger NAME", Short: "Make a running sandbox play a scenario, such as a lost answer or a declined card",
		Long: "Trigger makes a running sandbox play a scenario from now on, once or until `calm` is triggered. One\n" +
			"request alone asks for one itself, by the header X-Sandbox-Scenario: NAME.",
		Example: "  pg-gateway sandbox trigger v2_charge_answer_lost\n" +
			"  pg-gateway sandbox trigger v2_charge_slow --delay 70s",
		Args: cobra.ExactArgs(1), ValidArgs: names,
		RunE: func(c *cobra.Command, args []string) error {
			if late < 0 {
				return fmt.Errorf("--delay is a time from now, not %s", late)
			}
			if err := trigger(c.Context(), address, args[0], late); err != nil {
				return err
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "%s: triggered\n", args[0])
			return err
		},
	}
	c.Flags().StringVar(&address, "url", "http://127.0.0.1:7070", "address of the sandbox")
	c.Flags().DurationVar(&late, "delay", 0, "how late late answers and webhooks are (0: 20s)")
	return c
}

// trigger tells a sandbox to play a scenario.
func trigger(ctx context.Context, address, name string, late time.Duration) error {
	target, err := url.JoinPath(address, "/_sandbox/scenarios")
	if err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	text, err := json.Marshal(map[string]any{"name": name, "delay_ms": late.Milliseconds()})
	if err != nil {
		return fmt.Errorf("writing the request: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking the sandbox: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch {
	case err != nil:
		return fmt.Errorf("reading the sandbox's answer: %w", err)
	case resp.StatusCode == http.StatusOK:
		return nil
	}
	why := struct {
		Error string `json:"error"`
	}{strings.TrimSpace(resp.Status)}
	_ = json.Unmarshal(body, &why)
	return fmt.Errorf("%w: %s", errScenario, why.Error)
}
