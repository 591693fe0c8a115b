package k8s_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// kustomizations are all folders below k8s that can be built by themselves, the deliberately broken ones aside.
func kustomizations(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "kustomization.yaml" || strings.HasPrefix(path, "testdata/own/") {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), "\nkind: Kustomization\n") {
			dirs = append(dirs, filepath.Dir(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// several says in which ways more than one process of a workload may run at a time, be it for the moment of a rollout.
func several(w object, objects []object) (ways []string) {
	if w.Kind != "Deployment" && w.Kind != "StatefulSet" {
		return []string{"a " + w.Kind}
	}
	if w.Spec.Replicas != nil && *w.Spec.Replicas > 1 {
		ways = append(ways, fmt.Sprintf("%d replicas", *w.Spec.Replicas))
	}
	for _, o := range objects {
		if ref := o.Spec.ScaleTargetRef; o.Kind == "HorizontalPodAutoscaler" && ref.Kind == w.Kind && ref.Name == w.Metadata.Name && o.Spec.MaxReplicas != 1 {
			ways = append(ways, fmt.Sprintf("an autoscaler up to %d", o.Spec.MaxReplicas))
		}
	}
	// A StatefulSet ends the old pod before it makes the new one. A Deployment does so with Recreate only: also a
	// rolling update without a surge lets an old and a new pod overlap while the old one drains.
	if w.Kind == "Deployment" && w.Spec.Strategy.Type != "Recreate" {
		ways = append(ways, "a rolling update")
	}
	return ways
}

// journalProblems says which workloads that carry the gateway may charge an order twice, or lose a journal that
// somebody's money is in.
func journalProblems(objects []object, cfg gatewayConfig) (found []string) {
	if cfg.Journal.Driver == "postgres" {
		return nil
	}
	var carriers []string
	for _, w := range objects {
		p := w.Spec.Template.Spec
		if _, ok := sidecar(p); !ok {
			continue
		}
		name := w.Kind + " " + w.Metadata.Name
		carriers = append(carriers, name)
		for _, way := range several(w, objects) {
			found = append(found, fmt.Sprintf("%s: %s, and a journal in each pod: an order is charged twice", name, way))
		}
		for _, v := range p.Volumes {
			if v.Name == "pg-gateway-journal" && v.EmptyDir != nil && cfg.Mode != "test" {
				found = append(found, name+": the journal of real payments goes with the pod")
			}
		}
	}
	if len(carriers) > 1 {
		found = append(found, strings.Join(carriers, " and ")+" keep a journal each: an order is charged twice")
	}
	return found
}

// More than one pod needs PostgreSQL, in whatever way they come to be several.
func TestNoOverlayKeepsSeveralJournals(t *testing.T) {
	t.Parallel()
	dirs := kustomizations(t)
	for _, want := range []string{"base", "overlays/dev", "overlays/prod"} {
		if !slices.Contains(dirs, want) {
			t.Fatalf("%s is not among %q", want, dirs)
		}
	}
	for _, dir := range dirs {
		objects := render(t, dir)
		if !slices.ContainsFunc(objects, func(o object) bool { return o.Kind == "ConfigMap" && o.Metadata.Name == "pg-gateway-config" }) {
			// It brings no configuration, as the foreign Deployments do: then it must bring no journal either.
			for _, o := range objects {
				if slices.ContainsFunc(o.Spec.Template.Spec.Volumes, isJournal) {
					t.Errorf("%s: %s has a journal and no configuration", dir, o.Metadata.Name)
				}
			}
			continue
		}
		_, cfg := configOf(t, objects)
		if cfg.Journal.Driver == "" {
			t.Errorf("%s: the journal's driver is left to the default", dir)
		}
		for _, problem := range journalProblems(objects, cfg) {
			t.Errorf("%s: %s", dir, problem)
		}
	}
}

// The check above must see each way of being several.
func TestSeveralJournalsAreSeen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, more string
		edit       func(w *object, cfg *gatewayConfig)
		want       string
	}{
		{"two replicas", "", func(w *object, _ *gatewayConfig) { w.Spec.Replicas = new(2) }, "2 replicas"},
		{"an autoscaler", "kind: HorizontalPodAutoscaler\nspec: { scaleTargetRef: { kind: Deployment, name: order }, maxReplicas: 5 }", nil, "autoscaler up to 5"},
		{"a rolling update", "", func(w *object, _ *gatewayConfig) { w.Spec.Strategy.Type = "RollingUpdate" }, "a rolling update"},
		{"no strategy, which is a rolling update", "", func(w *object, _ *gatewayConfig) { w.Spec.Strategy.Type = "" }, "a rolling update"},
		{"a pod on every node", "", func(w *object, _ *gatewayConfig) { w.Kind = "DaemonSet" }, "a DaemonSet"},
		{"a canary beside it", "", nil, "keep a journal each"},
		{"real payments on a disk that goes with the pod", "", func(_ *object, cfg *gatewayConfig) { cfg.Mode = "live" }, "goes with the pod"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			objects := render(t, "overlays/dev")
			_, cfg := configOf(t, objects)
			i := slices.IndexFunc(objects, func(o object) bool { return o.Kind == "Deployment" })
			if tt.edit != nil {
				tt.edit(&objects[i], &cfg)
			}
			if tt.name == "a canary beside it" {
				canary := objects[i]
				canary.Metadata.Name = "canary"
				objects = append(objects, canary)
			}
			if tt.more != "" {
				var o object
				if err := yaml.Unmarshal([]byte(tt.more), &o); err != nil {
					t.Fatal(err)
				}
				objects = append(objects, o)
			}
			found := journalProblems(objects, cfg)
			if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, tt.want) }) {
				t.Errorf("problems = %q, want one with %q", found, tt.want)
			}
			cfg.Journal.Driver = "postgres"
			if found := journalProblems(objects, cfg); len(found) != 0 {
				t.Errorf("with PostgreSQL: %q", found)
			}
		})
	}
}
