package monitoring_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// dashboard is a Grafana dashboard, as far as the lint looks into it.
type dashboard struct {
	UID        string   `json:"uid"`
	Title      string   `json:"title"`
	Tags       []string `json:"tags"`
	Templating struct {
		List []struct {
			Name       string `json:"name"`
			Multi      bool   `json:"multi"`
			IncludeAll bool   `json:"includeAll"`
		} `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []target `json:"list"`
	} `json:"annotations"`
	Panels []panel `json:"panels"`
}

type panel struct {
	ID          int        `json:"id"`
	Type        string     `json:"type"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Datasource  datasource `json:"datasource"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []target `json:"targets"`
}

type target struct {
	Datasource datasource `json:"datasource"`
	Expr       string     `json:"expr"`
}

type datasource struct {
	UID string `json:"uid"`
}

// lint says what is wrong with a dashboard; metrics are the types of the series that exist, by name.
func lint(d dashboard, metrics map[string]string) (found []string) {
	complain := func(ok bool, why string) {
		if !ok {
			found = append(found, why)
		}
	}
	complain(d.UID != "" && d.Title != "" && len(d.Tags) > 0, "the dashboard needs uid, title and tags")
	variables := map[string]bool{}
	for _, v := range d.Templating.List {
		variables[v.Name] = true
		complain(v.Name != "pod" || v.Multi && v.IncludeAll, "the variable pod must take several and all")
	}
	for _, name := range []string{"datasource", "namespace", "pod"} {
		complain(variables[name], "no variable "+name)
	}
	ids := map[int]bool{}
	for _, p := range d.Panels {
		complain(!ids[p.ID], p.Title+": its id is used twice")
		ids[p.ID] = true
		if p.Type == "row" {
			complain(p.Title != "", "a row has no title")
			continue
		}
		complain(p.Title != "" && p.Description != "" && p.FieldConfig.Defaults.Unit != "", p.Title+": needs title, description and unit")
		complain(p.Datasource.UID == "${datasource}", p.Title+": the data source is fixed")
		complain(len(p.Targets) > 0, p.Title+": asks nothing")
		for _, q := range p.Targets {
			complain(q.Datasource.UID == "${datasource}", p.Title+": the data source of a query is fixed")
			for _, why := range lintQuery(q.Expr, metrics) {
				found = append(found, p.Title+": "+why)
			}
		}
	}
	return found
}

var (
	metricName   = regexp.MustCompile(`\b(pg_gateway|go|process)_[a-z0-9_]+\b`)
	counterRated = regexp.MustCompile(`(rate|increase)\((\w+_total)\b`)
)

func lintQuery(expr string, metrics map[string]string) (found []string) {
	rated := map[string]bool{}
	for _, match := range counterRated.FindAllStringSubmatch(expr, -1) {
		rated[match[2]] = true
	}
	if !strings.Contains(expr, `namespace=~"$namespace"`) || !strings.Contains(expr, `pod=~"$pod"`) {
		found = append(found, "does not select by namespace and pod")
	}
	for _, name := range metricName.FindAllString(expr, -1) {
		kind, known := kindOf(name, metrics)
		if !known {
			found = append(found, "there is no metric "+name)
		}
		if kind == "counter" && !rated[name] {
			found = append(found, "the counter "+name+" is not inside rate or increase")
		}
	}
	return found
}

// kindOf finds a series' type; the buckets, sums and counts of a histogram belong to it.
func kindOf(name string, metrics map[string]string) (string, bool) {
	if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
		return "gauge", true // client_golang's own
	}
	for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
		base, cut := strings.CutSuffix(name, suffix)
		if kind, ok := metrics[base]; cut && ok && (suffix == "" || kind == "histogram") {
			return kind, true
		}
	}
	return "", false
}

// existingMetrics reads names and types of our series off the golden exposition of the metrics room.
func existingMetrics(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "metrics", "testdata", "metrics.golden"))
	if err != nil {
		t.Fatalf("reading the golden exposition: %v", err)
	}
	metrics := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		metrics[match[1]] = match[2]
	}
	if len(metrics) < 10 {
		t.Fatalf("the golden exposition names %d metrics", len(metrics))
	}
	return metrics
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("dashboards", "pg-gateway-overview.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDashboardIsWhole(t *testing.T) {
	t.Parallel()
	for _, why := range lint(readDashboard(t), existingMetrics(t)) {
		t.Error(why)
	}
}

func TestAlertsNameExistingMetrics(t *testing.T) {
	t.Parallel()
	metrics := existingMetrics(t)
	rules, _ := readAlerts(t)
	for _, group := range rules.Groups {
		for _, r := range group.Rules {
			for _, name := range metricName.FindAllString(r.Expr, -1) {
				if _, ok := kindOf(name, metrics); !ok {
					t.Errorf("%s%s: there is no metric %s", r.Alert, r.Record, name)
				}
			}
		}
	}
}

// TestDashboardQueriesParse has promtool read every query, as the expression of a recording rule.
func TestDashboardQueriesParse(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	targets := d.Annotations.List
	for _, p := range d.Panels {
		targets = append(targets, p.Targets...)
	}
	type record struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	records := make([]record, 0, len(targets))
	for i, q := range targets {
		records = append(records, record{"dashboard:query:" + strings.Repeat("x", i+1), strings.ReplaceAll(q.Expr, "$__rate_interval", "5m")})
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": records}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "queries.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := promtool(t, "check", "rules", path); err != nil {
		t.Errorf("promtool does not read the dashboard's queries: %v\n%s", err, out)
	}
}

// TestLintSeesBrokenDashboards shows that the lint can fail.
func TestLintSeesBrokenDashboards(t *testing.T) {
	t.Parallel()
	metrics := map[string]string{"pg_gateway_x_total": "counter", "pg_gateway_h_seconds": "histogram", "pg_gateway_g": "gauge"}
	const sel = `{namespace=~"$namespace", pod=~"$pod"}`
	tests := []struct {
		name, expr, want string
	}{
		{"a rated counter is fine", "rate(pg_gateway_x_total" + sel + "[5m])", ""},
		{"a histogram's bucket is fine", "rate(pg_gateway_h_seconds_bucket" + sel + "[5m])", ""},
		{"a metric that does not exist", "pg_gateway_y" + sel, "no metric"},
		{"a gauge has no buckets", "pg_gateway_g_bucket" + sel, "no metric"},
		{"a bare counter", "pg_gateway_x_total" + sel, "not inside rate"},
		{"a query for every namespace", "pg_gateway_g", "does not select"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := strings.Join(lintQuery(tt.expr, metrics), "; ")
			if tt.want == "" && found != "" || !strings.Contains(found, tt.want) {
				t.Errorf("lintQuery(%q) = %q, want %q", tt.expr, found, tt.want)
			}
		})
	}
	if found := lint(dashboard{Panels: []panel{{ID: 1, Type: "stat"}, {ID: 1, Type: "row"}}}, metrics); len(found) < 7 {
		t.Errorf("an empty dashboard has only these faults: %q", found)
	}
}
