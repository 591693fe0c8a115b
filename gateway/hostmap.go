package gateway

import (
	"net"
	"strings"

	"github.com/pg-gateway/pg-gateway/upstream"
)

// nameBack makes the names in an answer those that its client asked for, where the shop was asked under its own.
// The zero value leaves answers alone.
type nameBack struct {
	// shop is whose name is replaced; nil for none. proto and host are what the client called us.
	shop        *shopAddress
	proto, host []byte
}

// lines is raw with the names of its header lines mapped; they begin at from.
func (n *nameBack) lines(raw []byte, from int) []byte {
	if n.shop == nil || len(n.host) == 0 {
		return raw
	}
	var out []byte
	done := 0
	at := from
	for l := upstream.NewLines(raw[from:]); l.Next(); at += len(l.Raw) {
		mapped, changed := n.value(l.Name, string(l.Value))
		if !changed {
			continue
		}
		out = append(append(append(out, raw[done:at]...), l.Name...), ": "...)
		out = append(append(out, mapped...), "\r\n"...)
		done = at + len(l.Raw)
	}
	if done == 0 {
		return raw
	}
	return append(out, raw[done:]...)
}

// value maps the value of one header.
func (n *nameBack) value(name []byte, value string) (string, bool) {
	switch len(name) {
	case 8:
		if upstream.Is(name, "location") {
			return n.address(value)
		}
	case 10:
		if upstream.Is(name, "set-cookie") {
			return n.cookie(value)
		}
	case 16:
		if upstream.Is(name, "content-location") {
			return n.address(value)
		}
	}
	return value, false
}

// address maps an absolute address of the shop's. What is relative is so to what the client asked for already.
func (n *nameBack) address(value string) (string, bool) {
	scheme, rest, ok := strings.Cut(value, "//")
	if !ok {
		return value, false
	}
	secure := n.shop.secure
	switch strings.ToLower(scheme) {
	case "http:":
		secure = false
	case "https:":
		secure = true
	case "":
	default:
		return value, false
	}
	authority, path := rest, ""
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		authority, path = rest[:at], rest[at:]
	}
	if !strings.EqualFold(withPort(authority, secure), n.shop.address) {
		return value, false
	}
	if within, ok := n.within(path); ok {
		path = within
	}
	return string(n.proto) + "://" + string(n.host) + path, true
}

// within is a path of the shop's without what stands before every path of it.
func (n *nameBack) within(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, n.shop.path)
	switch {
	case n.shop.path == "" || !ok || rest != "" && !strings.ContainsAny(rest[:1], "/?#"):
		return path, false
	case rest == "":
		return "/", true
	}
	return rest, true
}

// cookie maps the domain and the path that a cookie is for.
func (n *nameBack) cookie(value string) (string, bool) {
	parts := strings.Split(value, ";")
	changed := false
	for i, part := range parts[1:] {
		name, val, _ := strings.Cut(part, "=")
		val = strings.TrimSpace(val)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "domain":
			if strings.EqualFold(strings.TrimPrefix(val, "."), hostOnly(string(n.shop.host))) {
				parts[i+1], changed = name+"="+hostOnly(string(n.host)), true
			}
		case "path":
			if mapped, ok := n.within(val); ok {
				parts[i+1], changed = name+"="+mapped, true
			}
		}
	}
	return strings.Join(parts, ";"), changed
}

// hostOnly is an authority without its port.
func hostOnly(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return strings.Trim(authority, "[]")
}

// withPort is an authority with the port that it means.
func withPort(authority string, secure bool) string {
	if _, _, err := net.SplitHostPort(authority); err == nil {
		return authority
	}
	port := "80"
	if secure {
		port = "443"
	}
	return net.JoinHostPort(strings.Trim(authority, "[]"), port)
}
