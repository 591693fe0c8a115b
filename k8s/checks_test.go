package k8s_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestProblemsSeesBrokenManifests breaks the dev overlay in one way at a time: each must be noticed.
func TestProblemsSeesBrokenManifests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		mutate func(p *pod, c *container, cfg *gatewayConfig)
		want   string
	}{
		{"an ordinary init container", func(_ *pod, c *container, _ *gatewayConfig) { c.RestartPolicy = "" }, "native sidecar"},
		{"a grace period that is too short", func(p *pod, _ *container, _ *gatewayConfig) { p.TerminationGracePeriodSeconds = 110 }, "do not fit"},
		{"a drain that is too long", func(_ *pod, _ *container, cfg *gatewayConfig) { cfg.Server.ShutdownTimeout = 80 * time.Second }, "do not fit"},
		{"an order container that sleeps too long", func(p *pod, _ *container, _ *gatewayConfig) {
			p.Containers[0].Lifecycle.PreStop.Sleep.Seconds = 15
		}, "do not fit"},
		{"an order container that stops at once", func(p *pod, _ *container, _ *gatewayConfig) {
			p.Containers[0].Lifecycle.PreStop.Sleep.Seconds = 0
		}, "what comes in between is refused"},
		{"a startup that waits for the journal", func(_ *pod, c *container, _ *gatewayConfig) { c.StartupProbe.HTTPGet.Path = "/readyz" }, "startupProbe asks"},
		{"a drain shorter than an approval", func(_ *pod, _ *container, cfg *gatewayConfig) { cfg.Server.ShutdownTimeout = 20 * time.Second }, "outlives"},
		{"no drain_delay", func(_ *pod, _ *container, cfg *gatewayConfig) { cfg.Server.DrainDelay = 0 }, "no drain_delay"},
		{"a config mounted by subPath", func(_ *pod, c *container, _ *gatewayConfig) { c.VolumeMounts[1].SubPath = "config.yaml" }, "subPath"},
		{"a config mounted elsewhere", func(_ *pod, c *container, _ *gatewayConfig) { c.VolumeMounts[1].MountPath = "/config" }, "/etc/pg-gateway"},
		{"a journal beside its volume", func(_ *pod, _ *container, cfg *gatewayConfig) { cfg.Journal.Path = "/data/journal.db" }, "not on the volume"},
		{"a config volume of another name", func(p *pod, _ *container, _ *gatewayConfig) { p.Volumes[1].ConfigMap = nil }, "config volume"},
		{"no liveness probe", func(_ *pod, c *container, _ *gatewayConfig) { c.LivenessProbe = nil }, "no livenessProbe"},
		{"liveness that depends on others", func(_ *pod, c *container, _ *gatewayConfig) { c.LivenessProbe.HTTPGet.Path = "/readyz" }, "livenessProbe asks"},
		{"probes on another port", func(_ *pod, _ *container, cfg *gatewayConfig) { cfg.Server.Admin.Listen = ":9091" }, "the admin port is"},
		{"root", func(_ *pod, c *container, _ *gatewayConfig) { c.SecurityContext.RunAsUser = 0 }, "run as root"},
		{"privilege escalation", func(_ *pod, c *container, _ *gatewayConfig) { c.SecurityContext.AllowPrivilegeEscalation = nil }, "gain privileges"},
		{"a writable root", func(_ *pod, c *container, _ *gatewayConfig) { c.SecurityContext.ReadOnlyRootFilesystem = false }, "writable"},
		{"capabilities", func(_ *pod, c *container, _ *gatewayConfig) { c.SecurityContext.Capabilities.Drop = nil }, "capabilities"},
		{"no seccomp profile", func(_ *pod, c *container, _ *gatewayConfig) { c.SecurityContext.SeccompProfile.Type = "" }, "seccomp"},
		{"a secret in the environment", func(_ *pod, c *container, _ *gatewayConfig) {
			c.Env[0].ValueFrom.Value = "x"
			c.Env[0].ValueFrom.Kind = 8
		}, "secrets are files"},
		{"a CPU limit", func(_ *pod, c *container, _ *gatewayConfig) { c.Resources.Limits["cpu"] = "1" }, "CPU limit"},
		{"a memory limit below GOMEMLIMIT", func(_ *pod, c *container, _ *gatewayConfig) { c.Resources.Limits["memory"] = "128Mi" }, "GOMEMLIMIT"},
		{"a sidecar port open to the network", func(_ *pod, _ *container, cfg *gatewayConfig) { cfg.Server.Sidecar.Listen = ":8081" }, "beyond the pod"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			objects := render(t, "overlays/dev")
			_, cfg := configOf(t, objects)
			p := find(t, objects, "Deployment", "order").Spec.Template.Spec
			i := slices.IndexFunc(p.InitContainers, func(c container) bool { return c.Name == "pg-gateway" })
			for id, pg := range cfg.PGs {
				pg.ApproveTimeout = 30 * time.Second
				cfg.PGs[id] = pg
			}
			tt.mutate(&p, &p.InitContainers[i], &cfg)
			if found := problems(p, cfg); !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, tt.want) }) {
				t.Errorf("problems = %q, want one with %q", found, tt.want)
			}
		})
	}
}
