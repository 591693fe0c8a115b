package metrics

// Endpoint is what a page was refused at.
type Endpoint string

// The endpoints that pages of the shop call.
const (
	EndpointCheckout Endpoint = "checkout"
	EndpointComplete Endpoint = "complete"
)

// OriginReason is what a browser said of a page whose request was refused. The origin itself is no label: anybody can
// make up new ones.
type OriginReason string

// The reasons.
const (
	// OriginCrossSite: a page of another site.
	OriginCrossSite OriginReason = "cross_site"
	// OriginSameSite: a page of the shop's own site, whose host, scheme or port is not in allow_origins.
	OriginSameSite OriginReason = "same_site"
	// OriginUnlisted: an Origin that is not in allow_origins, of a browser that says no more.
	OriginUnlisted OriginReason = "unlisted"
	// OriginOpaque: Origin is null, as of a sandboxed frame, a file, or behind a redirect across sites.
	OriginOpaque OriginReason = "opaque"
	// OriginMissing: a browser that says that the page is of another site, and not of which.
	OriginMissing OriginReason = "origin_missing"
)

func originReasons() []OriginReason {
	return []OriginReason{OriginCrossSite, OriginSameSite, OriginUnlisted, OriginOpaque, OriginMissing}
}

// OriginRefused counts a request that was refused for the page that it came from.
func (m *Metrics) OriginRefused(at Endpoint, why OriginReason) {
	m.originsRefused.WithLabelValues(string(at), string(why)).Inc()
}
