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
	PayMethod string          `json:"paymethod,omitempty"`
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
	// payMethod stands beside v2's data, where no hash covers it; empty for none (inicis.md §6).
	payMethod string
}

// clientIP is the address that a request states as ours.
func (c caller) clientIP() string {
	if ip := c.PG.Keys.Text(keyClientIP); ip != "" {
		return ip
	}
	// Some address must be stated; client_ip says which, where Inicis was told to check it.
	return "127.0.0.1"
}

// What the bodies of INIAPI's requests are.
const (
	typeV1 = "application/x-www-form-urlencoded; charset=UTF-8"
	typeV2 = "application/json;charset=utf-8"
)

// signV2 is the body of an INIAPI v2 request of a kind.
func (c caller) signV2(kind string, data any) (string, error) {
	text, err := wire.JSON(data)
	if err != nil {
		return "", err
	}
	stamp := KST(c.now)
	return wire.JSON(envelope{
		MID: c.mid, Type: kind, PayMethod: c.payMethod, Timestamp: stamp, ClientIP: c.clientIP(), Data: json.RawMessage(text),
		HashData: HashV2(keysOf(c.Merchant).api, c.mid, kind, stamp, text),
	})
}

// signV1 is the body of an INIAPI v1 request. more holds the fields beside the common ones; the values of those named
// in hashed go into the hash, in that order, behind the common ones. A payMethod of "" is left out.
func (c caller) signV1(kind, payMethod string, more map[string]string, hashed ...string) string {
	stamp, ip := KST(c.now), c.clientIP()
	values := []string{kind, payMethod, stamp, ip, c.mid}
	for _, name := range hashed {
		values = append(values, more[name])
	}
	own := map[string]string{
		"type": kind, "timestamp": stamp, "clientIp": ip, "mid": c.mid,
		"hashData": HashV1(keysOf(c.Merchant).api, values...),
	}
	if payMethod != "" {
		own["paymethod"] = payMethod
	}
	form := make(url.Values, len(more)+len(own))
	for name, value := range more {
		form.Set(name, value)
	}
	for name, value := range own {
		form.Set(name, value) //guard:iniapi-own-fields-win
	}
	return form.Encode()
}

// callV2 sends one INIAPI v2 request of a kind to the path below /v2/pg/. The error is that of sending; nothing
// is read into the answer yet.
func (d *Driver) callV2(ctx context.Context, c caller, path, kind string, data any) (wire.Answer, error) {
	body, err := c.signV2(kind, data)
	if err != nil {
		return wire.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(c.timeout))
	defer cancel()
	return wire.Send(ctx, d.client, wire.Request{
		Method: http.MethodPost, URL: Endpoints(c.PG).INIAPI + "/v2/pg/" + path,
		ContentType: typeV2, Body: body,
	})
}

// callV1 sends one INIAPI v1 request (see signV1).
func (d *Driver) callV1(
	ctx context.Context, c caller, path, kind, payMethod string, more map[string]string, hashed ...string,
) (wire.Answer, error) {
	body := c.signV1(kind, payMethod, more, hashed...)
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(c.timeout))
	defer cancel()
	return wire.Send(ctx, d.client, wire.Request{
		Method: http.MethodPost, URL: Endpoints(c.PG).INIAPI + "/api/v1/" + path,
		ContentType: typeV1, Body: body,
	})
}

func checkINIAPI(m *payment.Merchant) error {
	if !keysOf(m).api.IsSet() {
		return &adapters.FieldError{Field: "merchants.api_key", Msg: "is missing"}
	}
	return nil
}
