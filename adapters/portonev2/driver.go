// Package portonev2 is the driver of PortOne V2: pre-registration, the parameters of PortOne.requestPayment,
// manual confirm as the approval, look-up and cancel.
//
// A PG's refusal arrives as HTTP 502 with a JSON body and is a definite answer; a 502 without one is a proxy's
// and says nothing about the money.
package portonev2

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

// defaultTimeout bounds a request when the configuration says nothing: PortOne asks clients to wait a minute.
const defaultTimeout = 60 * time.Second

// Driver is the PortOne V2 driver. It keeps until when a store's payments are searched for, and nothing else.
type Driver struct {
	client *http.Client
	spec   payment.DriverSpec
	// operations are those of the API that calls are told apart by.
	operations apicalls.Table

	mu       sync.Mutex
	searched map[string]time.Time
}

// New returns a driver that sends with client, which must be a one-write client (see onewrite).
func New(client *http.Client) *Driver {
	return &Driver{client: client, spec: spec(), operations: operations()}
}

var _ adapters.Driver = (*Driver)(nil)

// root is where the REST API of pg hangs.
func root(pg *payment.PG) string {
	if pg.BaseURL != "" {
		return pg.BaseURL + "/portone/v2"
	}
	return "https://api.portone.io"
}

// script is the address of the browser SDK, which defines PortOne.
func script(pg *payment.PG) string {
	if pg.BaseURL != "" {
		return pg.BaseURL + "/portone/sdk/v2/browser-sdk.js"
	}
	return "https://cdn.portone.io/v2/browser-sdk.js"
}

// paymentURL is the address of an attempt's payment, with the call below it.
func paymentURL(pg *payment.PG, id payment.AttemptID, call string) string {
	return root(pg) + "/payments/" + url.PathEscape(string(id)) + call
}

// storeQuery names the store in the query, for calls that have no body.
func storeQuery(pg *payment.PG) string {
	store := storeOf(pg)
	if store == "" {
		return ""
	}
	return "?" + url.Values{"storeId": {store}}.Encode()
}

func timeoutOf(d time.Duration) time.Duration {
	if d <= 0 {
		return defaultTimeout
	}
	return d
}
