package rules

import (
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// StartOnly are the sections that only a restart applies.
type StartOnly struct {
	Server  ServerConfig
	Journal JournalConfig
	Sandbox SandboxConfig
}

// ServerConfig is the section server; a change needs a restart.
type ServerConfig struct {
	Public          PublicConfig
	Sidecar         SidecarConfig
	Admin           AdminConfig
	ShutdownTimeout time.Duration
	// DrainDelay is how long all listeners go on after readyz has turned.
	DrainDelay time.Duration
}

// PublicConfig is the listener for browsers, storefront and PG callbacks.
type PublicConfig struct {
	Listen string
	// BaseURL is how browsers reach the gateway, without a trailing slash.
	BaseURL string
	// Prefix is what the paths of our own endpoints for browsers begin with; it begins and ends with a slash.
	Prefix string
	// AllowOrigins may call with CORS, and are what a return_url must start with.
	AllowOrigins []string
	// TrustedProxies are the CIDR ranges whose X-Forwarded-For is believed.
	TrustedProxies []string
	// TokenKey is 32 bytes in base64 that seal the Inicis tokens; empty lets the gateway keep one itself.
	TokenKey payment.Secret
}

// SidecarConfig is the order service's way out.
type SidecarConfig struct {
	// Listen is empty when the listener is not opened.
	Listen string
	// Socket is the path of a Unix socket that is served besides; empty for none.
	Socket string
	// Tokens are what callers identify themselves with; one at least is needed beyond the loopback interface.
	Tokens []payment.Secret
	// APIs are the listeners that are one PG's API alone, in file order (pgs.*.sidecar_listen).
	APIs []SidecarAPI
}

// SidecarAPI is a listener that is one PG's own API.
type SidecarAPI struct {
	PG     payment.PGID
	Listen string
}

// AdminConfig is the listener of the people on call.
type AdminConfig struct {
	Listen string
	// Tokens are what whoever changes something there identifies himself with; one at least is needed beyond the
	// loopback interface. Reading needs none.
	Tokens []payment.Secret
}

// JournalConfig is the section journal; a change needs a restart.
type JournalConfig struct {
	// Driver is sqlite or postgres.
	Driver string
	Path   string
	DSN    payment.Secret
	// Retention is how long what has ended is kept.
	Retention time.Duration
}

// SandboxConfig is the section sandbox.
type SandboxConfig struct {
	Enabled bool
	Listen  string
}

// OrderServiceConfig is the section order_service. Paths hold {order_id}.
type OrderServiceConfig struct {
	URL string
	// URLs are all its addresses, URL in front. They differ in host and port alone.
	URLs   []string
	Health HealthConfig
	// Host is HostKeep or HostUpstream.
	Host          string
	LookupPath    string
	LookupTimeout time.Duration
	LookupFields  map[string]string
	// ConfirmNone: the order service is not asked before money moves.
	ConfirmNone    bool
	ConfirmPath    string
	ConfirmTimeout time.Duration
	EventsPath     string
	EventsTimeout  time.Duration
	EventsSecrets  []payment.Secret
}

// HealthConfig is how the addresses of the order service are asked whether they are well. Without a Path nobody asks:
// what cannot be connected to is left out for a while.
type HealthConfig struct {
	Path              string
	Interval, Timeout time.Duration
	// Failures is after how many bad answers in a row an address is left out, Successes after how many good ones it is
	// back.
	Failures, Successes int
}

// What the order service is told in Host of requests that are handed on.
const (
	// HostKeep is what the browser asked for.
	HostKeep = "keep"
	// HostUpstream is the order service's own name; names in its answers are mapped back.
	HostUpstream = "upstream"
)

// Source says where a value of an intercepted exchange is found.
type Source struct {
	// Kind is body (Value is a gjson path), header (a header's name), query (a name in the query) or const (the value
	// itself).
	Kind  string
	Value string
}

// Intercept is one route of the shop that runs through the gateway.
type Intercept struct {
	Name string
	// Method is the HTTP method; empty matches all.
	Method string
	// Path is exact, or a prefix when Prefix is set (written with /* and kept without the *).
	Path   string
	Prefix bool
	// ReadRequest and ReadAnswer say where fields are in the request and the answer; RefuseBefore are fields
	// of the request by which a checkout is refused before the shop sees it.
	ReadRequest  map[string]Source
	RefuseBefore map[string]Source
	ReadAnswer   map[string]Source
	// Put is the path in the answer where the window goes.
	Put string
	// PutRequest is where in the request the window of an order goes that it names: a member or a field of the body, or a
	// header. The zero value is nowhere.
	PutRequest Source
	// ContentTypes are the kinds of request bodies that are taken: json, form, multipart. Empty takes all, and reads
	// what is neither of the other two as JSON.
	ContentTypes []string
	// Accepted is where the shop's answer says that it took the order, and AcceptedIs what it says then. Without it every
	// answer that names an order is one.
	Accepted   Source
	AcceptedIs []string
	// Offers says which payment methods the answer offers; Offers.List is empty when it offers none.
	Offers OffersConfig
	// Errors is problem or x2bee; empty when refusals look as Template says.
	Errors   string
	Template ErrorTemplate
}

// OffersConfig says where an answer, such as an order sheet, offers payment methods, and what becomes of those that
// cannot be used now.
type OffersConfig struct {
	// List is the path of the list, Code the member of an item that names the method.
	List string
	Code string
	// Mark is the member that is set to MarkAs; empty takes the item out.
	Mark   string
	MarkAs string
}

// Forward tells whether the route is handed on without looking into it.
func (i Intercept) Forward() bool {
	return i.Put == "" && len(i.RefuseBefore) == 0 && len(i.ReadAnswer) == 0 && i.Offers.List == "" &&
		i.PutRequest == Source{}
}

// LimitsConfig is the section limits.
type LimitsConfig struct {
	// CheckoutBody is the largest request body that checkout reads, in bytes.
	CheckoutBody int
	MaxAmount    payment.Won
	AttemptTTL   time.Duration
	// Connections is how many connections the public listener takes, ConnectionsPerAddress how many of one address
	// that is no trusted proxy's.
	Connections, ConnectionsPerAddress int
	InFlight                           InFlightConfig
	// UnmatchedPayments is what is done with money that a PG took for an attempt that had ended, or took twice:
	// UnmatchedRefund or UnmatchedPark.
	UnmatchedPayments string
	// Rates holds strangers.
	Rates RatesConfig
}

// InFlightConfig is the section limits.in_flight: how many requests may be under way at once. What is more is refused
// at once and does not wait.
type InFlightConfig struct {
	// Forwarded is for what is handed on to the order service, Checkouts for checkouts, the intercepted ones too,
	// Returns for buyers who come back and for PGs' messages, and Tunnels for upgraded connections; PerClient is what one
	// client may have of each.
	Forwarded, Checkouts, Returns, Tunnels, PerClient int
	// PerPG is for requests of one kind to one PG.
	PerPG int
}

// What is done with an unmatched payment: it is given back, or left to a person.
const (
	UnmatchedRefund = "refund"
	UnmatchedPark   = "park"
)

// TelemetryConfig is the section telemetry.
type TelemetryConfig struct {
	// LogLevel is debug, info, warn or error.
	LogLevel string
}
