package rules

import (
	"net"
	"net/url"
	"time"
)

// maxAddresses is how many addresses an order service may have.
const maxAddresses = 16

// furtherURLs reads the addresses of the order service besides its first one.
func furtherURLs(dst *[]located) reader {
	return list(new([]string), func(s *string, at value) reader {
		read := baseURL(s)
		return func(v value) {
			if read(v); v.schema == nil && *s != "" {
				*dst = append(*dst, located{at, *s})
			}
		}
	})
}

func healthReader(c *HealthConfig) reader {
	*c = HealthConfig{Interval: 5 * time.Second, Timeout: 2 * time.Second, Failures: 3, Successes: 2}
	return object(fields{
		"path": {
			webPath(&c.Path), "Path below url that answers 2xx or 3xx when the service is well; asked by GET, at every address.",
		},
		"interval": {
			duration(&c.Interval, 100*time.Millisecond, time.Hour),
			"How long to wait between two questions; 5s when left out.",
		},
		"timeout": {
			duration(&c.Timeout, 10*time.Millisecond, 10*time.Second), "How long to wait for the answer; 2s when left out.",
		},
		"failures": {
			whole(&c.Failures, 1, 100), "After how many bad answers in a row an address is left out; 3 when left out.",
		},
		"successes": {
			whole(&c.Successes, 1, 100), "After how many good answers in a row it is taken again; 2 when left out.",
		},
	}, "path")
}

// addresses joins the first address and the others: what is behind them is one service.
func (c *OrderServiceConfig) addresses(more []located) {
	first, err := url.Parse(c.URL)
	if err != nil || c.URL == "" {
		return // which was said
	}
	c.URLs = []string{c.URL}
	seen := map[string]bool{hostPort(first): false}
	for _, m := range more {
		u, err := url.Parse(m.text)
		if err != nil {
			continue
		}
		twice, known := seen[hostPort(u)]
		switch {
		case u.Scheme != first.Scheme || u.EscapedPath() != first.EscapedPath():
			m.at.fail("as in "+first.Scheme+"://"+clip(u.Host)+first.EscapedPath(),
				"%s has another scheme or path than url, so it would be another service", clip(m.text))
		case twice:
			m.at.fail("leave it out", "%s is there twice", clip(m.text))
		case len(c.URLs) == maxAddresses && !known:
			m.at.fail("put a load balancer in front", "more than %d addresses", maxAddresses)
		case !known:
			c.URLs = append(c.URLs, m.text)
		}
		seen[hostPort(u)] = true
	}
}

// hostPort is where an address leads, with the port that its scheme means.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
