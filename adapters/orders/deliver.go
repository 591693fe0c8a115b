package orders

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Deliver sends a message to the shop, signed by Standard Webhooks with every secret. Only a 2xx acknowledges
// it; any other end matches ErrNotAcknowledged and the message is to be sent again with the same id.
func (c *Client) Deliver(ctx context.Context, msg payment.Message, now time.Time) error {
	_, err := c.Tell(ctx, msg, now)
	return err
}

// Tell is Deliver for who wants to see what the shop answered. The answer is zero when there was none.
func (c *Client) Tell(ctx context.Context, msg payment.Message, now time.Time) (wire.Answer, error) {
	const doing = "delivering a message"
	if len(c.keys) == 0 {
		return wire.Answer{}, fmt.Errorf("%s: %w: no secret to sign with", doing, ErrNotAcknowledged)
	}
	// The time of this try and not of the message: receivers refuse what was signed long ago.
	stamp := strconv.FormatInt(now.Unix(), 10)
	ctx, cancel := context.WithTimeout(ctx, c.cfg.EventsTimeout)
	defer cancel()
	answer, err := wire.Send(ctx, c.client, wire.Request{
		Method: http.MethodPost, URL: c.address(c.cfg.EventsPath, msg.OrderID), Host: c.host,
		ContentType: "application/json", Body: string(msg.Body),
		Header: http.Header{
			"Webhook-Id": {msg.ID}, "Webhook-Timestamp": {stamp},
			"Webhook-Signature": {signatures(c.keys, msg.ID, stamp, msg.Body)},
		},
	})
	if err != nil {
		return wire.Answer{}, fmt.Errorf("%s: %w: %w", doing, ErrNotAcknowledged, err)
	}
	if answer.Status < 200 || answer.Status > 299 { //guard:only-2xx-acknowledges
		return answer, fmt.Errorf("%s: %w: HTTP status %d", doing, ErrNotAcknowledged, answer.Status)
	}
	return answer, nil
}

// EventsURL is where a message about an order is sent, for people to read: without a password.
func (c *Client) EventsURL(order payment.OrderID) string {
	u, err := url.Parse(c.address(c.cfg.EventsPath, order))
	if err != nil {
		return c.cfg.EventsPath
	}
	return u.Redacted()
}

func signatures(keys [][]byte, id, stamp string, body []byte) string {
	list := make([]string, 0, len(keys))
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + stamp + "."))
		mac.Write(body)
		list = append(list, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(list, " ")
}
