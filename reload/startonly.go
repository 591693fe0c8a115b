package reload

import (
	"reflect"

	"github.com/pg-gateway/pg-gateway/rules"
)

// differing names the sections that only a restart applies and that are others now than when the process started.
func differing(first, now rules.StartOnly) []string {
	var out []string
	for _, s := range []struct {
		name string
		a, b any
	}{
		{"server", first.Server, now.Server},
		{"journal", first.Journal, now.Journal},
		{"sandbox", first.Sandbox, now.Sandbox},
	} {
		if !reflect.DeepEqual(s.a, s.b) {
			out = append(out, s.name)
		}
	}
	return out
}
