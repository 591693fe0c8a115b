//go:build !race

// The race detector lets pools forget, so that nothing could be counted.

package gateway

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// cost is what a request allocates, in objects and in bytes.
type cost struct {
	Allocations float64 `json:"allocations"`
	Bytes       float64 `json:"bytes"`
}

// Of several batches the least counts: whatever else the process does only adds.
const (
	costBatches = 8
	costBatch   = 250
)

// TestAllocations holds what a pass-through, an intercepted checkout and a checkout allocate, by the whole of what
// serves them: a tenth more than what is committed fails. So does a tenth less, that the guard may follow; after a
// change that means it write it anew with -update.
func TestAllocations(t *testing.T) { //nolint:paralleltest // it counts what the whole process allocates
	path := filepath.Join("testdata", "allocations.json")
	got := map[string]cost{}
	for name, request := range costlyPaths() {
		c := newCaller(t, name)
		answer := string(c.ask(t, request))
		if strings.Contains(name, "checkout") && !strings.Contains(answer, `"signature"`) {
			t.Fatalf("%s has no window: %s", name, answer)
		}
		got[name] = c.cost(t, request)
	}
	if *updateGolden {
		text, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]cost
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for name := range costlyPaths() {
		if !nearly(got[name].Allocations, want[name].Allocations) || !nearly(got[name].Bytes, want[name].Bytes) {
			t.Errorf("%s costs %.0f allocations of %.0f bytes, %.0f of %.0f are committed; "+
				"if that is meant, run go test ./gateway -run TestAllocations -update",
				name, got[name].Allocations, got[name].Bytes, want[name].Allocations, want[name].Bytes)
		}
	}
}

// nearly tells whether two figures differ by no more than a tenth, or by less than one.
func nearly(got, want float64) bool { return math.Abs(got-want) <= max(want/10, 1) }

// cost measures what a request allocates.
func (c *caller) cost(t *testing.T, request []byte) cost {
	t.Helper()
	// A collection in between would empty the pools.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	least := cost{math.Inf(1), math.Inf(1)}
	for batch := range costBatches + 1 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range costBatch {
			c.ask(t, request)
		}
		runtime.ReadMemStats(&after)
		if batch == 0 {
			continue // pools and buffers fill
		}
		least.Allocations = min(least.Allocations, math.Round(float64(after.Mallocs-before.Mallocs)/costBatch))
		least.Bytes = min(least.Bytes, math.Round(float64(after.TotalAlloc-before.TotalAlloc)/costBatch))
	}
	return least
}
