// Package onewritetest checks that a client writes a request once, whatever the other side does with the
// connection. It is used by every room that sends money-moving requests.
package onewritetest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is what the upstream does after it has received a request.
type Fault string

// The faults.
const (
	FaultClose   Fault = "closes without answering"
	FaultReset   Fault = "resets the connection"
	FaultPartial Fault = "closes in the middle of the body"
	FaultHeader  Fault = "closes in the middle of the header"
)

// upstream is a server that executes every whole request it reads, and counts those that are not for /warm.
type upstream struct {
	listener net.Listener
	url      string
	pool     *x509.CertPool
	fault    Fault
	executed atomic.Int64
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func start(t *testing.T, fault Fault, secure bool) *upstream {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{listener: listener, fault: fault, url: "http://" + listener.Addr().String()}
	var config *tls.Config
	if secure {
		config, u.pool = certificate(t)
		u.url = "https://" + listener.Addr().String()
	}
	u.wg.Go(func() { u.accept(config) })
	t.Cleanup(func() {
		_ = listener.Close()
		u.hangUp()
		u.wg.Wait()
	})
	return u
}

func (u *upstream) accept(config *tls.Config) {
	for {
		raw, err := u.listener.Accept()
		if err != nil {
			return
		}
		u.mu.Lock()
		u.conns = append(u.conns, raw)
		u.mu.Unlock()
		u.wg.Go(func() {
			defer func() { _ = raw.Close() }()
			_ = raw.SetDeadline(time.Now().Add(10 * time.Second))
			conn := raw
			if config != nil {
				conn = tls.Server(raw, config)
			}
			u.serve(raw, conn)
		})
	}
}

// hangUp closes the connections that clients keep open for later.
func (u *upstream) hangUp() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, conn := range u.conns {
		_ = conn.Close()
	}
}

func (u *upstream) serve(raw, conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		if req.URL.Path == "/warm" {
			_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			if err != nil || req.Close {
				return
			}
			continue
		}
		u.executed.Add(1)
		u.fail(raw, conn)
		return
	}
}

func (u *upstream) fail(raw, conn net.Conn) {
	switch u.fault {
	case FaultClose:
	case FaultReset:
		if tcp, ok := raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	case FaultPartial:
		_, _ = io.WriteString(conn,
			"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 512\r\n\r\n{\"code\"")
	case FaultHeader:
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Ty")
	}
}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "onewritetest"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}},
	}, pool
}
