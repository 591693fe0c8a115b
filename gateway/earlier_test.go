package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// sharedJournal is one that others write to as well, and that answers when it may.
type sharedJournal struct {
	Journal

	asked, may chan struct{}
	answer     []journal.AttemptState
}

func (j *sharedJournal) Remembers() bool { return false }

func (j *sharedJournal) StatesOf(context.Context, payment.OrderID) ([]journal.AttemptState, error) {
	close(j.asked)
	<-j.may
	return j.answer, nil
}

// TestASharedJournalIsAskedWhileTheOrderServiceIs: neither waits for the other, and the checkout waits for both.
func TestASharedJournalIsAskedWhileTheOrderServiceIs(t *testing.T) {
	t.Parallel()
	for state, want := range map[payment.State]int{"": 200, payment.StateApproved: 409, payment.StateDeclined: 200} {
		h := newHouse(t, nil)
		j := &sharedJournal{Journal: h.g.journal, asked: make(chan struct{}), may: make(chan struct{})}
		if state != "" {
			j.answer = []journal.AttemptState{{PG: "inicis", State: state}}
		}
		at, err := url.Parse(h.g.view().rules.OrderService().URL)
		if err != nil {
			t.Fatal(err)
		}
		to := httputil.NewSingleHostReverseProxy(at)
		looked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				select {
				case <-j.asked:
				case <-time.After(10 * time.Second):
					t.Error("the journal was not asked while the order service was")
				}
			}
			to.ServeHTTP(w, r)
			if r.Method == http.MethodGet {
				close(j.may)
			}
		}))
		t.Cleanup(looked.Close)
		body := h.checkout("card")
		h.moveShop(looked.URL)
		h.g.journal = j
		if got := h.postCheckout(body); got.status != want {
			t.Errorf("an order with an attempt %q: %d %s", state, got.status, got.body)
		}
	}
}

// panickingJournal panics when it is asked after an order's attempts.
type panickingJournal struct{ Journal }

func (panickingJournal) Remembers() bool { return false }

func (panickingJournal) StatesOf(context.Context, payment.OrderID) ([]journal.AttemptState, error) {
	panic("asked")
}

func TestAPanicWhileTheJournalIsAskedAhead(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	body := h.checkout("card")
	h.g.journal = panickingJournal{h.g.journal}
	if got := h.postCheckout(body); got.status != http.StatusInternalServerError {
		t.Errorf("got %d %s", got.status, got.body)
	}
}
