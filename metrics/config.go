package metrics

import "time"

func (m *Metrics) addConfig(f factory) {
	m.reloadOK = f.gauge("config_last_reload_successful", "Whether the last load of the configuration was taken (1) or refused (0).").WithLabelValues()
	m.reloadAt = f.gauge("config_last_reload_success_timestamp_seconds", "When a configuration was last taken.").WithLabelValues()
	m.reloads = setOf1(f.counter("config_reloads_total", "Loads of the configuration, by result.", "result"))
	m.configInfo = f.gauge("config_info", "Version of the rules in force: the first digits of the file's SHA-256.", "version")
	m.buildInfo = f.gauge("build_info", "What this binary was built from.", "version", "revision", "goversion")
}

// Reloaded records a configuration that was taken, the first one included.
func (m *Metrics) Reloaded(version string, at time.Time) {
	m.reloads.get([1]string{ResultOK}).Inc()
	m.reloadOK.Set(1)
	m.reloadAt.Set(float64(at.UnixMilli()) / 1000)
	m.configInfo.Reset()
	m.configInfo.WithLabelValues(version).Set(1)
}

// ReloadFailed records a configuration that was refused; the last good one stays in force.
func (m *Metrics) ReloadFailed() {
	m.reloads.get([1]string{ResultError}).Inc()
	m.reloadOK.Set(0)
}

// Build records what this binary was built from.
func (m *Metrics) Build(version, revision, goVersion string) {
	m.buildInfo.Reset()
	m.buildInfo.WithLabelValues(version, revision, goVersion).Set(1)
}
