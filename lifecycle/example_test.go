package lifecycle

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/payment"
)

// No shop can take an example for a payment, and yet it has the members of the real message.
func TestAnExampleIsNoPayment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 10, 3, 0, 0, 0, time.UTC)
	type told struct {
		Type      string         `json:"type"`
		Timestamp string         `json:"timestamp"`
		Example   bool           `json:"example"`
		Data      map[string]any `json:"data"`
	}
	read := func(m payment.Message) (b told) {
		t.Helper()
		if err := json.Unmarshal(m.Body, &b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	tried := map[string]bool{}
	for _, real := range sampleMessages(t) {
		first, err := Example(real.Type, now)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Example(real.Type, now)
		if err != nil || first.ID == second.ID || first.Sealed {
			t.Errorf("%s: ids %s and %s, sealed %v, %v", real.Type, first.ID, second.ID, first.Sealed, err)
		}
		want, got := read(real), read(first)
		if want.Example || !got.Example {
			t.Errorf("%s: the real one says example %v, the example %v", real.Type, want.Example, got.Example)
		}
		if got.Type != real.Type || got.Timestamp != "2026-12-10T03:00:00Z" || first.Type != real.Type {
			t.Errorf("it is a %s of %s, want %s", got.Type, got.Timestamp, real.Type)
		}
		if got.Data["order_id"] != exampleOrder || first.OrderID != exampleOrder {
			t.Errorf("%s: the order is %v", real.Type, got.Data["order_id"])
		}
		members := func(b told) []string { return slices.Sorted(maps.Keys(b.Data)) }
		if d := cmp.Diff(members(want), members(got)); d != "" {
			t.Errorf("%s: members (-real +example)\n%s", real.Type, d)
		}
		for name, value := range got.Data {
			if n, isNumber := value.(float64); isNumber && n != 0 {
				t.Errorf("%s: %s is %v", real.Type, name, n)
			}
		}
		tried[real.Type] = true
	}
	if d := cmp.Diff(slices.Sorted(slices.Values(payment.MessageTypes())), slices.Sorted(maps.Keys(tried))); d != "" {
		t.Errorf("types with examples (-want +got)\n%s", d)
	}
	if _, err := Example("payment.lost", now); err == nil {
		t.Error("there is an example of a type that is none")
	}
}
