package k8s_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// slack is what stays of the grace period when the drain is over, to close the journal and exit.
const slack = 5 * time.Second

// orderStop is how long an order container may take to stop after its preStop.
const orderStop = 30 * time.Second

// sidecar returns the gateway's container.
func sidecar(p pod) (container, bool) {
	i := slices.IndexFunc(p.InitContainers, func(c container) bool { return c.Name == "pg-gateway" })
	if i < 0 {
		return container{}, false
	}
	return p.InitContainers[i], true
}

// problems says what is wrong with a pod that carries the gateway.
func problems(p pod, cfg gatewayConfig) []string {
	c, ok := sidecar(p)
	if !ok {
		return []string{"no init container pg-gateway"}
	}
	var found []string
	check := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	check(c.RestartPolicy == "Always", "restartPolicy is %q: not a native sidecar", c.RestartPolicy)
	found = append(found, probeProblems(c, cfg)...)
	found = append(found, securityProblems(c)...)
	found = append(found, volumeProblems(p, c, cfg)...)
	found = append(found, memoryProblems(c)...)

	preStop := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds) * time.Second
	grace := time.Duration(p.TerminationGracePeriodSeconds) * time.Second
	delay := cfg.Server.DrainDelay
	check(preStop+delay > 0, "no drain_delay: requests arrive after the listener has closed")
	// The kubelet begins with the sleeps of both at once, stops the order container when its own is over, and tells
	// the gateway when the order container is gone.
	first := orderPreStop(p)
	check(first > 0 && first >= preStop, "the order container sleeps %v before it stops, the gateway %v: what comes in between is refused", first, preStop)
	check(max(first+orderStop, preStop)+delay+cfg.Server.ShutdownTimeout+slack < grace,
		"preStop %v + %v + drain_delay %v + shutdown_timeout %v + %v do not fit into %v",
		first, orderStop, delay, cfg.Server.ShutdownTimeout, slack, grace)
	for id, pg := range cfg.PGs {
		check(pg.ApproveTimeout < cfg.Server.ShutdownTimeout,
			"%s: approve_timeout %v outlives shutdown_timeout %v", id, pg.ApproveTimeout, cfg.Server.ShutdownTimeout)
	}
	check(cfg.Server.Sidecar.Listen == "" || strings.HasPrefix(cfg.Server.Sidecar.Listen, "127.0.0.1:"),
		"the sidecar port listens on %s, beyond the pod", cfg.Server.Sidecar.Listen)
	return found
}

// orderPreStop is how long the order container, which is the first, sleeps before it is stopped.
func orderPreStop(p pod) time.Duration {
	if len(p.Containers) == 0 {
		return 0
	}
	return time.Duration(p.Containers[0].Lifecycle.PreStop.Sleep.Seconds) * time.Second
}

func probeProblems(c container, cfg gatewayConfig) (found []string) {
	for _, tt := range []struct {
		name, path string
		probe      *probe
	}{
		// Open listeners only: a pod whose database is away waits for it and is not killed for that.
		{"startupProbe", "/livez", c.StartupProbe},
		{"livenessProbe", "/livez", c.LivenessProbe},
		{"readinessProbe", "/readyz", c.ReadinessProbe},
	} {
		switch {
		case tt.probe == nil:
			found = append(found, "no "+tt.name)
		case tt.probe.HTTPGet.Path != tt.path:
			found = append(found, tt.name+" asks "+tt.probe.HTTPGet.Path)
		case ":"+strconv.Itoa(tt.probe.HTTPGet.Port) != cfg.Server.Admin.Listen:
			found = append(found, fmt.Sprintf("%s asks port %d, the admin port is %s",
				tt.name, tt.probe.HTTPGet.Port, cfg.Server.Admin.Listen))
		}
	}
	return found
}

func securityProblems(c container) (found []string) {
	s := c.SecurityContext
	for _, rule := range []struct {
		ok  bool
		why string
	}{
		{s.RunAsNonRoot && s.RunAsUser == 65532, "may run as root"},
		{s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation, "may gain privileges"},
		{s.ReadOnlyRootFilesystem, "root filesystem is writable"},
		{slices.Equal(s.Capabilities.Drop, []string{"ALL"}), "keeps capabilities"},
		{s.SeccompProfile.Type == "RuntimeDefault", "no seccomp profile"},
	} {
		if !rule.ok {
			found = append(found, rule.why)
		}
	}
	for _, env := range c.Env {
		if !env.ValueFrom.IsZero() {
			found = append(found, "env "+env.Name+" comes from elsewhere: secrets are files, and env is never reloaded")
		}
	}
	return found
}

