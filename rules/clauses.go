package rules

import "slices"

// clauses checks that the merchant's PG has what its contract is said to have: a window that is told of it where the PG
// does not know it opens as if nothing had been said.
func (b *builder) clauses(r *rawMerchant, m *merchant) {
	has := m.owner.spec.Clauses
	for _, behind := range m.owner.spec.Behind {
		if behind.Name == m.Behind {
			has = behind.Clauses
		}
	}
	for _, c := range m.Clauses {
		if !slices.Contains(has, c) { //guard:clauses-are-the-pgs
			r.at.fail("leave it out", "%s has no %s", m.doneBy(), c)
		}
	}
}
