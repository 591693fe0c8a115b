package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// TestEveryOutcomeOfACallHappens, on real connections, for writes and for reads.
func TestEveryOutcomeOfACallHappens(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch r.URL.Path {
		case "/silent":
			<-r.Context().Done()
		case "/gone":
			panic(http.ErrAbortHandler)
		default:
			_, _ = io.WriteString(w, "<html>")
		}
	}))
	defer srv.Close()
	client := onewrite.New(onewrite.Options{})
	call := func(method, url string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		body := ""
		if method == http.MethodPost {
			body = "{}"
		}
		answer, err := wire.Send(ctx, client, wire.Request{Method: method, URL: url, ContentType: "application/json", Body: body})
		if err == nil {
			_, err = wire.ParseObject(answer.Body)
		}
		if method == http.MethodPost {
			return wire.WriteError("approving", err)
		}
		return wire.ReadError("looking up", err)
	}
	seen := map[payment.CallOutcome]bool{}
	for _, c := range []struct {
		name string
		said payment.Outcome
		err  error
		want payment.CallOutcome
	}{
		{"yes", payment.OutcomeApproved, nil, payment.CallOK},
		{"no", payment.OutcomeDeclined, nil, payment.CallDeclined},
		{"it does not know", payment.OutcomeUnknown, nil, payment.CallUnknown},
		{"the request is wrong", "", adapters.ErrRejected, payment.CallRejected},
		{"a write to nobody", "", call(http.MethodPost, "http://127.0.0.1:1"), payment.CallUnreachable},
		{"a read of nobody", "", call(http.MethodGet, "http://127.0.0.1:1"), payment.CallUnreachable},
		{"a write without an answer", "", call(http.MethodPost, srv.URL+"/silent"), payment.CallTimeout},
		{"a read without an answer", "", call(http.MethodGet, srv.URL+"/silent"), payment.CallTimeout},
		{"a write answered with a page", "", call(http.MethodPost, srv.URL+"/page"), payment.CallBadResponse},
		{"a read answered with a page", "", call(http.MethodGet, srv.URL+"/page"), payment.CallBadResponse},
		{"a write cut off", "", call(http.MethodPost, srv.URL+"/gone"), payment.CallUnknown},
		{"a driver that cannot", "", adapters.ErrUnsupported, payment.CallGivenUp},
		{"a process that ends", "", wire.ReadError("looking up", context.Canceled), payment.CallGivenUp},
		{"what nobody foresaw", "", errors.New("?"), payment.CallUnknown},
	} {
		got := wire.Outcome(c.said, c.err)
		if got != c.want {
			t.Errorf("%s: got %s, want %s (%v)", c.name, got, c.want, c.err)
		}
		seen[got] = true
	}
	all := []payment.CallOutcome{
		payment.CallOK, payment.CallDeclined, payment.CallRejected, payment.CallUnreachable, payment.CallTimeout, payment.CallBadResponse,
		payment.CallUnknown, payment.CallGivenUp,
	}
	for _, o := range all {
		if !seen[o] {
			t.Errorf("%s never happens", o)
		}
	}
	if len(seen) != len(all) {
		t.Errorf("got %v, want no other than %v", seen, all)
	}
}
