package k8s_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/pg-gateway/pg-gateway/test/short"
)

// object is a manifest, as far as the checks look into it.
type object struct {
	Kind     string   `yaml:"kind"`
	Metadata metadata `yaml:"metadata"`
	Spec     struct {
		Template struct {
			Metadata metadata `yaml:"metadata"`
			Spec     pod      `yaml:"spec"`
		} `yaml:"template"`
		Ports []struct {
			Port       int `yaml:"port"`
			TargetPort int `yaml:"targetPort"`
		} `yaml:"ports"`
		Ingress []struct {
			From  []peer `yaml:"from"`
			Ports []struct {
				Port int `yaml:"port"`
			} `yaml:"ports"`
		} `yaml:"ingress"`
		Replicas *int `yaml:"replicas"`
		Strategy struct {
			Type          string `yaml:"type"`
			RollingUpdate *struct {
				MaxSurge string `yaml:"maxSurge"`
			} `yaml:"rollingUpdate"`
		} `yaml:"strategy"`
		ScaleTargetRef struct {
			Kind string `yaml:"kind"`
			Name string `yaml:"name"`
		} `yaml:"scaleTargetRef"`
		MaxReplicas                int    `yaml:"maxReplicas"`
		MaxUnavailable             int    `yaml:"maxUnavailable"`
		UnhealthyPodEvictionPolicy string `yaml:"unhealthyPodEvictionPolicy"`
	} `yaml:"spec"`
	Data map[string]string `yaml:"data"`
}

type metadata struct {
	Name   string            `yaml:"name"`
	Labels map[string]string `yaml:"labels"`
}

type peer struct {
	NamespaceSelector struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	} `yaml:"namespaceSelector"`
}

type pod struct {
	AutomountServiceAccountToken  *bool       `yaml:"automountServiceAccountToken"`
	TerminationGracePeriodSeconds int         `yaml:"terminationGracePeriodSeconds"`
	InitContainers                []container `yaml:"initContainers"`
	Containers                    []container `yaml:"containers"`
	Volumes                       []volume    `yaml:"volumes"`
}

type volume struct {
	Name      string `yaml:"name"`
	ConfigMap *struct {
		Name string `yaml:"name"`
	} `yaml:"configMap"`
	Secret *struct {
		SecretName string `yaml:"secretName"`
	} `yaml:"secret"`
	EmptyDir *struct{} `yaml:"emptyDir"`
}

// isJournal tells whether a volume is the SQLite journal's.
func isJournal(v volume) bool { return v.Name == "pg-gateway-journal" }

type container struct {
	Name          string `yaml:"name"`
	RestartPolicy string `yaml:"restartPolicy"`
	Ports         []struct {
		Name          string `yaml:"name"`
		ContainerPort int    `yaml:"containerPort"`
	} `yaml:"ports"`
	Env []struct {
		Name      string    `yaml:"name"`
		Value     string    `yaml:"value"`
		ValueFrom yaml.Node `yaml:"valueFrom"`
	} `yaml:"env"`
	VolumeMounts []struct {
		Name      string `yaml:"name"`
		MountPath string `yaml:"mountPath"`
		SubPath   string `yaml:"subPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
	StartupProbe   *probe `yaml:"startupProbe"`
	LivenessProbe  *probe `yaml:"livenessProbe"`
	ReadinessProbe *probe `yaml:"readinessProbe"`
	Lifecycle      struct {
		PreStop struct {
			Sleep struct {
				Seconds int `yaml:"seconds"`
			} `yaml:"sleep"`
		} `yaml:"preStop"`
	} `yaml:"lifecycle"`
	Resources struct {
		Requests map[string]string `yaml:"requests"`
		Limits   map[string]string `yaml:"limits"`
	} `yaml:"resources"`
	SecurityContext struct {
		RunAsNonRoot             bool  `yaml:"runAsNonRoot"`
		RunAsUser                int   `yaml:"runAsUser"`
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct {
			Drop []string `yaml:"drop"`
		} `yaml:"capabilities"`
		SeccompProfile struct {
			Type string `yaml:"type"`
		} `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
}

type probe struct {
	HTTPGet struct {
		Path string `yaml:"path"`
		Port int    `yaml:"port"`
	} `yaml:"httpGet"`
}

// gatewayConfig is the part of config.yaml that the manifests must agree with.
type gatewayConfig struct {
	Mode   string `yaml:"mode"`
	Server struct {
		Public          listener      `yaml:"public"`
		Sidecar         listener      `yaml:"sidecar"`
		Admin           listener      `yaml:"admin"`
		ShutdownTimeout time.Duration `yaml:"shutdown_timeout"`
		DrainDelay      time.Duration `yaml:"drain_delay"`
	} `yaml:"server"`
	Journal struct {
		Driver string `yaml:"driver"`
		Path   string `yaml:"path"`
	} `yaml:"journal"`
	OrderService struct {
		URL string `yaml:"url"`
	} `yaml:"order_service"`
	PGs map[string]struct {
		ApproveTimeout time.Duration `yaml:"approve_timeout"`
	} `yaml:"pgs"`
}

type listener struct {
	Listen string `yaml:"listen"`
}

// kustomize is the command that renders a kustomization: the one the Makefile built, or one that is installed.
func kustomize(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	short.Out(t, "kustomize")
	candidates := []string{os.Getenv("KUSTOMIZE"), filepath.Join("..", ".cache", "bin", "kustomize"), "kustomize"}
	for _, candidate := range candidates {
		if candidate == "" {
			continue
		}
		if path, err := exec.LookPath(candidate); err == nil {
			return exec.CommandContext(t.Context(), path, "build", dir)
		}
	}
	if path, err := exec.LookPath("kubectl"); err == nil {
		return exec.CommandContext(t.Context(), path, "kustomize", dir)
	}
	t.Fatal("neither kustomize nor kubectl is here: run `make deps`, which builds kustomize, and try again")
	return nil
}

// render returns the manifests of a kustomization.
func render(t *testing.T, dir string) []object {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := kustomize(t, dir)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("building %s: %v\n%s", dir, err, stderr.String())
	}
	var objects []object
	for decoder := yaml.NewDecoder(&stdout); ; {
		var o object
		err := decoder.Decode(&o)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatalf("reading a manifest of %s: %v", dir, err)
		}
		objects = append(objects, o)
	}
}

// find returns the one manifest of a kind and name.
func find(t *testing.T, objects []object, kind, name string) object {
	t.Helper()
	for _, o := range objects {
		if o.Kind == kind && o.Metadata.Name == name {
			return o
		}
	}
	t.Fatalf("there is no %s %q", kind, name)
	return object{}
}

// configOf reads the gateway's configuration out of the ConfigMap that the pods mount.
func configOf(t *testing.T, objects []object) (text string, cfg gatewayConfig) {
	t.Helper()
	text = find(t, objects, "ConfigMap", "pg-gateway-config").Data["config.yaml"]
	if err := yaml.Unmarshal([]byte(text), &cfg); err != nil {
		t.Fatalf("reading config.yaml of the ConfigMap: %v", err)
	}
	return text, cfg
}
