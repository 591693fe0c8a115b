package journal_test

import (
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

// replayable is a journal with an order o of three attempts a, b and c: the messages of a were delivered, the one of b
// waits, and c has none.
func replayable(t *testing.T, dsn string) (*journal.Journal, []journal.DeliveredMessage) {
	t.Helper()
	j := openPostgres(t, dsn)
	for _, id := range []string{"a", "b", "c"} {
		if err := j.Insert(t.Context(), journaltest.Attempt(id, "o"), journal.Event{}); err != nil {
			t.Fatal(err)
		}
		if id == "c" {
			break
		}
		_, err := j.Move(t.Context(), journal.Transition{
			ID: payment.AttemptID(id), From: []payment.State{payment.StateOpened}, To: payment.StateDeclined,
			Messages: []payment.Message{{ID: "m-" + id, Type: payment.MessageFailed, Body: []byte("{}"), CreatedAt: time.UnixMilli(1)}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := j.OutboxDone(t.Context(), "m-a"); err != nil {
		t.Fatal(err)
	}
	list, err := j.OutboxDelivered(t.Context(), journal.MessageFilter{Order: "o"}, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("delivered %+v, %v", list, err)
	}
	return j, list
}

// Whatever another pod does with the order in that moment, a replayed message comes to its turn.
func TestAReplayWaitsForAnotherPod(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"that removes what ended":         `SELECT 1 FROM attempts WHERE id = 'a' FOR UPDATE`,
		"that delivers the next message":  `UPDATE outbox SET status = 'done', done_at = 2 WHERE id = 'm-b'`,
		"that replays":                    `UPDATE outbox SET status = 'pending' WHERE id = 'm-a'`,
		"that puts a message of it there": `SELECT 1 FROM attempts WHERE id = 'c' FOR UPDATE`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := database(t)
			j, list := replayable(t, dsn)
			statements := []string{statement}
			if name == "that puts a message of it there" {
				statements = append(statements, `INSERT INTO outbox (id, attempt_id, order_id, type, body, created_at, status, tries, next_try,
					lease_until, last_reason, done_at) VALUES ('m-c', 'c', 'o', 'x', '', 1, 'pending', 0, 1, 0, '', 0)`)
			}
			err := meanwhile(t, dsn, func() error {
				_, err := j.OutboxReplay(t.Context(), "o", list)
				return err
			}, statements...)
			if err != nil {
				t.Fatal(err)
			}
			due, err := j.OutboxDue(t.Context(), journal.OutboxLane{Again: true}, time.Now(), 10, time.Minute)
			if name != "that replays" && (err != nil || len(due) != 1 || due[0].ID != "m-a") {
				t.Errorf("due are %+v, %v", due, err)
			}
			if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
				t.Errorf("faults %q, %v", faults, err)
			}
		})
	}
}

// Of pods that replay the same messages at the same time one puts each in line, while others deliver.
func TestPodsReplayAMessageOnce(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	j, _ := replayable(t, dsn)
	if err := j.OutboxDone(t.Context(), "m-b"); err != nil {
		t.Fatal(err)
	}
	list, err := j.OutboxDelivered(t.Context(), journal.MessageFilter{Order: "o"}, 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("delivered %+v, %v", list, err)
	}
	pods := []*journal.Journal{j, openPostgres(t, dsn), openPostgres(t, dsn)}
	var wg sync.WaitGroup
	var mu sync.Mutex
	again, sent := 0, 0
	for _, pod := range pods {
		wg.Go(func() {
			for range 20 {
				done, err := pod.OutboxReplay(t.Context(), "o", list)
				if err != nil {
					t.Error(err)
				}
				due, err := pod.OutboxDue(t.Context(), journal.OutboxLane{Again: true}, time.Now().Add(time.Minute), 10, time.Hour)
				if err != nil {
					t.Error(err)
				}
				for _, m := range due {
					if err := pod.OutboxDone(t.Context(), m.ID); err != nil {
						t.Error(err)
					}
				}
				mu.Lock()
				again, sent = again+done.Again, sent+len(due)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if again != 2 || sent != 2 {
		t.Errorf("two messages were put in line %d times and sent %d times", again, sent)
	}
	if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
		t.Errorf("faults %q, %v", faults, err)
	}
}
