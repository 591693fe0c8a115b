package lifecycle

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// away is a journal that can be taken away from under the queues of a worker.
type away struct {
	gone  atomic.Bool
	asked atomic.Int64
}

func (a *away) ask() error {
	a.asked.Add(1)
	if a.gone.Load() {
		return journal.ErrUnavailable
	}
	return nil
}

// awayOutbox is its outbox.
type awayOutbox struct {
	Outbox
	away *away
}

// OutboxDue implements Outbox.
func (o awayOutbox) OutboxDue(context.Context, journal.OutboxLane, time.Time, int, time.Duration) ([]payment.Message, error) {
	return nil, o.away.ask()
}

// awayLog is what was logged.
type awayLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *awayLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// awayLines are what was logged, in order.
func awayLines(t *testing.T, log *awayLog) []map[string]any {
	t.Helper()
	log.mu.Lock()
	defer log.mu.Unlock()
	var list []map[string]any
	for line := range strings.Lines(log.text.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// quietly runs a loop of a worker for ten minutes without a journal and one with it, and wants few lines, few
// questions, and all failures counted.
func quietly(t *testing.T, usual time.Duration, loop func(ctx context.Context, j *away, log *slog.Logger)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var j away
		var text awayLog
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		j.gone.Store(true)
		go func() {
			defer close(done)
			loop(ctx, &j, slog.New(slog.NewJSONHandler(&text, nil)))
		}()
		time.Sleep(usual + time.Millisecond)
		synctest.Wait()
		if lines := awayLines(t, &text); len(lines) != 1 || lines[0]["level"] != "ERROR" {
			t.Errorf("at first it says %v", lines)
		}
		time.Sleep(10*time.Minute - usual - 2*time.Millisecond)
		synctest.Wait()
		asked := j.asked.Load()
		if asked > 160 || asked < 70 {
			t.Errorf("the journal was asked %d times in ten minutes", asked)
		}
		lines := awayLines(t, &text)
		if len(lines) > 10 || len(lines) < 8 {
			t.Errorf("%d lines in ten minutes", len(lines))
		}
		counted := 0
		for i, l := range lines {
			counted += 1 + int(l["failures_since"].(float64))
			if i > 0 && at(t, l).Sub(at(t, lines[i-1])) < time.Minute {
				t.Errorf("two lines within a minute: %v, %v", lines[i-1], l)
			}
		}
		if silent := int(asked) - counted; silent < 0 || silent > 16 {
			t.Errorf("%d of %d failures were counted", counted, asked)
		}
		j.gone.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		back := awayLines(t, &text)[len(lines):]
		if len(back) != 1 || back[0]["level"] != "INFO" || back[0]["failures"] != float64(asked) || back[0]["seconds"].(float64) < 590 {
			t.Errorf("after %d failures it says %v", asked, back)
		}
		if n := j.asked.Load() - asked; n < int64(40*time.Second/usual) {
			t.Errorf("the journal was asked %d times in the minute after", n)
		}
		cancel()
		<-done
	})
}

func at(t *testing.T, line map[string]any) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339Nano, line["time"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// TestAJournalThatIsAwayFillsNoLog by the sweeps and the outbox: they say it, count what they do not say, ask less
// often, and say when it is back.
func TestAJournalThatIsAwayFillsNoLog(t *testing.T) {
	t.Parallel()
	t.Run("a sweep", func(t *testing.T) {
		t.Parallel()
		quietly(t, sweepEvery, func(ctx context.Context, j *away, log *slog.Logger) {
			p := newPool(queue[journal.Lane, payment.Attempt]{
				what: "attempts", workers: 1, batch: 1,
				lanes: func(context.Context, time.Time) ([]journal.Lane, error) { return nil, j.ask() },
			}, time.Now, log)
			p.every(ctx, sweepEvery)
		})
	})
	t.Run("a sweep that is told of its lanes", func(t *testing.T) {
		t.Parallel()
		quietly(t, sweepEvery, func(ctx context.Context, j *away, log *slog.Logger) {
			p := newPool(queue[journal.Lane, payment.Attempt]{
				what: "attempts", workers: 1, batch: 1,
				lanes: func(context.Context, time.Time) ([]journal.Lane, error) { return []journal.Lane{{PG: "inicis"}}, nil },
				take:  func(context.Context, journal.Lane, time.Time, int) ([]payment.Attempt, error) { return nil, j.ask() },
			}, time.Now, log)
			p.every(ctx, sweepEvery)
		})
	})
	t.Run("the outbox", func(t *testing.T) {
		t.Parallel()
		quietly(t, outboxEvery, func(ctx context.Context, j *away, log *slog.Logger) {
			NewWorker(WorkerOptions{
				Attempts: struct{ AttemptQueue }{}, Outbox: awayOutbox{away: j}, Log: log, Now: time.Now,
			}).deliver(ctx)
		})
	})
}

// A journal that answers every other time is told of no more often either.
func TestAJournalThatFlickersFillsNoLog(t *testing.T) {
	t.Parallel()
	var o outage
	now, lines := time.Unix(0, 0), 0
	for range 600 {
		now = now.Add(time.Second)
		if _, say := o.failed(now); say {
			lines++
		}
		if _, _, say := o.answered(now); say {
			lines++
		}
	}
	if lines != 20 {
		t.Errorf("%d lines in ten minutes, want two a minute", lines)
	}
}
