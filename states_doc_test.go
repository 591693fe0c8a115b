package main_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/payment"
)

// TestStatesAreDocumented keeps docs/states.md drawn from the one table in payment.Transitions.
func TestStatesAreDocumented(t *testing.T) {
	t.Parallel()
	want := drawStates()
	const file = "docs/states.md"
	if *updateDocs {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("%s is not what the code says; run `go test . -update-docs` (-want +got):\n%s", file, d)
	}
}

func drawStates() string {
	var b strings.Builder
	b.WriteString("# The states of an attempt\n\nDrawn from the table in `payment/states.go`; the journal refuses every move that is not in it.\n" +
		"Final states have no way out. While an attempt of an order is claimed, approving, captured, issued,\n" +
		"unknown, cancelling or approved, no other attempt of that order can be claimed.\n\n```mermaid\nstateDiagram-v2\n  [*] --> opened\n")
	for _, tr := range payment.Transitions() {
		fmt.Fprintf(&b, "  %s --> %s: %s\n", tr.From, tr.To, tr.Event)
	}
	for _, s := range payment.States() {
		if s.Final() {
			fmt.Fprintf(&b, "  %s --> [*]\n", s)
		}
	}
	b.WriteString("```\n\n| from | to | event | what holds |\n|---|---|---|---|\n")
	for _, tr := range payment.Transitions() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", tr.From, tr.To, tr.Event, tr.Note)
	}
	b.WriteString("\n# The states of a cancel\n\nOf a paid attempt, whole or in part; drawn from the table in `payment/cancel.go`. The attempt stays approved, which is\n" +
		"how it ended. One cancel of an attempt is open at a time, and one that is unknown lets no other begin. A cancel that was\n" +
		"made in the PG's console is recorded as done.\n\n```mermaid\nstateDiagram-v2\n  [*] --> requested\n  [*] --> done: found_at_pg\n")
	for _, tr := range payment.CancelTransitions() {
		fmt.Fprintf(&b, "  %s --> %s: %s\n", tr.From, tr.To, tr.Event)
	}
	b.WriteString("  done --> [*]\n  refused --> [*]\n```\n\n| from | to | event | what holds |\n|---|---|---|---|\n")
	for _, tr := range payment.CancelTransitions() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", tr.From, tr.To, tr.Event, tr.Note)
	}
	return b.String()
}
