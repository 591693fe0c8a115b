package rules

import (
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// live keeps test money and real money apart: nothing that everybody knows, and nothing readable in the file,
// may guard real payments; and real contracts do not belong into a test file.
func (b *builder) live() {
	for i := range b.f.merchants {
		r, m := &b.f.merchants[i], b.s.merchants[i]
		if m.Mode != b.s.mode {
			r.at.fail("the file is in mode "+string(b.s.mode), "merchant %s is in mode %s", clip(r.id.text), m.Mode)
			continue
		}
		test := slices.Contains(b.d.known.testMIDs, m.MID)
		switch {
		case b.s.mode == payment.ModeLive && test: //guard:test-mid-takes-no-money
			r.midAt.fail("use the contract's own MID", "%s is a public test MID, refused in mode live", m.MID)
		//guard:live-mid-in-test-file
		case b.s.mode == payment.ModeTest && !test && m.owner != nil && len(m.owner.spec.MID.Tests) > 0 && m.MID != "":
			r.midAt.fail("the test MIDs are "+strings.Join(m.owner.spec.MID.Tests, ", "),
				"%s looks like a live MID, refused in mode test", clip(m.MID))
		}
	}
	b.weakKeys()
	if b.s.mode != payment.ModeLive {
		return
	}
	for _, v := range b.d.inline {
		v.fail("${file:path} or ${env:NAME}", "a secret in the file is refused in mode live")
	}
	if b.s.start.Sandbox.Enabled {
		b.f.sandboxAt.fail("enabled: N", "the sandbox is refused in mode live")
	}
	for i, p := range b.s.pgs {
		if p.Environment != payment.EnvLive {
			b.f.pgs[i].val.at.fail("environment: live", "PG %s is in environment %s, refused in mode live", p.ID, p.Environment)
		}
	}
}
