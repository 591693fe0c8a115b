// Package monitoring_test holds alerts and dashboards to the metrics that exist: promtool accepts the rules and
// their tests, Kubernetes gets the same text, every alert has a runbook, and every query names a real metric.
package monitoring_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/pg-gateway/pg-gateway/test/short"
)

var update = flag.Bool("update", false, "write prometheusrule.yaml anew")

// repository is the way from here to the top of the repository.
const repository = "../.."

// ruleFile is a Prometheus rule file.
type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func readAlerts(t *testing.T) (ruleFile, []byte) {
	t.Helper()
	text, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatalf("reading the rules: %v", err)
	}
	var rules ruleFile
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatalf("parsing the rules: %v", err)
	}
	return rules, text
}

func promtool(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	short.Out(t, "promtool")
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is not here: run `make deps`, which installs Debian's package prometheus, and try again")
	}
	out, err := exec.CommandContext(t.Context(), path, arguments...).CombinedOutput()
	return string(out), err
}

func TestPromtoolAcceptsTheRules(t *testing.T) {
	t.Parallel()
	if out, err := promtool(t, "check", "rules", "--lint=all", "--lint-fatal", "alerts.yaml"); err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
	if out, err := promtool(t, "test", "rules", "alerts_test.yaml", "alerts_week_test.yaml"); err != nil {
		t.Errorf("promtool test rules: %v\n%s", err, out)
	}
}

func TestPromtoolRefusesBrokenRules(t *testing.T) {
	t.Parallel()
	_, text := readAlerts(t)
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, bytes.Replace(text, []byte("rate("), []byte("rat("), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := promtool(t, "check", "rules", broken); err == nil {
		t.Errorf("promtool accepts an unknown function:\n%s", out)
	}
}

// TestPrometheusRuleIsTheSameText holds the manifest that the operator reads to the file that promtool tests.
func TestPrometheusRuleIsTheSameText(t *testing.T) {
	t.Parallel()
	_, text := readAlerts(t)
	var spec yaml.Node
	if err := yaml.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	stripComments(&spec)
	manifest := struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   struct {
			Name   string            `yaml:"name"`
			Labels map[string]string `yaml:"labels"`
		} `yaml:"metadata"`
		Spec *yaml.Node `yaml:"spec"`
	}{APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule", Spec: spec.Content[0]}
	manifest.Metadata.Name = "pg-gateway"
	manifest.Metadata.Labels = map[string]string{"app.kubernetes.io/name": "pg-gateway"}

	want := bytes.NewBufferString("# Made from alerts.yaml by `go test ./k8s/monitoring -update`. Do not edit.\n")
	encoder := yaml.NewEncoder(want)
	encoder.SetIndent(2)
	if err := encoder.Encode(manifest); err != nil {
		t.Fatal(err)
	}
	const path = "prometheusrule.yaml"
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("%s is not alerts.yaml; run with -update (-want +got):\n%s", path, diff)
	}
}

func stripComments(n *yaml.Node) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	for _, child := range n.Content {
		stripComments(child)
	}
}

func TestEveryAlertCanBeActedOn(t *testing.T) {
	t.Parallel()
	rules, _ := readAlerts(t)
	firing := firingAlerts(t)
	alerts := 0
	for _, group := range rules.Groups {
		for _, r := range group.Rules {
			if r.Alert == "" {
				continue
			}
			alerts++
			if !strings.HasPrefix(r.Alert, "PGGateway") {
				t.Errorf("%s does not begin with PGGateway", r.Alert)
			}
			if s := r.Labels["severity"]; s != "critical" && s != "warning" && s != "info" {
				t.Errorf("%s has severity %q", r.Alert, s)
			}
			if strings.Contains(r.Annotations["summary"], "{{") || r.Annotations["summary"] == "" {
				t.Errorf("%s: the summary must be a fixed sentence", r.Alert)
			}
			if r.Annotations["description"] == "" {
				t.Errorf("%s has no description", r.Alert)
			}
			if want := "docs/runbooks/" + r.Alert + ".md"; r.Annotations["runbook_url"] != want {
				t.Errorf("%s: runbook_url is %q, want %q", r.Alert, r.Annotations["runbook_url"], want)
			}
			checkRunbook(t, r.Alert)
			if !firing[r.Alert] {
				t.Errorf("%s: no case in alerts_test.yaml makes it fire", r.Alert)
			}
		}
	}
	if alerts < 5 {
		t.Errorf("there are %d alerts, want at least 5", alerts)
	}
}

// TestRecordedSeriesStandBeforeTheirUse: Prometheus evaluates the rules of a group in order and groups in any order, so
// a series that is recorded elsewhere, or later, is there on some evaluations and not on others.
func TestRecordedSeriesStandBeforeTheirUse(t *testing.T) {
	t.Parallel()
	rules, _ := readAlerts(t)
	series, used := regexp.MustCompile(`\bpg_gateway:[a-z0-9_:]+`), 0
	for _, group := range rules.Groups {
		recorded := map[string]bool{}
		for _, r := range group.Rules {
			for _, name := range series.FindAllString(r.Expr, -1) {
				used++
				if !recorded[name] {
					t.Errorf("%s%s of group %s uses %s, which is not recorded before it in that group", r.Alert, r.Record, group.Name, name)
				}
			}
			recorded[r.Record] = true
		}
	}
	if used < 5 {
		t.Errorf("only %d uses of recorded series were seen", used)
	}
}

func checkRunbook(t *testing.T, alert string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "docs", "runbooks", alert+".md"))
	if err != nil {
		t.Errorf("%s has no runbook: %v", alert, err)
		return
	}
	for _, heading := range []string{"# " + alert, "## What it means", "## Look", "## Do"} {
		if !regexp.MustCompile(`(?m)^` + heading + `$`).Match(text) {
			t.Errorf("the runbook of %s lacks the heading %q", alert, heading)
		}
	}
}

// firingAlerts names the alerts that a case of the rule tests expects to fire.
func firingAlerts(t *testing.T) map[string]bool {
	t.Helper()
	firing := map[string]bool{}
	for _, name := range []string{"alerts_test.yaml", "alerts_week_test.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Tests []struct {
				AlertRuleTest []struct {
					Alertname string      `yaml:"alertname"`
					ExpAlerts []yaml.Node `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			} `yaml:"tests"`
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		for _, test := range file.Tests {
			for _, c := range test.AlertRuleTest {
				firing[c.Alertname] = firing[c.Alertname] || len(c.ExpAlerts) > 0
			}
		}
	}
	return firing
}
