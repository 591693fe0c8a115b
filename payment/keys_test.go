package payment_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/pg-gateway/pg-gateway/payment"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	first := payment.Keys{}.WithText("idcs", "fc", "ks").WithSecret("sign_key", "s3cret-1")
	k := first.WithSecret("sign_key", "s3cret-2", "s3cret-3").WithText("client_ip", "192.0.2.1")
	if got := first.Secret("sign_key"); got != "s3cret-1" {
		t.Error("keys changed under those who have them")
	}
	if got := k.Secrets("sign_key"); !slices.Equal(got, []payment.Secret{"s3cret-2", "s3cret-3"}) || k.Secret("sign_key") != "s3cret-2" {
		t.Error("the secrets are others than were set")
	}
	if got := k.Texts("idcs"); !slices.Equal(got, []string{"fc", "ks"}) || k.Text("idcs") != "fc" || k.Text("client_ip") != "192.0.2.1" {
		t.Errorf("texts %q", got)
	}
	if k.Text("sign_key") != "" || k.Texts("sign_key") != nil || k.Secret("client_ip").IsSet() || k.Secrets("client_ip") != nil {
		t.Error("a secret is read as text, or a text as a secret")
	}
	for name, without := range map[string]payment.Keys{
		"set to nothing": k.WithSecret("sign_key"), "set to an empty secret": k.WithSecret("sign_key", ""),
		"set to an empty text": k.WithText("sign_key", ""), "none at all": {},
	} {
		if without.IsSet("sign_key") || without.Secret("sign_key").IsSet() || without.Secrets("sign_key") != nil {
			t.Errorf("%s: it is still there", name)
		}
	}
	if !k.IsSet("sign_key") || !k.IsSet("idcs") || k.IsSet("api_key") {
		t.Error("which keys are set is told wrongly")
	}
}

// TestKeysPrintNothingOfWhatTheyHold, whatever prints them and whatever they are a part of.
func TestKeysPrintNothingOfWhatTheyHold(t *testing.T) {
	t.Parallel()
	keys := payment.Keys{}.WithSecret("sign_key", "s3cret-1").WithText("store_id", "s3cret-2")
	hidden := struct {
		inner struct{ merchant payment.Merchant }
		keys  payment.Keys
	}{keys: keys}
	hidden.inner.merchant.Keys = keys
	var out bytes.Buffer
	for _, v := range []any{keys, &keys, payment.Merchant{Keys: keys}, &payment.Merchant{Keys: keys}, payment.PG{Keys: keys}, hidden, &hidden, []any{keys}, map[string]payment.Keys{"a": keys}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb, v)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", slog.Any("v", v))
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", slog.Any("v", v))
	}
	y, err := yaml.Marshal(payment.Merchant{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(y)
	if text := out.String(); strings.Contains(text, "s3cret") || strings.Contains(text, fmt.Sprintf("%x", "s3cret")) || !strings.Contains(text, "<keys sign_key store_id>") {
		t.Errorf("shown as\n%s", text)
	}
}
