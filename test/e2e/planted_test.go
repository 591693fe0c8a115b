package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// planted is what a log must never hold, in the forms that people and programs send it.
const (
	plantedName   = "PLANTEDNAME"
	plantedTel    = "010-7777-1234"
	plantedMail   = "planted@example.com"
	plantedCard   = "4111-1111-7777-1111"
	plantedToken  = "PLANTEDTOKEN0123456789abcdef"
	plantedCookie = "PLANTEDCOOKIE"
)

// traces finds planted data, also with its signs gone.
var traces = regexp.MustCompile(`(?i)planted|7777-?1234|1111-?7777`)

func plantedBody() string {
	return `{"order_id":"O-1001","amount":64900,"payments":[{"method":"card","amount":64900}],"buyer":{"name":"` + plantedName +
		`","email":"` + plantedMail + `","tel":"` + plantedTel + `"},"card":"` + plantedCard + `"}`
}

func plantedHead(line string) string {
	return line + "\r\nHost: shop.test\r\nAuthorization: Bearer " + plantedToken + "\r\nCookie: session=" + plantedCookie +
		"\r\nUser-Agent: " + plantedName + "\r\nX-Request-Id: " + plantedTel + "\r\n"
}

// broken are requests that no HTTP server can make sense of, or that two could read differently.
func broken() []string {
	var all []string
	body := plantedBody()
	for _, header := range []string{
		"Host: other.test", "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nContent-Length: 5", "X " + plantedName + ": 1",
		"Transfer-Encoding: gzip, chunked", "X-A\x00: " + plantedName, "X-A: \x00" + plantedName, "X-A: \x01" + plantedName, "Transfer-Encoding: xchunked",
		": " + plantedName, plantedName, "Content-Length: -1", "Content-Length: +5", "Content-Length: 0x5", "Content-Length: 5,5", "Content-Length : 5",
		"Content-Length: 99999999999999999999", "Transfer-Encoding: chunked\r\nContent-Length: 5", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
		"Transfer-Encoding: identity\r\nContent-Length: 5", "X-Long: " + strings.Repeat(plantedName, 4000), "X-" + plantedName + "\x7f: 1",
	} {
		all = append(all, plantedHead("POST /checkout HTTP/1.1")+header+"\r\n\r\n"+body)
	}
	for _, line := range []string{
		"POST  /checkout HTTP/1.1", "POST /checkout?tel=" + plantedTel, "/checkout", "GET /" + plantedName + " HTTP/9.9", "GET /" + plantedName + " HTTPS/1.1",
		"GET /checkout\x00" + plantedName + " HTTP/1.1", plantedName, "G@T /" + plantedName + " HTTP/1.1", "PRI * HTTP/2.0",
		"GET http://[" + plantedName + "/ HTTP/1.1",
	} {
		all = append(all, plantedHead(line)+"\r\n"+body)
	}
	return append(all,
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+plantedName+"\r\n\r\n", plantedBody()+"\r\n\r\n",
	)
}

// whole are requests whose head is read; they are refused, or answered.
func whole() []string {
	body := plantedBody()
	var all []string
	chunked := plantedHead("POST /checkout HTTP/1.1") + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, bad := range []string{plantedName, "5", "-5", "ffffffffffffffffff"} {
		all = append(all, chunked+bad+"\r\n"+body)
	}
	for _, line := range []string{
		"POST /checkout", "POST /checkout/complete", "POST /return/inicis", "POST /return/inicis/key", "GET /return/portone?imp_uid=" + plantedToken + "&tel=" + plantedTel,
		"POST /hooks/portone/portone1/" + plantedToken, "POST /hooks/portone/portone", "POST /hooks/inicis/inicis/deposit", "POST /api/orders", "GET /" + plantedName,
		"GET /?tel=" + plantedTel, "POST /attempts/" + plantedName + "/cancels", "GET /attempts/" + plantedToken, "GET /orders/" + plantedName, "POST /-/reload",
		"GET /livez?" + plantedName, "POST /api/bo/v1/payment/pgInfo", "POST /payment/pgInfo", "OPTIONS /checkout", "DELETE /checkout",
	} {
		for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "text/" + plantedName} {
			head := plantedHead(line+" HTTP/1.1") + "Content-Type: " + kind + "\r\nConnection: close\r\n"
			all = append(all, head+fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body),
				head+fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
				head+"Content-Length: 20\r\n\r\n"+plantedName)
		}
	}
	return all
}

// status sends bytes to an address and returns the status of the answer; 0 when there is none.
func status(t *testing.T, at, request string) int {
	t.Helper()
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Error(err)
	}
	_, _ = io.WriteString(c, request)
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if res.StatusCode >= 400 && strings.Contains(string(text), plantedName+`"`) {
		t.Errorf("%.60q is answered with what it sent: %s", request, text)
	}
	return res.StatusCode
}

// TestLogsHoldNothingThatWasPlanted at the level that tells most, whatever is wrong with a request, on every door.
func TestLogsHoldNothingThatWasPlanted(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *fixture.Config) { c.Telemetry.LogLevel = "debug" })
	var doors []string
	for _, url := range p.doors() {
		doors = append(doors, between(url, "http://", "/"))
	}
	slices.Sort(doors)
	var wg sync.WaitGroup
	for _, at := range doors {
		wg.Go(func() {
			for _, request := range broken() {
				if s := status(t, at, request); s != http.StatusBadRequest && s != http.StatusRequestHeaderFieldsTooLarge {
					t.Errorf("%.160q is answered %d", strings.ReplaceAll(request, "\r\n", "|"), s)
				}
			}
			for _, request := range whole() {
				if s := status(t, at, request); s == 0 || s >= 500 && s != 502 && s != 503 && s != 504 {
					t.Errorf("%.60q is answered %d", request, s)
				}
			}
		})
	}
	wg.Wait()
	if found := traces.FindAllString(p.log.String(), 5); len(found) > 0 {
		for line := range strings.Lines(p.log.String()) {
			if traces.MatchString(line) {
				t.Errorf("the log holds %q: %.300s", found, line)
				break
			}
		}
	}
	if !strings.Contains(p.log.String(), `"msg":"request"`) {
		t.Error("nothing was logged at all")
	}
}
