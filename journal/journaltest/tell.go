package journaltest

import (
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// testTell checks that a message about no attempt is kept once, delivered, and removed once it was told.
func testTell(t *testing.T, open Open) {
	t.Helper()
	ctx, j := t.Context(), open(t)
	told := payment.Message{
		ID: "msg_x_1", OrderID: "theirs", Type: payment.MessageExternal, Body: []byte(`{"type":"external_payment.updated"}`), CreatedAt: epoch(),
	}
	other := told
	other.ID = "msg_x_2"
	for _, m := range []payment.Message{told, told, other} {
		if err := j.Tell(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	due := func() []payment.Message {
		t.Helper()
		list, err := j.OutboxDue(ctx, journal.OutboxLane{}, epoch().Add(time.Hour), 10, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	// The second one of an order waits for the first.
	list := due()
	if len(list) != 1 || list[0].ID != told.ID || list[0].OrderID != "theirs" || string(list[0].Body) != string(told.Body) || !list[0].CreatedAt.Equal(epoch()) {
		t.Fatalf("due is %+v", list)
	}
	if err := j.OutboxDone(ctx, told.ID); err != nil {
		t.Fatal(err)
	}
	if faults, err := j.Check(ctx); err != nil || len(faults) > 0 {
		t.Errorf("the journal has faults: %q, %v", faults, err)
	}
	// What was told long ago is removed, what was not stays; and told again it would be another message.
	pruneAll(t, j, time.Now().Add(time.Hour), 100)
	if list = due(); len(list) != 1 || list[0].ID != other.ID {
		t.Errorf("due is %+v", list)
	}
	if err := j.Tell(ctx, told); err != nil {
		t.Fatal(err)
	}
	if err := j.OutboxDone(ctx, other.ID); err != nil {
		t.Fatal(err)
	}
	if list = due(); len(list) != 1 || list[0].ID != told.ID {
		t.Errorf("what was told long ago is still kept: %+v", list)
	}
}
