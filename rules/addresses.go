package rules

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// address reads where a listener listens.
func address(dst *string) reader {
	read := checked(dst, `:[0-9]{1,5}$`, "host:port, as in 127.0.0.1:8081 or :8080", func(s string) bool {
		host, port, err := net.SplitHostPort(s)
		if err != nil || strings.ContainsAny(host, " /") {
			return false
		}
		// A port has 16 bits, and no leading zero.
		_, err = strconv.ParseUint(port, 10, 16)
		return err == nil && (len(port) == 1 || port[0] != '0')
	})
	return func(v value) {
		if read(v); v.schema == nil && *dst != "" {
			v.d.listens = append(v.d.listens, located{v, *dst})
		}
	}
}

// baseURL reads an address that we call, or are called at.
func baseURL(dst *string) reader {
	read := checked(dst, `^https?://[^ ]*[^/ ]$`, "http:// or https://, no trailing slash", func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil &&
			u.RawQuery == "" && u.Fragment == "" && !strings.HasSuffix(s, "/") && plainHost(u)
	})
	return func(v value) {
		if read(v); v.schema == nil && *dst != "" {
			v.d.urls = append(v.d.urls, located{v, *dst})
		}
	}
}

// plainHost tells whether a host can be looked up as it is written, and its port exists.
func plainHost(u *url.URL) bool {
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 || p[0] == '0' {
			return false
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return false
	}
	host := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		_, err := netip.ParseAddr(host)
		return err == nil
	}
	return !strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._", r)
	})
}

// origin reads an origin as browsers send it: scheme, host in small letters and ASCII, and a port only where it is not
// the scheme's own. One written in another way never matches.
func origin(dst *string) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.Pattern = "string", `^https?://[^/ ]+$`
			return
		}
		s, ok := v.str()
		if !ok {
			return
		}
		switch want, why := browserOrigin(s); {
		case why == "":
			*dst = s
		case want != "":
			v.fail("write "+want, "%q is never sent by a browser: %s", clip(s), why)
		default:
			v.fail("scheme, host and port only, as in https://shop.example.com",
				"%q is never sent by a browser: %s", clip(s), why)
		}
	}
}

// browserOrigin says why no browser sends an origin, and what it would send instead where that is known.
func browserOrigin(s string) (want, why string) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "#") {
		return "", "it is no scheme, host and port"
	}
	bare := u.Scheme + "://" + strings.ToLower(u.Host)
	switch host := u.Hostname(); {
	case u.Scheme != "http" && u.Scheme != "https":
		return "", "the scheme is neither https nor http"
	case strings.ContainsFunc(host, func(r rune) bool { return r > 127 }):
		return "", "browsers send such a host in punycode, as xn--..."
	case !plainHost(u) || !realHost(host):
		return "", "no host has that name"
	case u.Path != "":
		return bare, "an origin has no path"
	case u.Port() != "" && u.Port() == map[string]string{"http": "80", "https": "443"}[u.Scheme]:
		return strings.TrimSuffix(bare, ":"+u.Port()), "browsers leave the scheme's own port out"
	case bare != s:
		return bare, "browsers send small letters"
	}
	return "", ""
}

// realHost tells whether a host is a name or an address as browsers write it.
func realHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.String() == host && a.Zone() == ""
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
	}
	// A name that ends in a number is read as an address, and was none.
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != "" && len(host) <= 253
}

// endpoint is an address and the key of the file that names it.
type endpoint struct{ path, address string }

// listeners are all doors that the file opens.
func (s *Snapshot) listeners() []endpoint {
	list := []endpoint{
		{"server.public.listen", s.start.Server.Public.Listen},
		{"server.sidecar.listen", s.start.Server.Sidecar.Listen},
		{"server.admin.listen", s.start.Server.Admin.Listen},
	}
	for _, a := range s.start.Server.Sidecar.APIs {
		list = append(list, endpoint{"pgs." + string(a.PG) + ".sidecar_listen", a.Listen})
	}
	if s.start.Sandbox.Enabled {
		list = append(list, endpoint{"sandbox.listen", s.start.Sandbox.Listen})
	}
	return slices.DeleteFunc(list, func(l endpoint) bool { return l.address == "" })
}

// ports refuses two doors at one port, on whatever address: what is for the inside must not answer where the outside
// calls. Port 0 is any free one.
func (b *builder) ports() {
	seen := make(map[string]string)
	for _, l := range b.s.listeners() {
		_, port, err := net.SplitHostPort(l.address)
		if err != nil || port == "0" {
			continue
		}
		if other := seen[port]; other != "" { //guard:inside-is-not-outside
			b.listenAt(l.path, other).fail("give each listener a port of its own",
				"%s and %s both have port %s", other, l.path, port)
		}
		seen[port] = l.path
	}
}

// listenAt is where one of two listeners stands in the file: the other may be a default.
func (b *builder) listenAt(paths ...string) value {
	for _, path := range paths {
		for _, l := range b.d.listens {
			if l.at.path == path {
				return l.at
			}
		}
	}
	return b.f.sandboxAt
}

// outward tells whether a listener listens on an address of the open internet. All interfaces, or a name, may be that
// of a private network.
func outward(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	// RFC 6598: carriers and clouds use it inside.
	shared := netip.MustParsePrefix("100.64.0.0/10")
	return !ip.IsUnspecified() && !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() && !shared.Contains(ip)
}

// inClear tells whether what is sent to an address can be read on the way.
func inClear(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() != "localhost" && (err != nil || !ip.Unmap().IsLoopback())
}

// pageURL reads the address of a page that buyers are sent to.
func pageURL(dst *string) reader {
	read := checked(dst, `^https?://[^ ]+$`, "http:// or https://, as in https://shop.example.com/result",
		func(s string) bool {
			u, err := url.Parse(s)
			return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil &&
				plainHost(u)
		})
	return func(v value) {
		if read(v); v.schema == nil && *dst != "" {
			v.d.urls = append(v.d.urls, located{v, *dst})
		}
	}
}

// returnPage refuses a page of x2bee that no checkout could name: its origin is not among those of the shop.
func (b *builder) returnPage() {
	for _, u := range b.d.urls {
		if u.at.path != "x2bee.return_url" || !b.s.x2bee.Enabled {
			continue
		}
		at, err := url.Parse(u.text)
		if err == nil && !slices.Contains(b.s.start.Server.Public.AllowOrigins, at.Scheme+"://"+at.Host) &&
			len(b.s.start.Server.Public.AllowOrigins) > 0 {
			u.at.fail("add it to server.public.allow_origins",
				"%s://%s is not one of allow_origins, so every request that names no page would be refused", at.Scheme, at.Host)
		}
	}
}

// dsnInClear tells whether a connection string switches encryption off on the way to another machine.
func dsnInClear(dsn string) bool {
	if !strings.Contains(dsn, "sslmode=disable") && !strings.Contains(dsn, "sslmode=allow") {
		return false
	}
	host := ""
	if u, err := url.Parse(dsn); err == nil && u.Host != "" {
		host = u.Hostname()
	}
	for word := range strings.FieldsSeq(dsn) {
		if h, ok := strings.CutPrefix(word, "host="); ok {
			host = h
		}
	}
	// A path is a socket on this machine.
	return host != "" && !strings.HasPrefix(host, "/") && inClear("http://"+net.JoinHostPort(host, "5432"))
}
