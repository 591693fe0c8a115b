package rules

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

func serverReader(c *ServerConfig) reader {
	*c = ServerConfig{
		Public:          PublicConfig{Listen: ":8080", BaseURL: "http://localhost:8080", Prefix: DefaultPrefix},
		Admin:           AdminConfig{Listen: "127.0.0.1:9090"},
		ShutdownTimeout: 70 * time.Second,
	}
	return object(fields{
		"public": {object(fields{
			"listen":   {address(&c.Public.Listen), "Address of the public listener, as in :8080."},
			"base_url": {baseURL(&c.Public.BaseURL), "How browsers reach the gateway, without a trailing slash."},
			"prefix": {
				prefix(&c.Public.Prefix), "What the paths of our own endpoints for browsers begin with, as in /pg-gateway/ (the " +
					"default): POST <prefix>checkout and <prefix>checkout/complete, GET <prefix>app. " +
					"Nothing below it reaches the shop.",
			},
			"allow_origins": {
				list(&c.Public.AllowOrigins, func(s *string, _ value) reader { return origin(s) }),
				"Origins of the shop: CORS, and what return_url must match.",
			},
			"trusted_proxies": {
				list(&c.Public.TrustedProxies, func(s *string, _ value) reader { return cidr(s) }),
				"CIDR ranges whose X-Forwarded-For is believed.",
			},
			"token_key": {tokenKey(&c.Public.TokenKey), "32 bytes in base64 that seal what travels through the browser, as a " +
				"reference. Empty: one is made in the data directory."},
		}), "The listener for browsers, storefront and PG callbacks."},
		"sidecar": {
			sidecarReader(&c.Sidecar),
			"The order service's way out: cancels of paid attempts, and where attempts stand. PG calls are not passed " +
				"through: every other path answers 404. Left out, no such listener is opened.",
		},
		"admin": {adminReader(&c.Admin), "Metrics, health, reload and rollback; never public."},
		"shutdown_timeout": {
			duration(&c.ShutdownTimeout, time.Second, 10*time.Minute),
			"How long payments in flight may take to end; longer than the longest PG timeout.",
		},
		"drain_delay": {
			duration(&c.DrainDelay, 0, 5*time.Minute),
			"How long all listeners go on serving after SIGTERM, while readyz is 503 and answers end their connections: as " +
				"long as a load balancer takes to look away, as in 5s. 0s, or left out: they close at once.",
		},
	})
}

// What is kept of attempts that have ended: idempotency and late notices look back 15 days.
const (
	MinRetention     = 15 * 24 * time.Hour
	DefaultRetention = 5 * 365 * 24 * time.Hour
)

func journalReader(c *JournalConfig) reader {
	*c = JournalConfig{Driver: "sqlite", Path: "./data/journal.db", Retention: DefaultRetention}
	return object(fields{
		"driver": {choice(&c.Driver, "sqlite", "postgres"), "sqlite (embedded) or postgres (shared)."},
		"path":   {filled(&c.Path), "The SQLite file; relative to this file."},
		"dsn":    {connection(&c.DSN), "PostgreSQL connection string, as a reference."},
		"retention": {
			duration(&c.Retention, MinRetention, 100*365*24*time.Hour),
			"How long attempts that have ended are kept with their history, 360h (15 days) at least; five years when left " +
				"out. What is open or unknown, and what the shop was not told of yet, is never removed.",
		},
	})
}

func sandboxReader(c *SandboxConfig) reader {
	*c = SandboxConfig{Listen: "127.0.0.1:7070"}
	return object(fields{
		"enabled": {flag(&c.Enabled), "Run the stand-ins for PortOne, Inicis and a demo shop."},
		"listen":  {address(&c.Listen), "Address of the sandbox."},
	})
}

func orderServiceReader(c *OrderServiceConfig) reader {
	*c = OrderServiceConfig{
		Host: HostKeep, LookupPath: "/orders/{order_id}", LookupTimeout: 2 * time.Second,
		ConfirmPath: "/orders/{order_id}/confirm", ConfirmTimeout: 5 * time.Second,
		EventsPath: "/payment-events", EventsTimeout: 5 * time.Second,
	}
	limit := func(d *time.Duration) reader { return duration(d, 10*time.Millisecond, time.Minute) }
	var more []located
	read := object(fields{
		"url": {baseURL(&c.URL), "Base URL of the order service, without a trailing slash."},
		"urls": {
			furtherURLs(&more),
			"More addresses of the same service, with the scheme and the path of url, which is one of them.",
		},
		"health": {
			healthReader(&c.Health),
			"How the addresses are asked whether they are well; when left out, one that cannot be connected to is left out " +
				"for 10 s.",
		},
		"host": {choice(&c.Host, HostKeep, HostUpstream), "What Host says in requests that are handed on: keep (what the " +
			"browser asked for; the default) or upstream (the host of url; Location, Content-Location and the domains of " +
			"cookies in the answers are mapped back)."},
		"lookup": {object(fields{
			"path":    {orderPath(&c.LookupPath), "Path that answers with the true amount; holds {order_id}."},
			"timeout": {limit(&c.LookupTimeout), "How long to wait; then checkout is refused."},
			"fields":  {lookupFields(&c.LookupFields), "Where the fields are in the answer: our name to gjson path."},
		}), "Where the true amount, name and tax-free part of an order come from."},
		"confirm": {either(none(&c.ConfirmNone), object(fields{
			"path":    {orderPath(&c.ConfirmPath), "Path asked before an approval; holds {order_id}."},
			"timeout": {limit(&c.ConfirmTimeout), "How long to wait; no answer is a no."},
		})), "The shop's yes or no before money moves; none asks nothing, so that an order which sold out or changed " +
			"meanwhile is charged all the same."},
		"events": {object(fields{
			"path":    {webPath(&c.EventsPath), "Path that takes payment events."},
			"timeout": {limit(&c.EventsTimeout), "How long to wait for the acknowledgement."},
			"secret": {
				signingSecrets(&c.EventsSecrets), "Signing secret (whsec_ and base64), or several while one is replaced.",
			},
		}), "Where payment.confirmed and its kin are delivered."},
	}, "url")
	return func(v value) {
		more = nil
		if read(v); v.schema == nil {
			c.addresses(more)
		}
	}
}

