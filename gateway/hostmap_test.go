package gateway

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// TestTheShopIsAskedByTheNameThatIsConfigured, and what it says of its own name comes back as the client's.
func TestTheShopIsAskedByTheNameThatIsConfigured(t *testing.T) {
	t.Parallel()
	hosts := make(chan string, 4)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts <- r.Host
		for _, cookie := range []string{"sid=1; Domain=127.0.0.1; Path=/mall/cart", "lang=ko;domain=.127.0.0.1", "c=Domain=127.0.0.1"} {
			w.Header().Add("Set-Cookie", cookie)
		}
		w.Header().Set("Location", "http://"+r.Host+"/mall/login?to=http://"+r.Host+"/mall/")
		w.Header().Set("Content-Location", "//"+r.Host+"/mall")
		w.Header().Set("X-Other", "http://"+r.Host+"/mall")
		w.WriteHeader(http.StatusFound)
	}))
	defer shop.Close()
	own := strings.TrimPrefix(shop.URL, "http://")
	for mode, want := range map[string]map[string][]string{
		"": {
			"Host":     {"shop.example.com:8443"},
			"Location": {"http://shop.example.com:8443/mall/login?to=http://shop.example.com:8443/mall/"},
			"Set-Cookie": {
				"sid=1; Domain=127.0.0.1; Path=/mall/cart", "lang=ko;domain=.127.0.0.1", "c=Domain=127.0.0.1",
			},
			"Content-Location": {"//shop.example.com:8443/mall"},
			"X-Other":          {"http://shop.example.com:8443/mall"},
		},
		"upstream": {
			"Host":     {own},
			"Location": {"http://shop.example.com:8443/login?to=http://" + own + "/mall/"},
			"Set-Cookie": {
				"sid=1; Domain=shop.example.com; Path=/cart", "lang=ko;domain=shop.example.com", "c=Domain=127.0.0.1",
			},
			"Content-Location": {"http://shop.example.com:8443/"},
			"X-Other":          {"http://" + own + "/mall"},
		},
	} {
		h := newHouse(t, func(c *fixture.Config) { c.OrderService.URL, c.OrderService.Host = shop.URL+"/mall", mode })
		c := dialRaw(t, listening(t, h.app))
		c.send("GET /cart HTTP/1.1\r\nHost: shop.example.com:8443\r\nConnection: close\r\n\r\n")
		res, _ := c.answer(http.MethodGet)
		if res == nil {
			t.Fatal("not answered")
		}
		got := map[string][]string{"Host": {<-hosts}}
		for name := range want {
			if name != "Host" {
				got[name] = res.Header.Values(name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("host: %q (-want +got)\n%s", mode, diff)
		}
	}
}

func TestWhichAddressesAreTheShops(t *testing.T) {
	t.Parallel()
	shop, err := readShopAddress("https://Orders.internal/mall")
	if err != nil {
		t.Fatal(err)
	}
	n := nameBack{shop: &shop, proto: []byte("https"), host: []byte("shop.example.com")}
	for address, want := range map[string]string{
		"https://orders.internal/mall/a?b#c":     "https://shop.example.com/a?b#c",
		"HTTPS://ORDERS.INTERNAL:443/mall":       "https://shop.example.com/",
		"https://orders.internal/mallet":         "https://shop.example.com/mallet",
		"https://orders.internal":                "https://shop.example.com",
		"//orders.internal/mall/x":               "https://shop.example.com/x",
		"http://orders.internal/mall":            "",
		"https://orders.internal:8443/mall":      "",
		"https://orders.internal.evil.com/mall":  "",
		"https://orders.internal@evil.com/mall":  "",
		"/mall/login":                            "",
		"login":                                  "",
		"/login?to=https://orders.internal/mall": "",
		"ftp://orders.internal/mall":             "",
	} {
		got, changed := n.address(address)
		if changed != (want != "") || changed && got != want {
			t.Errorf("%s became %q, want %q", address, got, want)
		}
	}
}

func TestWhoAskedAndForWhat(t *testing.T) {
	t.Parallel()
	seen := make(chan http.Header, 1)
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Clone() }))
	defer shop.Close()
	trusting := func(c *fixture.Config) { c.Server.Public.TrustedProxies = []string{"127.0.0.0/8", "10.0.0.0/8"} }
	for _, tt := range []struct {
		name    string
		trusted bool
		lines   []string
		want    [4]string
	}{
		{
			"nobody says anything", false, nil,
			[4]string{"127.0.0.1", "shop.example.com:81", "http", `for=127.0.0.1;host="shop.example.com:81";proto=http`},
		},
		{
			"a stranger's word", false,
			[]string{"Forwarded: for=6.6.6.6;host=evil.example;proto=https", "X-Forwarded-For: 6.6.6.6"},
			[4]string{"127.0.0.1", "shop.example.com:81", "http", `for=127.0.0.1;host="shop.example.com:81";proto=http`},
		},
		{
			"a stranger's Forwarded", false,
			[]string{"Forwarded: for=6.6.6.6;host=evil.example;proto=https", "X-Forwarded-Host: evil.example"},
			[4]string{"127.0.0.1", "shop.example.com:81", "http", `for=127.0.0.1;host="shop.example.com:81";proto=http`},
		},
		{
			"X-Forwarded-For of a trusted proxy", true,
			[]string{"X-Forwarded-For: 9.9.9.9, 2001:db8::1", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Host: shop.kr", "X-Forwarded-Proto: https"},
			[4]string{
				"9.9.9.9, 2001:db8::1, 10.0.0.1, 127.0.0.1", "shop.kr", "https",
				`for=9.9.9.9, for="[2001:db8::1]", for=10.0.0.1, for=127.0.0.1;host=shop.kr;proto=https`,
			},
		},
		{
			"Forwarded of a trusted proxy", true,
			[]string{`Forwarded: for=6.6.6.6;host=evil.example, For="[2001:db8::1]:4711";Proto=https;host="shop.kr"`, "Forwarded: for=10.0.0.1;host=lb"},
			[4]string{
				"6.6.6.6, 2001:db8::1, 10.0.0.1, 127.0.0.1", "shop.kr", "https",
				`for=6.6.6.6;host=evil.example, For="[2001:db8::1]:4711";Proto=https;host="shop.kr", for=10.0.0.1;host=lb, ` +
					`for=127.0.0.1;host=shop.kr;proto=https`,
			},
		},
		{
			"a client's Forwarded behind a proxy that does not know it", true,
			[]string{"Forwarded: for=6.6.6.6;host=evil.example;proto=https", "X-Forwarded-For: 9.9.9.9"},
			[4]string{
				"9.9.9.9, 127.0.0.1", "shop.example.com:81", "http",
				`for=9.9.9.9, for=127.0.0.1;host="shop.example.com:81";proto=http`,
			},
		},
	} {
		edits := []fixture.Edit{shopAt(shop.URL)}
		if tt.trusted {
			edits = append(edits, trusting)
		}
		h := newHouse(t, edits...)
		c := dialRaw(t, listening(t, h.app))
		c.send("GET / HTTP/1.1\r\nHost: shop.example.com:81\r\nConnection: close\r\n" +
			strings.Join(append(slices.Clone(tt.lines), "", ""), "\r\n"))
		if res, _ := c.answer(http.MethodGet); res == nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: not answered well", tt.name)
		}
		head := <-seen
		var got [4]string
		for i, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"} {
			got[i] = strings.Join(head.Values(name), " | ")
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}
