package simulation

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// foundWithin is how long a payment that nobody told of may stay unseen, of ninety-nine in a hundred.
const foundWithin = time.Minute

// TestPaymentsThatNobodyTellsOfAreFoundWithinAMinute takes money at PortOne, V1 and V2, of which no browser comes back
// and no webhook arrives, on a network that is well otherwise. All that finds it is the listing: nothing sweeps.
func TestPaymentsThatNobodyTellsOfAreFoundWithinAMinute(t *testing.T) {
	t.Parallel()
	parts := newSimParts(t)
	var took []time.Duration
	for seed := uint64(1); seed <= 2; seed++ {
		w := newSimWorld(parts, seed)
		w.listsOnly = true
		synctest.Test(t, func(t *testing.T) { took = append(took, w.payUnheard(t.Context(), 60)...) })
		for _, p := range w.problems {
			t.Errorf("seed %d: %s", seed, p)
		}
	}
	if len(took) < 100 {
		t.Fatalf("only %d payments were made", len(took))
	}
	slices.Sort(took)
	p99 := took[(len(took)*99+99)/100-1]
	t.Logf("of %d payments half were found within %s, p99 %s, the last one after %s", len(took), took[len(took)/2], p99, took[len(took)-1])
	if p99 > foundWithin {
		t.Errorf("a payment that nobody told of is found after %s at p99, want at most %s", p99, foundWithin)
	}
}

// payUnheard has this many orders paid at PortOne, and returns how long each was unseen.
func (w *simWorld) payUnheard(ctx context.Context, orders int) []time.Duration {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	w.set(simWeather{})
	if !w.bootAll(2) {
		return nil
	}
	for _, p := range w.alive() {
		running.Go(func() { p.g.Listing().Run(ctx) })
	}
	var buyers sync.WaitGroup
	for i := range orders {
		b := &simBuyer{w: w, name: fmt.Sprintf("order%d", i), r: w.draw(fmt.Sprintf("buyer %d", i))}
		buyers.Go(func() {
			time.Sleep(time.Duration(b.r.Int64N(int64(8 * time.Minute))))
			b.payAndVanish([]payment.Method{"naverpay", "tosspay"}[i%2])
		})
	}
	buyers.Wait()
	time.Sleep(3 * time.Minute)
	close(w.stop)
	w.loops.Wait()
	w.mail.Wait()
	return w.unseenFor(ctx)
}

// payAndVanish pays in PortOne's window and closes the browser.
func (b *simBuyer) payAndVanish(method payment.Method) {
	b.order()
	a, ok := simKnock(b.pod(b.r), simPatience, simCheckoutPath, simJSON(), b.checkoutBody(method, "main", time.Time{}))
	opened, err, _ := simCheckoutAnswer(a)
	if !ok || err != nil {
		b.w.wrong("%s: no window: %v", b.name, err)
		return
	}
	b.w.call(string(opened.AttemptID), b.name)
	version := simVersion(&simAttempt{answer: opened})
	if version == "" {
		return // the rules had another PG for it
	}
	key := b.open(b.r, version, opened.Window.Params)
	time.Sleep(time.Duration(b.r.Int64N(int64(time.Minute))))
	var rsp map[string]any
	if key == "" || !b.w.act(version, key, "pay", &rsp) {
		b.w.wrong("%s: PortOne took no money: %v", b.name, rsp)
	}
}

// unseenFor is how long each payment was, from when PortOne took it to when its attempt was not waiting any more: it is
// approved, or given back because the shop does not want it.
func (w *simWorld) unseenFor(ctx context.Context) (took []time.Duration) {
	books := w.alive()[0].books
	for _, e := range w.box.Ledger().Entries {
		if e.Kind != sandbox.EntryCapture {
			continue
		}
		events, err := books.Events(ctx, payment.AttemptID(e.OrderRef))
		at := slices.IndexFunc(events, func(ev journal.Event) bool { return ev.From == payment.StateOpened && ev.To != ev.From })
		if err != nil || at < 0 {
			w.wrong("%s: %d won are not found: %v", w.nameIn(e.OrderRef), e.Amount, err)
			continue
		}
		took = append(took, events[at].At.Sub(e.At))
	}
	return took
}
