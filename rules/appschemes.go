package rules

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// rawAppScheme is an app of the shop's as written.
type rawAppScheme struct {
	scheme string
	at     value
	sites  []word
}

// appScheme is an app that checkouts may name, on some sites or on all.
type appScheme struct {
	scheme string
	sites  []payment.Site
}

func appSchemeReader(a *rawAppScheme, at value) reader {
	a.at = at
	scheme := checked(&a.scheme, `^[a-z][a-z0-9+.-]+$`,
		"a scheme that the app has registered, in lower case and without ://, as in myshop; "+
			"none of a browser's or a store's own, such as https, intent or market",
		payment.ValidAppScheme)
	return either(scheme, object(fields{
		"scheme": {scheme, "The scheme that the app has registered, in lower case and without ://, as in myshop."},
		"sites":  {names(&a.sites), "all, or the sites whose checkouts may name it; all when left out."},
	}, "scheme"))
}

func (b *builder) appSchemes() {
	seen := make(map[string]bool)
	for _, a := range b.f.apps {
		if a.scheme == "" {
			continue
		}
		if seen[a.scheme] {
			a.at.fail("one entry with all its sites", "a second entry has the scheme %q", a.scheme)
		}
		seen[a.scheme] = true
		b.s.apps = append(b.s.apps, appScheme{scheme: a.scheme, sites: siteList(a.sites)})
	}
}

// AllowsApp tells whether checkouts of a site may name an app by its scheme (app_schemes), for a PG's apps to come back
// to or for the buyer. A checkout without a site may name those of all sites only.
func (s *Snapshot) AllowsApp(scheme string, site payment.Site) bool {
	return slices.ContainsFunc(s.apps, func(a appScheme) bool {
		return a.scheme == scheme && hasSite(a.sites, site) //guard:apps-of-the-site
	})
}
