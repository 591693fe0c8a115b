package simulation

import (
	"context"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
)

// simKey is an idempotency key in the simulation's journal.
type simKey struct {
	journal.KeptAnswer
	heldUntil time.Time
}

// KeyBegin implements gateway.KeyStore.
func (m *simMemoryView) KeyBegin(_ context.Context, scope, key, fingerprint string, now time.Time, hold time.Duration) (journal.KeptAnswer, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.keys[scope+" "+key]
	if ok && (k.Status != 0 || !k.heldUntil.Before(simMillis(now)) || k.Fingerprint != fingerprint) {
		kept := k.KeptAnswer
		kept.HeldUntil = k.heldUntil
		return kept, false, nil
	}
	until := simMillis(now.Add(hold))
	m.keys[scope+" "+key] = &simKey{journal.KeptAnswer{Fingerprint: fingerprint}, until}
	m.commits++
	return journal.KeptAnswer{HeldUntil: until}, true, nil
}

// KeyRenew implements gateway.KeyStore.
func (m *simMemoryView) KeyRenew(_ context.Context, scope, key string, kept journal.KeptAnswer, now time.Time, hold time.Duration) (journal.KeptAnswer, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	held := journal.KeptAnswer{Fingerprint: kept.Fingerprint, HeldUntil: simMillis(now.Add(hold))}
	k, ok := m.keys[scope+" "+key]
	if !ok || k.Status == 0 || !k.heldUntil.Equal(kept.HeldUntil) {
		return held, false, nil
	}
	m.keys[scope+" "+key] = &simKey{journal.KeptAnswer{Fingerprint: kept.Fingerprint}, held.HeldUntil}
	m.commits++
	return held, true, nil
}

// KeyDone implements gateway.KeyStore.
func (m *simMemoryView) KeyDone(_ context.Context, scope, key string, a journal.KeptAnswer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.keys[scope+" "+key]
	if !ok || k.Status != 0 || !k.heldUntil.Equal(a.HeldUntil) {
		return fmt.Errorf("idempotency key: %w", journal.ErrNotFound)
	}
	a.Fingerprint, a.HeldUntil = k.Fingerprint, time.Time{}
	k.KeptAnswer = a
	m.commits++
	return nil
}

// KeyDrop implements gateway.KeyStore.
func (m *simMemoryView) KeyDrop(_ context.Context, scope, key string, heldUntil time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k, ok := m.keys[scope+" "+key]; ok && k.Status == 0 && k.heldUntil.Equal(heldUntil) {
		delete(m.keys, scope+" "+key)
	}
	return nil
}

// CardsForget implements gateway.CardStore. No shop here wants one billing key per card, so no card is on record.
func (m *simMemoryView) CardsForget(context.Context, string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commits++
	return nil
}
