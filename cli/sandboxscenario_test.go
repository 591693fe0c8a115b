package cli

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

func TestSandboxScenarios(t *testing.T) {
	t.Parallel()
	out, failed := runOn(t.Context(), filepath.Join(t.TempDir(), "none.yaml"), "sandbox", "scenarios")
	if failed != "" || strings.Count(out, "\n") != len(sandbox.Scenarios()) || !strings.Contains(out, "v2_charge_answer_lost  ") {
		t.Errorf("%s\n%s", failed, out)
	}
}

func TestSandboxTrigger(t *testing.T) {
	t.Parallel()
	box := httptest.NewServer(sandbox.New(sandbox.Defaults()).Handler())
	t.Cleanup(box.Close)
	tests := []struct {
		name  string
		args  []string
		fails string
	}{
		{"a scenario", []string{"v2_charge_answer_lost", "--url", box.URL}, ""},
		{"with a slash behind", []string{"v2_charge_slow", "--url", box.URL + "/", "--delay", "1s"}, ""},
		{"an unknown one", []string{"v2_mood", "--url", box.URL}, `the sandbox did not take the scenario: no such scenario: "v2_mood"`},
		{"something else answers", []string{"calm", "--url", box.URL + "/shop"}, "404"},
		{"nobody answers", []string{"calm", "--url", "http://127.0.0.1:1"}, "asking the sandbox"},
		{"back in time", []string{"calm", "--url", box.URL, "--delay", "-1s"}, "--delay"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, failed := runOn(t.Context(), filepath.Join(t.TempDir(), "none.yaml"), append([]string{"sandbox", "trigger"}, tt.args...)...)
			switch {
			case tt.fails == "" && (failed != "" || out != tt.args[0]+": triggered\n"):
				t.Errorf("%q, %s", out, failed)
			case tt.fails != "" && !strings.Contains(failed, tt.fails):
				t.Errorf("%s, want %q", failed, tt.fails)
			}
		})
	}
}