func volumeProblems(p pod, c container, cfg gatewayConfig) (found []string) {
	mounted := map[string]string{}
	for _, m := range c.VolumeMounts {
		mounted[m.Name] = m.MountPath
		if m.SubPath != "" {
			found = append(found, m.Name+" is mounted by subPath, which never sees an update")
		}
	}
	if mounted["pg-gateway-config"] != "/etc/pg-gateway" {
		found = append(found, "config is not mounted at /etc/pg-gateway")
	}
	if dir := mounted["pg-gateway-journal"]; cfg.Journal.Driver == "sqlite" && !strings.HasPrefix(cfg.Journal.Path, dir+"/") {
		found = append(found, "journal "+cfg.Journal.Path+" is not on the volume "+dir)
	}
	for _, v := range p.Volumes {
		if v.Name == "pg-gateway-config" && (v.ConfigMap == nil || v.ConfigMap.Name != "pg-gateway-config") {
			found = append(found, "config volume is not the ConfigMap pg-gateway-config")
		}
		if v.Name == "pg-gateway-secrets" && (v.Secret == nil || v.Secret.SecretName != "pg-gateway-secrets") {
			found = append(found, "secrets volume is not the Secret pg-gateway-secrets")
		}
	}
	return found
}

func memoryProblems(c container) (found []string) {
	limit, err := strconv.Atoi(strings.TrimSuffix(c.Resources.Limits["memory"], "Mi"))
	if err != nil {
		return []string{"memory limit is not in Mi"}
	}
	if c.Resources.Limits["cpu"] != "" {
		found = append(found, "a CPU limit throttles approvals")
	}
	if c.Resources.Requests["cpu"] == "" || c.Resources.Requests["memory"] == "" {
		found = append(found, "no requests")
	}
	for _, env := range c.Env {
		if env.Name != "GOMEMLIMIT" {
			continue
		}
		soft, err := strconv.Atoi(strings.TrimSuffix(env.Value, "MiB"))
		if err != nil || soft*100 < limit*80 || soft*100 > limit*95 {
			found = append(found, fmt.Sprintf("GOMEMLIMIT %s is not 80 to 95 %% of %dMi", env.Value, limit))
		}
		return found
	}
	return append(found, "no GOMEMLIMIT")
}

func TestKustomizationsCarryTheGateway(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"base", "overlays/dev", "overlays/prod"} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			objects := render(t, dir)
			_, cfg := configOf(t, objects)
			order := find(t, objects, "Deployment", "order")
			for _, problem := range problems(order.Spec.Template.Spec, cfg) {
				t.Error(problem)
			}
			if order.Spec.Template.Metadata.Labels["pg-gateway.io/injected"] != "true" {
				t.Error("the pods lack the label that PodMonitor selects by")
			}
			if auto := order.Spec.Template.Spec.AutomountServiceAccountToken; auto == nil || *auto {
				t.Error("the pods get a service account token they have no use for")
			}
			service := find(t, objects, "Service", "order")
			if len(service.Spec.Ports) != 1 || service.Spec.Ports[0].Port != 80 ||
				":"+strconv.Itoa(service.Spec.Ports[0].TargetPort) != cfg.Server.Public.Listen {
				t.Errorf("the Service leads to %+v, not to the gateway's public port %s", service.Spec.Ports, cfg.Server.Public.Listen)
			}
			if !strings.HasPrefix(cfg.OrderService.URL, "http://127.0.0.1:9000") {
				t.Errorf("order_service.url is %s, not the container beside", cfg.OrderService.URL)
			}
			if pdb := find(t, objects, "PodDisruptionBudget", "order"); pdb.Spec.MaxUnavailable != 1 ||
				pdb.Spec.UnhealthyPodEvictionPolicy != "AlwaysAllow" {
				t.Errorf("the disruption budget is %+v", pdb.Spec)
			}
		})
	}
}

func TestNetworkPolicyKeepsDoorsShut(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"overlays/dev", "overlays/prod"} {
		open := map[int][]peer{}
		for _, rule := range find(t, render(t, dir), "NetworkPolicy", "order").Spec.Ingress {
			for _, port := range rule.Ports {
				open[port.Port] = append(open[port.Port], rule.From...)
			}
		}
		if len(open) != 2 || len(open[8080]) == 0 {
			t.Errorf("%s: open ports are %v, want 8080 and 9090 only: the order container is reached through the gateway", dir, open)
		}
		for _, from := range open[9090] {
			if from.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"] != "monitoring" {
				t.Errorf("%s: the admin port is open to %+v", dir, from)
			}
		}
	}
}