// none reads the one word none.
func none(dst *bool) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.Enum = "string", []string{"none"}
			return
		}
		s, read := v.str()
		if read && s != "none" {
			v.fail("none, or { path: ..., timeout: ... }", "unknown value %q", clip(s))
		}
		*dst = s == "none"
	}
}

func lookupFields(dst *map[string]string) reader {
	*dst = map[string]string{}
	path := func(key string) reader {
		return func(v value) {
			var s string
			if filled(&s)(v); s != "" {
				(*dst)[key] = s
			}
		}
	}
	fs := fields{}
	for _, key := range []string{
		"order_id", "amount", "tax_free", "vat_amount", "order_name", "currency", "status", "digital",
	} {
		fs[key] = field{path(key), "gjson path of " + key + " in the answer."}
	}
	fs["payments"] = field{path("payments"), "gjson path of the order's split: a list of objects with method and " +
		"amount. As in payload.means.#.{\"method\":payWayCd,\"amount\":payAmt}."}
	fs["pg_amount"] = field{
		path("pg_amount"),
		"gjson path of the part of the order that goes through a PG, in won; the shop settles the rest itself.",
	}
	return object(fs)
}

func limitsReader(c *LimitsConfig) reader {
	*c = LimitsConfig{
		CheckoutBody: 64 << 10, MaxAmount: payment.MaxWon, AttemptTTL: 30 * time.Minute, UnmatchedPayments: UnmatchedRefund,
		Connections: 10_000, ConnectionsPerAddress: 1_000,
	}
	unmatched, former := renamed("unmatched_payments", "late_money",
		choice(&c.UnmatchedPayments, UnmatchedRefund, UnmatchedPark))
	return object(fields{
		"rates": {ratesReader(&c.Rates), "How often what anybody may send is taken, as in 100/s or 20/m; ten " +
			"seconds' worth may come at once. Live. Each process counts for itself."},
		"checkout_body": {size(&c.CheckoutBody, 1<<10, 4<<20), "Largest checkout body, as in 64KiB."},
		"max_amount":    {won(&c.MaxAmount), "Largest amount of one order, in won."},
		"attempt_ttl":   {duration(&c.AttemptTTL, time.Minute, 24*time.Hour), "How long a window stays payable."},
		"connections": {object(fields{
			"all": {
				whole(&c.Connections, 16, 1_000_000),
				"How many in all, and never more than four tenths of the files that the process may open.",
			},
			"per_address": {whole(&c.ConnectionsPerAddress, 8, 1_000_000), "How many of one address, or of one IPv6 network " +
				"of 64 bits, and at most half of all. Trusted proxies have no such bound."},
		}), "Connections to the public listener. Where they are used up the one that has been silent for longest makes " +
			"room; when nobody is silent, who comes gets 503 and Retry-After."},
		"in_flight": {
			inFlightReader(&c.InFlight),
			"How many requests may be under way at once, in each process. What is more is refused at once, with 503 and " +
				"Retry-After, and does not wait. Live.",
		},
		"unmatched_payments": {
			unmatched,
			"What becomes of an unmatched payment (미매칭), as money that comes in after its attempt has ended, or twice: " +
				"refund (given back) or park (a person decides). Money in a virtual account is always parked.",
		},
		"late_money": {former, "The former name of unmatched_payments, which is still read."},
	})
}

