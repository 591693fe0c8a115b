// Package wire is how the drivers talk HTTP: send once, read a bounded answer, and parse it leniently in what
// it may hold but strictly in what money hangs on. It must not know any PG.
package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
)

// Answer is an HTTP answer that was read to its end.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
}

// IsJSON tells whether the answer says of itself that it is JSON.
func (a Answer) IsJSON() bool {
	if a.ContentType == "application/json" {
		return true
	}
	kind, _, err := mime.ParseMediaType(a.ContentType)
	return err == nil && (kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json"))
}

// Request is what Send sends.
type Request struct {
	Method string
	URL    string
	// Host is what to say in Host; empty for that of URL.
	Host   string
	Header http.Header
	// ContentType and Body are left out when Body is empty.
	ContentType string
	Body        string
}

// What every request of ours says.
const (
	accept    = "application/json"
	userAgent = "pg-gateway"
)

// Lines are the header lines of a request without a body, as Send says them.
const Lines = "Accept: " + accept + "\r\nUser-Agent: " + userAgent + "\r\n"

// Send sends one request and reads its answer whole. The error never holds the URL, since some carry more than
// a log should see.
func Send(ctx context.Context, client *http.Client, r Request) (Answer, error) {
	var body io.Reader
	if r.Body != "" {
		body = strings.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: making the request", onewrite.ErrNotSent)
	}
	req.Host = r.Host
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	if r.Body != "" {
		req.Header.Set("Content-Type", r.ContentType)
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", userAgent)
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, withoutURL(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	return Answer{Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), Body: text}, nil
}

func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// WriteError puts the error of sending a money-moving request into the adapters' vocabulary: unavailable when
// surely nothing was sent, an unknown outcome otherwise.
func WriteError(doing string, err error) error {
	if errors.Is(err, onewrite.ErrNotSent) {
		return fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnknownOutcome, err)
}

// ReadError puts the error of a request that only reads into the adapters' vocabulary.
func ReadError(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, adapters.ErrUnavailable, err)
}
