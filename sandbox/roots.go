package sandbox

import (
	"net/http"
	"net/url"
	"strings"
)

// PortOneV1 serves the stand-in for PortOne V1 alone, with its API at the root: POST /users/getToken. A published SDK
// is given the address of such a port as its base URL.
func (s *Sandbox) PortOneV1() http.Handler {
	return s.rooted(func(string) string { return "/portone/v1" },
		"/portone/v1/", "/portone/sdk/v1/", "/portone/window/v1")
}

// PortOneV2 serves the stand-in for PortOne V2 alone, with its API at the root: GET /payments/{paymentId}.
func (s *Sandbox) PortOneV2() http.Handler {
	return s.rooted(func(string) string { return "/portone/v2" },
		"/portone/v2/", "/portone/sdk/v2/", "/portone/window/v2")
}

// Inicis serves the stand-in for KG Inicis alone, with the window's host and INIAPI's at the root: POST /window,
// POST /api/v1/refund, POST /v2/pg/refund.
func (s *Sandbox) Inicis() http.Handler {
	return s.rooted(func(path string) string {
		if strings.HasPrefix(path, "/api/v1/") || strings.HasPrefix(path, "/v2/pg/") {
			return "/inicis/iniapi"
		}
		return "/inicis"
	}, "/inicis/")
}

// rooted serves what stands below a prefix, which may depend on the path, at the root. Paths that begin with one of
// own are served as they are: the pages and scripts of a stand-in name each other by their whole path.
func (s *Sandbox) rooted(prefix func(path string) string, own ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, p := range own {
			if strings.HasPrefix(r.URL.Path, p) {
				s.mux.ServeHTTP(w, r)
				return
			}
		}
		inner := new(http.Request)
		*inner = *r
		inner.URL = new(url.URL)
		*inner.URL = *r.URL
		inner.URL.Path = prefix(r.URL.Path) + r.URL.Path
		// An id may hold an escaped slash.
		if r.URL.RawPath != "" {
			inner.URL.RawPath = prefix(r.URL.Path) + r.URL.RawPath
		}
		s.mux.ServeHTTP(w, inner)
	})
}
