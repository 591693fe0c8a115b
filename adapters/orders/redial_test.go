package orders_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/orders"
)

// restarting is an order service that fails with err for a while and then says yes.
type restarting struct {
	up    time.Time
	err   error
	asked int
}

func (r *restarting) RoundTrip(*http.Request) (*http.Response, error) {
	r.asked++
	if time.Now().Before(r.up) {
		return nil, r.err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"confirm":true}`)),
	}, nil
}

// TestConfirmWaitsForAShopThatCannotBeReached: a buyer who has authenticated is not refused for the moment of a
// rollout; but a question that may have been heard is never asked twice.
func TestConfirmWaitsForAShopThatCannotBeReached(t *testing.T) {
	t.Parallel()
	notSent := fmt.Errorf("%w: connection refused", onewrite.ErrNotSent)
	for _, c := range []struct {
		name  string
		down  time.Duration
		err   error
		yes   bool
		once  bool
		waits time.Duration
	}{
		{"back within the budget", 4 * time.Second, notSent, true, false, 4 * time.Second},
		{"not back within the budget", time.Minute, notSent, false, false, 5 * time.Second},
		{"it may have heard", 4 * time.Second, io.ErrUnexpectedEOF, false, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				shop := &restarting{up: start.Add(c.down), err: c.err}
				client, err := orders.New(orders.Config{URL: "http://shop.internal"}, &http.Client{Transport: shop})
				if err != nil {
					t.Fatal(err)
				}
				got, err := client.Confirm(t.Context(), orders.Question{OrderID: "O1"})
				if got.Yes != c.yes || c.yes != (err == nil) || !c.yes && !errors.Is(err, orders.ErrUnavailable) {
					t.Errorf("got %+v, %v", got, err)
				}
				if took := time.Since(start); took < c.waits || took > c.waits+time.Second {
					t.Errorf("waited %v, want about %v", took, c.waits)
				}
				if c.once && shop.asked != 1 {
					t.Errorf("asked %d times", shop.asked)
				}
			})
		})
	}
}
