package upstream

import (
	"testing"
	"time"
)

// The upstream may have the last piece, and answer, before the sender is told that it was written.
func TestALastPieceOnItsWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	u := &upload{done: make(chan struct{})}
	if !u.underWay() {
		t.Error("a body whose last piece was not written yet counts as sent")
	}
	u.last.Store(true)
	sent := time.AfterFunc(maxLastWait/10, func() { close(u.done) })
	defer sent.Stop()
	if u.underWay() || !u.finished() {
		t.Error("a body whose last piece was just written counts as under way")
	}
}
