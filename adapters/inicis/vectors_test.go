package inicis

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// vector is one worked example: what goes in, the text that is hashed, and what must come out, or, when it is
// negative, what must not.
type vector struct {
	ID            string            `json:"id"`
	Kind          string            `json:"kind"`
	Inputs        map[string]string `json:"inputs"`
	Plaintext     string            `json:"plaintext"`
	Expected      json.RawMessage   `json:"expected"`
	Concatenation []string          `json:"concatenation"`
	Negative      bool              `json:"negative"`
}

func loadVectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestVectors(t *testing.T) {
	t.Parallel()
	all := loadVectors(t)
	if len(all) < 90 {
		t.Fatalf("only %d vectors", len(all))
	}
	for _, v := range all {
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			got, ok := compute(t, v)
			if !ok {
				t.Fatalf("nothing computes kind %s", v.Kind)
			}
			var want any
			if err := json.Unmarshal(v.Expected, &want); err != nil {
				t.Fatal(err)
			}
			diff := cmp.Diff(want, got)
			if v.Negative && diff == "" {
				t.Error("gave the value of a known mistake")
			}
			if !v.Negative && diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// compute runs our code on a vector's inputs.
func compute(t *testing.T, v vector) (any, bool) {
	t.Helper()
	in := v.Inputs
	secret := func(name string) payment.Secret { return payment.Secret(in[name]) }
	switch v.Kind {
	case "stdpay.mKey":
		return MKey(secret("signKey")), true
	case "stdpay.signature":
		if strings.Contains(in["price"], ",") {
			// No such price gets as far as being signed: an amount is a number here.
			return Signature(in["oid"], strings.ReplaceAll(in["price"], ",", ""), in["timestamp"]), true
		}
		return Signature(in["oid"], in["price"], in["timestamp"]), true
	case "stdpay.verification":
		return Verification(in["oid"], in["price"], in["timestamp"], secret("signKey")), true
	case "stdpay.approval.signature":
		if v.Negative {
			// What a browser posts is decoded once before it is hashed.
			ret, err := ParseReturn([]byte("resultCode=0000&authToken=" + in["authToken"]))
			if err != nil {
				t.Fatal(err)
			}
			return ApprovalSignature(ret.AuthToken, in["timestamp"]), true
		}
		return ApprovalSignature(secret("authToken"), in["timestamp"]), true
	case "stdpay.approval.verification":
		return ApprovalVerification(secret("authToken"), in["timestamp"], secret("signKey")), true
	case "stdpay.approval.body":
		return ApprovalBody(in["mid"], secret("authToken"), in["timestamp"], secret("signKey"), ""), true
	case "stdpay.authSignature":
		return AuthSignature(in["tstamp"], in["mid"], in["MOID"], in["TotPrice"]), true
	case "mobile.P_CHKFAKE":
		return ChkFake(in["P_AMT"], in["P_OID"], in["P_TIMESTAMP"], secret("HashKey")), true
	case "inilite.hashdata.sha512":
		return LiteHash(in["price"], in["mid"], in["orderId"], in["timestamp"], secret("INILiteKey")), true
	}
	return computeRest(t, v)
}

func computeRest(t *testing.T, v vector) (any, bool) {
	t.Helper()
	in := v.Inputs
	switch {
	case strings.HasPrefix(v.Kind, "iniapi.v1."):
		values := make([]string, 0, len(v.Concatenation))
		for _, name := range v.Concatenation[1:] {
			values = append(values, in[name])
		}
		return HashV1(payment.Secret(in["INIAPIKey"]), values...), true
	case strings.HasPrefix(v.Kind, "iniapi.v2."):
		data := in["data_json"]
		if v.Negative {
			// What our encoder writes for the same data, in place of the mistake's.
			var fields refundData
			if err := json.Unmarshal([]byte(data), &fields); err != nil {
				t.Fatal(err)
			}
			text, err := wire.JSON(fields)
			if err != nil {
				t.Fatal(err)
			}
			data = text
		}
		return HashV2(payment.Secret(in["INIAPIKey"]), in["mid"], in["type"], in["timestamp"], data), true
	}
	switch v.Kind {
	case "iniapi.aes128cbc":
		got, err := Encrypt(in["plaintext"], payment.Secret(in["key"]), payment.Secret(in["iv"]))
		if err != nil {
			t.Fatal(err)
		}
		return got, true
	case "stdpay.authUrlAllowed":
		return Endpoints(pgOf(in["environment"])).AuthURLAllowed(in["idc_name"], in["authUrl"]), true
	case "mobile.reqUrlAllowed":
		return Endpoints(pgOf(in["environment"])).ReqURLAllowed(in["idc_name"], in["P_REQ_URL"]), true
	case "policy.goodname40":
		return wire.OrderName(in["goodname"]), true
	case "charset":
		return charsetVector(t, in), true
	case "time":
		at, err := time.Parse(time.RFC3339Nano, in["instant"])
		if err != nil {
			t.Fatal(err)
		}
		return map[string]any{"stdpay_ms": Millis(at), "iniapi_kst": KST(at)}, true
	case "noti.sourceIp":
		return slices.Contains(DepositSources(), in["ip"]), true
	case "noti.pc.decode", "noti.mobile.decode":
		f, err := parseForm(in["body"], in["charset"])
		if err != nil || len(f.twice) > 0 {
			t.Fatal(err, f.twice)
		}
		if d, err := ParseDeposit(in["content_type"], []byte(in["body"])); err != nil || d.Kind != DepositPaid {
			t.Fatalf("read as %+v, %v", d, err)
		}
		return toAny(f.first), true
	case "mobile.approval.parse":
		return mobileVector(t, v), true
	}
	return nil, false
}

func pgOf(environment string) *payment.PG {
	if environment == "prod" {
		return &payment.PG{Environment: payment.EnvLive}
	}
	return &payment.PG{Environment: payment.EnvTest}
}

// parseForm reads a percent-encoded form body in charset.
func parseForm(body, charset string) (fields, error) {
	return splitPairs(body, func(s string) (string, error) {
		plain, err := url.QueryUnescape(s)
		if err != nil {
			return "", err
		}
		return Decode(plain, charset)
	})
}

func charsetVector(t *testing.T, in map[string]string) string {
	t.Helper()
	text, err := EncodeEUCKR(in["text"])
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(string(text), in["charset"])
	if err != nil || back != in["text"] {
		t.Fatalf("came back as %q, %v", back, err)
	}
	return hex.EncodeToString(text)
}

// mobileVector gives the values that the vector names, and what was seen twice.
func mobileVector(t *testing.T, v vector) any {
	t.Helper()
	answer, err := ParseMobileAnswer([]byte(v.Inputs["body"]), v.Inputs["charset"])
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		First map[string]string `json:"first"`
	}
	if err := json.Unmarshal(v.Expected, &want); err != nil {
		t.Fatal(err)
	}
	first := map[string]any{}
	for name := range want.First {
		first[name] = answer.First[name]
	}
	twice := []any{}
	for _, name := range answer.Duplicates {
		twice = append(twice, name)
	}
	return map[string]any{"first": first, "duplicates": twice, "trusted": answer.Trusted()}
}

func toAny(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// The vectors must agree with themselves: what they expect is the hash of their plaintext.
func TestVectorsAreTheHashOfTheirPlaintext(t *testing.T) {
	t.Parallel()
	for _, v := range loadVectors(t) {
		var want string
		if v.Plaintext == "" || v.Negative || json.Unmarshal(v.Expected, &want) != nil {
			continue
		}
		s256, s512 := sha256.Sum256([]byte(v.Plaintext)), sha512.Sum512([]byte(v.Plaintext))
		known := []string{
			hex.EncodeToString(s256[:]), hex.EncodeToString(s512[:]), base64.StdEncoding.EncodeToString(s512[:]),
		}
		if !slices.Contains(known, want) {
			t.Errorf("%s: %s is no hash of its plaintext", v.ID, want)
		}
	}
}
