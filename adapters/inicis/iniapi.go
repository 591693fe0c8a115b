package inicis

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// envelope is INIAPI v2's request. Data holds the very bytes that were hashed.
type envelope struct {
	MID       string          `json:"mid"`
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"`
	ClientIP  string          `json:"clientIp"`
	Data      json.RawMessage `json:"data"`
	HashData  string          `json:"hashData"`
}

// caller is whom and when an INIAPI request is made as, and how long it may take.
type caller struct {
	adapters.Account
	mid     string
	now     time.Time
	timeout time.Duration
}

// clientIP is the address that a request states as ours.
func (c caller) clientIP() string {
	if ip := c.PG.Keys.Text(keyClientIP); ip != "" {
		return ip
	}
	// Some address must be stated; client_ip says which, where Inicis was told to check it.
	return "127.0.0.1"
}

// callV2 sends one INIAPI v2 request of a kind to the path below /v2/pg/. The error is that of sending; nothing
// is read into the answer yet.
func (d *Driver) callV2(ctx context.Context, c caller, path, kind string, data any) (wire.Answer, error) {
	text, err := wire.JSON(data)
	if err != nil {
		return wire.Answer{}, err
	}
	stamp := KST(c.now)
	body, err := wire.JSON(envelope{
		MID: c.mid, Type: kind, Timestamp: stamp, ClientIP: c.clientIP(), Data: json.RawMessage(text),
		HashData: HashV2(keysOf(c.Merchant).api, c.mid, kind, stamp, text),
	})
	if err != nil {
		return wire.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(c.timeout))
	defer cancel()
	return wire.Send(ctx, d.client, wire.Request{
		Method: http.MethodPost, URL: Endpoints(c.PG).INIAPI + "/v2/pg/" + path,
		ContentType: "application/json;charset=utf-8", Body: body,
	})
}

// callV1 sends one INIAPI v1 request. more holds the fields beside the common ones; the values of those named in
// hashed go into the hash, in that order, behind the common ones.
func (d *Driver) callV1(
	ctx context.Context, c caller, path, kind, payMethod string, more map[string]string, hashed ...string,
) (wire.Answer, error) {
	stamp, ip := KST(c.now), c.clientIP()
	values := []string{kind, payMethod, stamp, ip, c.mid}
	for _, name := range hashed {
		values = append(values, more[name])
	}
	form := url.Values{
		"type": {kind}, "paymethod": {payMethod}, "timestamp": {stamp}, "clientIp": {ip}, "mid": {c.mid},
		"hashData": {HashV1(keysOf(c.Merchant).api, values...)},
	}
	for name, value := range more {
		form.Set(name, value)
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(c.timeout))
	defer cancel()
	return wire.Send(ctx, d.client, wire.Request{
		Method: http.MethodPost, URL: Endpoints(c.PG).INIAPI + "/api/v1/" + path,
		ContentType: "application/x-www-form-urlencoded; charset=UTF-8", Body: form.Encode(),
	})
}

func checkINIAPI(m *payment.Merchant) error {
	if !keysOf(m).api.IsSet() {
		return &adapters.FieldError{Field: "merchants.api_key", Msg: "is missing"}
	}
	return nil
}
