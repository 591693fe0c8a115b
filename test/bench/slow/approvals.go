//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pg-gateway/pg-gateway/test/bench/harness"
)

// checkoutOf is the checkout of an order.
func checkoutOf(order string) string {
	return `{"order_id":"` + order + `","amount":64900,"payments":[{"method":"card","amount":64900}],` +
		`"buyer":{"name":"Hong Gildong","email":"gildong@example.com","tel":"010-4242-4242"},` +
		`"site":"main","device":"pc","return_url":"http://localhost:8080/result"}`
}

// slowDown makes the PG take its time for every approval, and for every payment that is looked at.
func (b *bench) slowDown(ctx context.Context) error {
	for pg, operation := range map[string]string{"inicis": "approve", "portone_v1": "lookup"} {
		fault, err := json.Marshal(map[string]any{
			"pg": pg, "operation": operation, "kind": "delay", "times": -1, "delay_ms": b.delay.Milliseconds(),
		})
		if err != nil {
			return fmt.Errorf("writing a fault: %w", err)
		}
		if _, err := b.post(ctx, b.pg, "/_sandbox/faults", "application/json", string(fault), http.StatusOK); err != nil {
			return err
		}
	}
	return nil
}

// besideApprovals is checkouts while the PG has as many approvals as are wanted, and has answered none of them.
func (b *bench) besideApprovals(ctx context.Context) (harness.Spent, error) {
	forms, err := b.authenticated(ctx)
	if err != nil {
		return nil, err
	}
	return b.besideSlow(ctx, "pg=inicis&operation=approve", len(forms), func(n int) error {
		return b.comeBack(ctx, forms[n])
	})
}

// besideCalls is checkouts while as many calls of PortOne V1's API have gone through the gateway, and none was
// answered.
func (b *bench) besideCalls(ctx context.Context) (harness.Spent, error) {
	return b.besideSlow(ctx, "pg=portone_v1&operation=lookup", b.approvals, func(int) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.api.At+"/payments/imp_123456789012", nil)
		if err != nil {
			return fmt.Errorf("asking %s: %w", b.api.Name, err)
		}
		_, err = do(b.api, req, http.StatusNotFound)
		return err
	})
}

// besideSlow is checkouts while so many of a PG's operations are under way.
func (b *bench) besideSlow(ctx context.Context, what string, want int, begin func(n int) error) (harness.Spent, error) {
	had, err := b.executions(ctx, what)
	if err != nil {
		return nil, err
	}
	var answered atomic.Int32
	var coming errgroup.Group
	for i := range want {
		coming.Go(func() error {
			defer answered.Add(1)
			return begin(i)
		})
	}
	took, err := func() (harness.Spent, error) {
		for {
			n, err := b.executions(ctx, what)
			switch {
			case err != nil:
				return nil, err
			case n-had == want:
				return b.checkouts()
			case answered.Load() > 0:
				return nil, fmt.Errorf("the PG answered when it had only %d of %s: -delay is too short", n-had, what)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	if n := answered.Load(); err == nil && n > 0 {
		err = fmt.Errorf("the PG had answered %d of %s before the turn was over: -delay is too short", n, what)
	}
	return took, errors.Join(err, coming.Wait())
}

// executions is how many of an operation the PG has had.
func (b *bench) executions(ctx context.Context, what string) (int, error) {
	text, err := b.get(ctx, b.pg, "/_sandbox/executions?"+what)
	if err != nil {
		return 0, err
	}
	var list struct {
		Count int `json:"count"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return 0, fmt.Errorf("reading the PG's executions: %w", err)
	}
	return list.Count, nil
}

// authenticated are the forms that buyers bring back from their windows, each of an order of his own.
func (b *bench) authenticated(ctx context.Context) ([]string, error) {
	forms := make([]string, b.approvals)
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for n := range forms {
		b.made++
		order := fmt.Sprintf("SLOW-%09d", b.made)
		group.Go(func() error {
			form, err := b.authenticate(ctx, order)
			mu.Lock()
			defer mu.Unlock()
			forms[n] = form
			return err
		})
	}
	return forms, group.Wait()
}

// authenticate opens a window of an order, and presses its button.
func (b *bench) authenticate(ctx context.Context, order string) (string, error) {
	text, err := b.post(ctx, b.gateway, "/checkout", "application/json", checkoutOf(order), http.StatusOK)
	if err != nil {
		return "", err
	}
	var answer struct {
		Window struct {
			Params map[string]string `json:"params"`
		} `json:"window"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return "", fmt.Errorf("reading a window: %w", err)
	}
	window := url.Values{}
	for name, value := range answer.Window.Params {
		window.Set(name, value)
	}
	page, err := b.post(ctx, b.pg, "/inicis/window", formType, window.Encode(), http.StatusOK)
	if err != nil {
		return "", err
	}
	pressed := hidden(page)
	pressed.Set("action", "pay")
	page, err = b.post(ctx, b.pg, "/inicis/window/act", formType, pressed.Encode(), http.StatusOK)
	if err != nil {
		return "", err
	}
	back := hidden(page)
	if back.Get("authToken") == "" {
		return "", fmt.Errorf("the window of %s gave no proof", order)
	}
	return back.Encode(), nil
}

// comeBack has a buyer come back, and wants his payment to be approved.
func (b *bench) comeBack(ctx context.Context, form string) error {
	_, err := b.post(ctx, b.gateway, "/return/inicis", formType, form, http.StatusSeeOther)
	return err
}

// hidden are the hidden fields of a page.
func hidden(page []byte) url.Values {
	fields := url.Values{}
	input := regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	for _, field := range input.FindAllSubmatch(page, -1) {
		fields.Set(html.UnescapeString(string(field[1])), html.UnescapeString(string(field[2])))
	}
	return fields
}

const formType = "application/x-www-form-urlencoded"

func (b *bench) get(ctx context.Context, t *harness.Target, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.At+path, nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", t.Name, err)
	}
	return do(t, req, http.StatusOK)
}

func (b *bench) post(ctx context.Context, t *harness.Target, path, kind, body string, want int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.At+path, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", t.Name, err)
	}
	req.Header.Set("Content-Type", kind)
	return do(t, req, want)
}

// do wants an answer of one status. A buyer who is sent on must have paid.
func do(t *harness.Target, req *http.Request, want int) ([]byte, error) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", t.Name, err)
	}
	text, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return nil, fmt.Errorf("asking %s: %w", t.Name, err)
	}
	to := res.Header.Get("Location")
	if res.StatusCode != want || want == http.StatusSeeOther && !strings.Contains(to, "status=approved") {
		return nil, fmt.Errorf("%s answers %s with %d %s %s", t.Name, req.URL.Path, res.StatusCode, to,
			bytes.TrimSpace(text[:min(len(text), 300)]))
	}
	return text, nil
}
