// Package portonev1 is the driver of PortOne V1: pre-registration of the amount, the parameters of
// IMP.request_pay, look-up and cancel through the REST API, and the shared access token.
//
// In V1 the money moves between the browser and PortOne, so there is nothing to approve here: the truth is read
// afterwards. HTTP 200 says nothing; only code 0 in the envelope is a success.
package portonev1

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	gocache "github.com/patrickmn/go-cache"
	"golang.org/x/sync/singleflight"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

// defaultTimeout bounds a request when the configuration says nothing.
const defaultTimeout = 30 * time.Second

// Driver is the PortOne V1 driver. It keeps access tokens and nothing else.
type Driver struct {
	client *http.Client
	spec   payment.DriverSpec
	now    func() time.Time
	// operations are those of the API that calls are told apart by.
	operations apicalls.Table

	tokens  *gocache.Cache
	mu      sync.Mutex // between reading tokens and writing what that asks for
	flights singleflight.Group
	// lastAccount is the one that a token was asked for last.
	lastAccount atomic.Pointer[account]
}

// New returns a driver that sends with client, which must be a one-write client (see onewrite). now times the
// life of access tokens; nil means the wall clock.
func New(client *http.Client, now func() time.Time) *Driver {
	if now == nil {
		now = time.Now
	}
	// No janitor: there is one entry per account, and its life is checked against now.
	return &Driver{
		client: client, spec: spec(), now: now, operations: operations(), tokens: gocache.New(gocache.NoExpiration, 0),
	}
}

var _ adapters.Driver = (*Driver)(nil)

// Approve implements adapters.Driver. V1 approves by itself, so there is no such operation.
func (d *Driver) Approve(context.Context, adapters.ApproveRequest) (adapters.Result, error) {
	return adapters.Result{}, adapters.ErrUnsupported
}

// root is where the REST API of pg hangs.
func root(pg *payment.PG) string {
	if pg.BaseURL != "" {
		return pg.BaseURL + "/portone/v1"
	}
	return "https://api.iamport.kr"
}

// script is the address of the browser SDK, which defines IMP.
func script(pg *payment.PG) string {
	if pg.BaseURL != "" {
		return pg.BaseURL + "/portone/sdk/v1/iamport.js"
	}
	return "https://cdn.iamport.kr/v1/iamport.js"
}

func timeoutOf(d time.Duration) time.Duration {
	if d <= 0 {
		return defaultTimeout
	}
	return d
}
