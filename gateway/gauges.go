package gateway

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// statsEvery is the pause between two readings of the journal's gauges.
const statsEvery = 10 * time.Second

// stats keeps the journal's gauges fresh until ctx ends.
func (g *Gateway) stats(ctx context.Context) {
	tick := time.NewTicker(statsEvery)
	defer tick.Stop()
	for {
		g.publishStats(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// publishStats sets the journal's gauges.
func (g *Gateway) publishStats(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, statsEvery)
	defer cancel()
	s, err := g.journal.Stats(ctx)
	if err != nil {
		return
	}
	g.setStats(s)
	g.publishHealth()
	cancels, err := g.publishCancels(ctx)
	if err != nil {
		return // the gauges keep what was last known: a part of the unknown money would look like all of it
	}
	if open, err := g.journal.RecoveryStats(ctx); err == nil {
		for state, n := range open {
			g.metrics.OpenRecoveries(string(state), n)
		}
	}
	u := lifecycle.UnknownOf(s, cancels)
	g.metrics.Unknown(u.Count, int64(u.Won))
}

func (g *Gateway) setStats(s journal.Stats) {
	now := g.now()
	var oldest time.Duration
	for _, row := range s.Open {
		g.metrics.JournalState(string(row.State), row.Count, int64(row.Won))
		// A window may stay open, and an account wait for its deposit, without anything being wrong.
		waits := row.State == payment.StateOpened || row.State == payment.StateIssued
		if !waits && !row.Oldest.IsZero() {
			oldest = max(oldest, now.Sub(row.Oldest))
		}
	}
	g.metrics.OldestOpen(oldest)
	g.metrics.Outbox(s.Pending, s.Parked)
	age := func(since time.Time) time.Duration {
		if since.IsZero() {
			return 0
		}
		return max(now.Sub(since), 0)
	}
	g.metrics.OutboxOldest(age(s.OldestPending))
	for _, row := range s.Unmatched {
		g.metrics.UnmatchedPayments(string(row.State), row.Count, int64(row.Won), age(row.Oldest))
	}
}

// publishCancels sets the gauges of open cancels, and returns what they say.
func (g *Gateway) publishCancels(ctx context.Context) ([]journal.CancelStats, error) {
	list, err := g.cancels.CancelStats(ctx)
	if err != nil {
		return nil, err
	}
	var oldest time.Duration
	for _, row := range list {
		g.metrics.OpenCancels(string(row.State), row.Count, int64(row.Won))
		if row.State == payment.CancelUnknown && !row.Oldest.IsZero() {
			oldest = max(oldest, g.now().Sub(row.Oldest))
		}
	}
	g.metrics.OldestUnknownCancel(oldest)
	return list, nil
}

// publishHealth shows which PGs are well, and how their circuits stand.
func (g *Gateway) publishHealth() {
	for _, p := range g.view().rules.PGs() {
		g.metrics.PGWell(string(p.ID), g.circuits.well(p.ID, g.now(), false))
		for _, class := range circuitClasses() {
			g.metrics.Circuit(string(p.ID), string(class), g.circuits.state(p.ID, class))
		}
	}
}