func TestProductionKeepsItsJournalOutOfThePod(t *testing.T) {
	t.Parallel()
	text, cfg := configOf(t, render(t, "overlays/prod"))
	if cfg.Journal.Driver != "postgres" {
		t.Errorf("the journal of production is %s, which is lost with the pod", cfg.Journal.Driver)
	}
	if !strings.Contains(text, "\nmode: live\n") {
		t.Error("production is not in live mode")
	}
	for line := range strings.Lines(text) {
		if secret := regexp.MustCompile(`(sign_key|token_key|api_secret|imp_key|imp_secret|secret|dsn): "?([^"$]\S*)`).FindStringSubmatch(line); secret != nil {
			t.Errorf("%s is written inline", secret[1])
		}
	}
}

func TestDevSecretHasEveryFileThatTheConfigReads(t *testing.T) {
	t.Parallel()
	objects := render(t, "overlays/dev")
	text, _ := configOf(t, objects)
	secret := find(t, objects, "Secret", "pg-gateway-secrets")
	names := regexp.MustCompile(`\$\{file:/run/secrets/pg-gateway/([^}]+)\}`).FindAllStringSubmatch(text, -1)
	if len(names) == 0 {
		t.Fatal("the config reads no secret file")
	}
	for _, name := range names {
		if value, err := base64.StdEncoding.DecodeString(secret.Data[name[1]]); err != nil || len(value) == 0 {
			t.Errorf("the Secret has no file %s", name[1])
		}
	}
}

// The order container is told of the door that its gateway opens.
func TestTheOrderContainerKnowsTheSidecarDoor(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"base", "overlays/dev", "overlays/prod"} {
		objects := render(t, dir)
		text, _ := configOf(t, objects)
		door := regexp.MustCompile(`sidecar: \{ listen: "([^"]+)" \}`).FindStringSubmatch(text)
		if door == nil {
			t.Fatalf("%s: the configuration opens no sidecar door", dir)
		}
		for _, c := range find(t, objects, "Deployment", "order").Spec.Template.Spec.Containers {
			known := ""
			for _, e := range c.Env {
				if e.Name == "PG_GATEWAY_URL" {
					known = e.Value
				}
			}
			if known != "http://"+door[1] {
				t.Errorf("%s: container %s is told %q, and the door is %s", dir, c.Name, known, door[1])
			}
		}
	}
}

// Whoever applies the manifests must be able to find out which files the Secret needs.
func TestEveryFileOfTheSecretIsDocumented(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, dir := range kustomizations(t) {
		for _, o := range render(t, dir) {
			for _, name := range regexp.MustCompile(`\$\{file:/run/secrets/pg-gateway/([^}]+)\}`).FindAllStringSubmatch(o.Data["config.yaml"], -1) {
				found++
				if !strings.Contains(string(docs), "`"+name[1]+"`") {
					t.Errorf("%s: docs/operations.md does not tell what %s is", dir, name[1])
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("found %d files, so the reading is broken", found)
	}
}

func TestComponentPatchesOnlyWhoAsks(t *testing.T) {
	t.Parallel()
	objects := render(t, "testdata/foreign")
	cart := find(t, objects, "Deployment", "cart").Spec.Template.Spec
	if _, ok := sidecar(cart); !ok {
		t.Error("cart asks for the gateway and did not get it")
	}
	if !slices.ContainsFunc(cart.InitContainers, func(c container) bool { return c.Name == "migrate" }) {
		t.Error("cart lost its own init container")
	}
	if len(cart.Volumes) != 3 {
		t.Errorf("cart has %d volumes, want its own and the gateway's two", len(cart.Volumes))
	}
	if got := orderPreStop(cart); got != 5*time.Second {
		t.Errorf("cart sleeps %v before it stops", got)
	}
	search := find(t, objects, "Deployment", "search").Spec.Template.Spec
	if _, ok := sidecar(search); ok || orderPreStop(search) != 0 {
		t.Error("search did not ask for the gateway and got something of it")
	}
}

// A container's own lifecycle is never overwritten in silence.
func TestComponentRefusesALifecycleOfItsOwn(t *testing.T) {
	t.Parallel()
	out, err := kustomize(t, "testdata/own").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "lifecycle") {
		t.Errorf("built with %v: %s", err, out)
	}
}
