// Package adapterstest is the test that every driver passes: whatever a PG or the network does, a money-moving
// request is executed once, a definite answer is an outcome, and everything else is an unknown outcome.
package adapterstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Reply is one answer of the PG, in the PG's own words, and what the driver must make of it: an outcome, or an
// error that matches WantErr.
type Reply struct {
	Name        string
	Status      int
	ContentType string
	Body        string
	Want        payment.Outcome
	WantErr     error
}

// Operation is one call of a driver.
type Operation struct {
	Name string
	// Money tells that the call may move money. Others only read.
	Money   bool
	Do      func(ctx context.Context) (adapters.Result, error)
	Replies []Reply
}

// Subject is a driver that was pointed at a fake PG.
type Subject struct {
	Operations []Operation
	// Plumbing answers what is not an operation, such as fetching a token, and returns true when it did.
	Plumbing func(w http.ResponseWriter, r *http.Request) bool
	// Secrets must never be seen in an error.
	Secrets []string
}

// Factory makes a subject whose PG is at base. Requests must time out within a second.
type Factory func(t *testing.T, base string, client *http.Client) Subject

// Run checks a driver. Every case has its own fake PG and its own driver.
func Run(t *testing.T, factory Factory) {
	t.Helper()
	for i, op := range factory(t, "http://127.0.0.1:1", onewrite.New(onewrite.Options{})).Operations {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			for _, reply := range op.Replies {
				t.Run(reply.Name, func(t *testing.T) {
					t.Parallel()
					play(t, factory, i, send(reply)).check(t, reply.Want, reply.WantErr)
				})
			}
			lost := adapters.ErrUnavailable
			if op.Money {
				lost = adapters.ErrUnknownOutcome
			}
			for name, fault := range faults() {
				t.Run("PG "+name, func(t *testing.T) {
					t.Parallel()
					play(t, factory, i, fault).check(t, "", lost)
				})
			}
			t.Run("nobody listens", func(t *testing.T) {
				t.Parallel()
				unreachable(t, factory, i)
			})
		})
	}
}

// unreachable checks that a request that was surely not sent is told from one that may have been.
func unreachable(t *testing.T, factory Factory, i int) {
	t.Helper()
	s := factory(t, "http://127.0.0.1:1", onewrite.New(onewrite.Options{}))
	_, err := s.Operations[i].Do(t.Context())
	if !errors.Is(err, adapters.ErrUnavailable) || errors.Is(err, adapters.ErrUnknownOutcome) {
		t.Errorf("got %v, want ErrUnavailable alone", err)
	}
}

func send(r Reply) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		kind := r.ContentType
		if kind == "" {
			kind = "application/json; charset=utf-8"
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(r.Status)
		_, _ = io.WriteString(w, r.Body)
	}
}

// faults is what may come instead of an answer. None of it may be taken for one.
func faults() map[string]http.HandlerFunc {
	all := map[string]http.HandlerFunc{
		"says nothing until the client gives up": func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		},
		"resets the connection after the request": func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		},
		"stops in the middle of its answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "4096")
			_, _ = io.WriteString(w, `{"resultCode":"0000"`)
		},
		"redirects elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
	}
	for name, r := range map[string]Reply{
		"answers with nothing":         {Status: 200},
		"answers with garbage":         {Status: 200, Body: "\x00\xff\xfe{"},
		"answers with half a JSON":     {Status: 200, Body: `{"resultCode":"0000","tid":`},
		"answers with an empty object": {Status: 200, Body: `{}`},
		"answers with a list":          {Status: 200, Body: `[{"resultCode":"0000"}]`},
		"answers with null":            {Status: 200, Body: `null`},
		"answers with a page":          {Status: 200, ContentType: "text/html", Body: "<html>점검 중입니다</html>"},
		"answers with a huge body":     {Status: 200, Body: `{"resultCode":"` + strings.Repeat("0", 2<<20) + `"}`},
		"answers with deep nesting":    {Status: 200, Body: strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat(`}`, 5000)},
		"answers with not UTF-8":       {Status: 200, Body: "{\"resultCode\":\"0000\",\"resultMsg\":\"\xb0\xe1\"}"},
		"fails without a body":         {Status: 500},
		"is behind a failing proxy":    {Status: 502, ContentType: "text/html", Body: "<h1>502 Bad Gateway</h1>"},
		"is behind a slow proxy":       {Status: 504, ContentType: "text/html", Body: "<h1>504</h1>"},
		"is behind a closed door":      {Status: 503, Body: `{"status":"unavailable"}`},
	} {
		all[name] = send(r)
	}
	return all
}

// played is what came of a call.
type played struct {
	result  adapters.Result
	err     error
	asked   int64
	money   bool
	secrets []string
}

func play(t *testing.T, factory Factory, i int, handle http.HandlerFunc) played {
	t.Helper()
	var asked atomic.Int64
	var s Subject
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Plumbing != nil && s.Plumbing(w, r) {
			return
		}
		asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		handle(w, r)
	}))
	defer srv.Close()
	client := onewrite.New(onewrite.Options{})
	defer client.CloseIdleConnections()
	s = factory(t, srv.URL, client)
	op := s.Operations[i]
	result, err := op.Do(t.Context())
	return played{result: result, err: err, asked: asked.Load(), money: op.Money, secrets: s.Secrets}
}

func (p played) check(t *testing.T, want payment.Outcome, wantErr error) {
	t.Helper()
	if p.money && p.asked != 1 {
		t.Errorf("the PG executed the request %d times, want 1", p.asked)
	}
	if wantErr != nil {
		p.checkError(t, wantErr)
		return
	}
	if p.err != nil {
		t.Fatalf("got error %v, want outcome %s", p.err, want)
	}
	if p.result.Outcome != want {
		t.Errorf("got outcome %q, want %q", p.result.Outcome, want)
	}
}

func (p played) checkError(t *testing.T, want error) {
	t.Helper()
	if p.err == nil {
		t.Fatalf("got outcome %q, want error %v", p.result.Outcome, want)
	}
	for _, e := range []error{
		adapters.ErrRejected, adapters.ErrUnavailable, adapters.ErrUnknownOutcome, adapters.ErrUnsupported,
	} {
		if got := errors.Is(p.err, e); got != (e == want) { //nolint:errorlint // compares the sentinels themselves
			t.Errorf("errors.Is(%q, %q) is %v", p.err, e, got)
		}
	}
	if p.result.Outcome != "" {
		t.Errorf("an error came with outcome %q", p.result.Outcome)
	}
	for _, secret := range p.secrets {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", p.err, p.err, p.err), secret) {
			t.Errorf("a secret is seen in the error %v", p.err)
		}
	}
}
