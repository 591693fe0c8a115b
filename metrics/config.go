package metrics

import (
	"runtime"
	"runtime/debug"
	"time"
)

// Words of the result label of reloads.
const (
	reloadTaken   = "ok"
	reloadRefused = "error"
)

func (m *Metrics) addConfig(f factory) {
	m.reloadOK = f.gauge("config_last_reload_successful",
		"Whether the last load of the configuration was taken (1) or refused (0).").WithLabelValues()
	m.reloadAt = f.gauge("config_last_reload_success_timestamp_seconds",
		"When a configuration was last taken.").WithLabelValues()
	m.reloads = setOf1(f.counter("config_reloads_total", "Loads of the configuration, by result.", "result"))
	m.rolledBack = f.gauge("config_rollback_in_force", "Whether a rollback is in force (1): the file on disk holds "+
		"other rules, which a restart would take.").WithLabelValues()
	m.configInfo = f.gauge("config_info",
		"Version of the rules in force: the first digits of the file's SHA-256.", "version")
	m.buildInfo = f.gauge("build_info", "What this binary was built from.", "version", "revision", "goversion")
}

// Reloaded records one load of the configuration, the first one included. When it was refused, the last good
// one stays in force.
func (m *Metrics) Reloaded(ok bool, at time.Time) {
	if !ok {
		m.reloads.get([1]string{reloadRefused}).Inc()
		m.reloadOK.Set(0)
		return
	}
	m.reloads.get([1]string{reloadTaken}).Inc()
	m.reloadOK.Set(1)
	m.reloadAt.Set(float64(at.UnixMilli()) / 1000)
}

// RolledBack records whether a rollback is in force.
func (m *Metrics) RolledBack(inForce bool) {
	m.rolledBack.Set(0)
	if inForce {
		m.rolledBack.Set(1)
	}
}

// SetBuild records what this binary was built from.
func (m *Metrics) SetBuild(version string) {
	// One series at most, or a sum over them counts this process twice.
	m.buildInfo.Reset()
	m.buildInfo.WithLabelValues(version, revision(), runtime.Version()).Set(1)
}

// revision is the commit that the Go tool has stamped into the binary; empty when it has not.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
