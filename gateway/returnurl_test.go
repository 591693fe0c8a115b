package gateway

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestAPlainReturnURLIsReadAsAnyOther: what is allowed without being parsed, parsing allows too.
func TestAPlainReturnURLIsReadAsAnyOther(t *testing.T) {
	t.Parallel()
	v := newHouse(t, nil).g.view()
	pieces := []string{"http", "https", "://", "/", "//", "@", ":", "8080", "?", "#", "\\", "%2f", "%zz", " ", "\t", ".", "..", "evil.example", "a", "한"}
	for _, o := range v.origins {
		pieces = append(pieces, o.host, o.root, strings.TrimSuffix(o.root, "/"))
	}
	rapid.Check(t, func(rt *rapid.T) {
		raw := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(rt, "pieces"), "")
		if !v.allowsReturn(raw) {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.User != nil || u.Opaque != "" || !v.allowsOrigin(u.Scheme+"://"+u.Host) {
			rt.Errorf("%q is allowed", raw)
		}
	})
	for _, o := range v.origins {
		if !v.allowsReturn(o.root+"result?order=1") || !v.allowsReturn(strings.TrimSuffix(o.root, "/")) || !v.allowsReturn(o.root+"%ea%b0%80") {
			t.Errorf("%s is not allowed", o.root)
		}
	}
}