func inFlightReader(c *InFlightConfig) reader {
	*c = InFlightConfig{Forwarded: 768, Checkouts: 512, Returns: 1024, Tunnels: 1024, PerClient: 256, PerPG: 256}
	return object(fields{
		"forwarded": {
			whole(&c.Forwarded, 2, 100_000),
			"What is handed on to the order service, and at most three quarters of the connections to it. Requests with a " +
				"body have half of it.",
		},
		"checkouts": {
			whole(&c.Checkouts, 2, 100_000),
			"Checkouts, the intercepted ones too, once their body is there. Nobody else has these. Three quarters may wait " +
				"for an order look-up.",
		},
		"returns": {
			whole(&c.Returns, 2, 100_000),
			"Buyers who come back from a window, and messages and deposit notices of PGs. Nobody else has these.",
		},
		"tunnels": {
			whole(&c.Tunnels, 2, 100_000),
			"Upgraded connections (WebSocket) to the order service, from the request until they close, and never more than " +
				"one twentieth of the files that the process may open.",
		},
		"per_client": {
			whole(&c.PerClient, 1, 100_000),
			"Of each of those, what one address, or one IPv6 network of 64 bits, may have, and at most half.",
		},
		"per_pg": {
			whole(&c.PerPG, 1, 100_000),
			"Requests of one kind to one PG. Look-ups, net cancels and cancels are sent all the same: money waits for them.",
		},
	})
}

// renamed are the readers of a key and of its former name, of which a file has one at most.
func renamed(name, former string, read reader) (now, then reader) {
	var taken bool
	once := func(v value) {
		if taken {
			v.fail("keep "+name+", leave out "+former, "%s is the former name of %s, and both are there", former, name)
			return
		}
		taken = v.schema == nil
		read(v)
	}
	return once, once
}

func telemetryReader(c *TelemetryConfig) reader {
	c.LogLevel = "info"
	return object(fields{
		"otlp_endpoint": notBuilt("no traces are sent"),
		"log_level": {
			choice(&c.LogLevel, "debug", "info", "warn", "error"), "How much is logged; live. The flag --log.level wins.",
		},
	})
}

// checked is text that must pass a test.
func checked(dst *string, pattern, hint string, ok func(string) bool) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.Pattern = "string", pattern
			return
		}
		s, read := v.str()
		if !read {
			return
		}
		if !ok(s) {
			v.fail(hint, "%q is not valid here", clip(s))
			return
		}
		*dst = s
	}
}

func cidr(dst *string) reader {
	return checked(dst, `/[0-9]{1,3}$`, "a CIDR range, as in 10.0.0.0/8", func(s string) bool {
		_, err := netip.ParsePrefix(s)
		return err == nil
	})
}

// source reads an address or a CIDR range.
func source(dst *string) reader {
	return checked(dst, `^[0-9a-fA-F:.]+(/[0-9]{1,3})?$`, "an address or a CIDR range, as in 10.0.0.1 or 10.0.0.0/8",
		func(s string) bool {
			_, err := netip.ParsePrefix(s)
			_, alone := netip.ParseAddr(s)
			return err == nil || alone == nil && !strings.Contains(s, "%")
		})
}

func webPath(dst *string) reader {
	return checked(dst, `^/[^ ?#]*$`, "a path that starts with /", func(s string) bool {
		return strings.HasPrefix(s, "/") && !strings.ContainsAny(s, " ?#")
	})
}

func orderPath(dst *string) reader {
	return checked(dst, `^/[^ #?]*\{order_id\}[^ #?]*$`, "a path with {order_id} in it", func(s string) bool {
		return strings.HasPrefix(s, "/") && strings.Count(s, "{order_id}") == 1 && !strings.ContainsAny(s, " #?")
	})
}

// secret reads a key or password. One that is written in the file itself is remembered: live mode refuses it.
func secret(dst *payment.Secret) reader {
	return anySecret(dst, false)
}

// connection reads a secret whose length and characters say nothing about how good it is.
func connection(dst *payment.Secret) reader {
	return anySecret(dst, true)
}

func anySecret(dst *payment.Secret, long bool) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.MinLength = "string", 1
			return
		}
		s, ok := v.scalar("text")
		if !ok {
			return
		}
		got, ref, ok := v.resolve(s)
		if !ok {
			return
		}
		if got == "" {
			v.fail("", "must not be empty")
			return
		}
		if !v.visible(got) || !v.unpadded(got) {
			return
		}
		if !ref {
			v.d.inline = append(v.d.inline, v)
		}
		*dst = payment.Secret(got)
		v.d.keys = append(v.d.keys, keyed{at: v, value: *dst, long: long})
	}
}

// secretsOf reads one secret of a kind or several.
func secretsOf(dst *[]payment.Secret, kind func(*payment.Secret) reader) reader {
	one := func(v value) {
		var s payment.Secret
		if kind(&s)(v); s.IsSet() {
			*dst = []payment.Secret{s}
		}
	}
	return either(one, list(dst, func(s *payment.Secret, _ value) reader { return kind(s) }))
}

func tokenKey(dst *payment.Secret) reader {
	return checkedSecret(dst, func(v value, s string) bool {
		key, err := base64.StdEncoding.DecodeString(s)
		switch {
		case err != nil || len(key) != 32:
			v.fail("make one with: openssl rand -base64 32", "must be 32 bytes in base64")
		case !random(key): //guard:token-key-is-drawn
			v.fail("make one with: openssl rand -base64 32", "is no random key: everybody could guess it")
		default:
			return true
		}
		return false
	})
}
