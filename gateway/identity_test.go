package gateway

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func wantsIdentity(c *fixture.Config) { c.More = "\nbilling: { require_identity_verification: Y }\n" }

// verifier is a house whose keys want an identity verification, at either PortOne.
type verifier struct {
	*issueHouse

	issue  func(change func(map[string]any), headers ...string) answer
	issued func(a answer) bool
	// verify has somebody verified, and returns the number of that.
	verify func(name, birth string) string
	// rename changes whose card a call says that it is.
	rename func(b map[string]any, name, birth string)
}

func eachVerifier(t *testing.T, test func(t *testing.T, h *verifier)) {
	t.Helper()
	t.Run("V1", func(t *testing.T) {
		t.Parallel()
		h := newIssueHouse(t, wantsIdentity)
		test(t, &verifier{
			issueHouse: h, issue: h.issueAtAPI,
			issued: func(a answer) bool { return a.status == 200 && a.json["code"] == 0.0 },
			verify: func(name, birth string) string {
				return h.sandbox.Certify(sandbox.Certification{Name: name, Birthday: "19" + birth[:2] + "-" + birth[2:4] + "-" + birth[4:]})
			},
			rename: func(b map[string]any, name, birth string) { b["customer_name"], b["birth"] = name, birth },
		})
	})
	t.Run("V2", func(t *testing.T) {
		t.Parallel()
		h := newV2IssueHouse(t, wantsIdentity)
		n := 0
		test(t, &verifier{
			issueHouse: h, issue: h.issueAtV2, issued: func(a answer) bool { return keyIn(a) != "" },
			verify: func(name, birth string) string {
				n++
				id := fmt.Sprintf("verification-%d", n)
				path := "/portone/v2/identity-verifications/" + id
				h.call("POST", path+"/send", `{"channelKey":"channel-key-v2-identity","operator":"SKT","method":"SMS","customer":{"name":"`+name+
					`","phoneNumber":"01042424242","ipAddress":"127.0.0.1","identityNumber":"`+birth+`1"}}`)
				if a := h.call("POST", path+"/confirm", `{"otp":"123456"}`); a.status != 200 {
					t.Fatalf("verifying: %d %s", a.status, a.body)
				}
				return id
			},
			rename: func(b map[string]any, name, birth string) {
				b["customer"].(map[string]any)["name"] = map[string]any{"full": name}
				card := b["method"].(map[string]any)["card"].(map[string]any)
				card["credential"].(map[string]any)["birthOrBusinessRegistrationNumber"] = birth
			},
		})
	})
}

// TestAKeyWantsAnIdentityVerification that was done, is recent, of the card's holder, and not used before. Who somebody is, is in no
// answer, log or journal.
func TestAKeyWantsAnIdentityVerification(t *testing.T) {
	t.Parallel()
	eachVerifier(t, func(t *testing.T, h *verifier) {
		as := func(name, birth string) func(map[string]any) {
			return func(b map[string]any) { h.rename(b, name, birth) }
		}
		refused := func(why string, want payment.Code, change func(map[string]any), headers ...string) {
			t.Helper()
			a := h.issue(change, headers...)
			if code(a) != string(want) || h.issues() != 0 {
				t.Errorf("%s: answered %d %s, sent %d", why, a.status, a.body, h.issues())
			}
			if strings.Contains(string(a.body), "홍길") || traceOfACard.Match(a.body) {
				t.Errorf("%s: who it is was answered: %s", why, a.body)
			}
		}
		refused("none", payment.CodeIdentityRequired, nil)
		refused("unknown", payment.CodeIdentityRefused, nil, headerIdentity, "imp_000000000000")
		refused("a path", payment.CodeInvalidField, nil, headerIdentity, "../payments/imp_1")
		id := h.verify("홍길동", issuedBirth)
		refused("another name", payment.CodeIdentityRefused, as("홍길순", issuedBirth), headerIdentity, id)
		refused("another birthday", payment.CodeIdentityRefused, as("홍길동", "880718"), headerIdentity, id)
		refused("no name", payment.CodeIdentityRefused, as("", issuedBirth), headerIdentity, id)
		refused("no birthday", payment.CodeIdentityRefused, as("홍길동", ""), headerIdentity, id)
		refused("a company", payment.CodeIdentityRefused, as("홍길동", "1234567890"), headerIdentity, id)
		h.setNow(func() time.Time { return time.Now().Add(11 * time.Minute) })
		refused("too old", payment.CodeIdentityRefused, nil, headerIdentity, id)
		h.setNow(func() time.Time { return time.Now().Add(-5 * time.Minute) })
		refused("of tomorrow", payment.CodeIdentityRefused, nil, headerIdentity, id)
		h.setNow(time.Now)
		if a := h.issue(as("홍 길동", issuedBirth), headerIdentity, id); !h.issued(a) {
			t.Errorf("answered %d %s", a.status, a.body)
		}
		h.uid = "another"
		if a := h.issue(nil, headerIdentity, id); code(a) != string(payment.CodeIdentityRefused) || h.issues() != 1 {
			t.Errorf("used before: %d %s, sent %d", a.status, a.body, h.issues())
		}
		if a := h.issue(nil, headerIdentity, h.verify("홍길동", issuedBirth)); !h.issued(a) {
			t.Errorf("a new one: %d %s", a.status, a.body)
		}
		h.hides()
		for _, text := range []string{h.log.String()} {
			if strings.Contains(text, "홍길") {
				t.Error("a name is in the log")
			}
		}
	})
}

// TestKeyInWantsAnIdentityVerification where it stores the card, and only there.
func TestKeyInWantsAnIdentityVerification(t *testing.T) {
	t.Parallel()
	h := newKeyInHouse(t, "portone1", wantsIdentity)
	if a := h.keyIn(as("c-1")); code(a) != string(payment.CodeIdentityRequired) || h.sent() != 0 {
		t.Errorf("none: %d %s", a.status, a.body)
	}
	id := h.sandbox.Certify(sandbox.Certification{Name: "홍길동", Birthday: "1988-02-29"})
	if a := h.keyIn(as("c-1"), headerIdentity, id); !h.paidIn(a) {
		t.Errorf("stored: %d %s", a.status, a.body)
	}
	h.newOrder()
	if a := h.keyIn(as("c-2"), headerIdentity, id); code(a) != string(payment.CodeIdentityRefused) || h.sent() != 1 {
		t.Errorf("used before: %d %s", a.status, a.body)
	}
	h.newOrder()
	if a := h.keyIn(nil); !h.paidIn(a) {
		t.Errorf("not stored: %d %s", a.status, a.body)
	}
	h.hides()
}

// TestAnUnreadVerificationIsNone: where PortOne does not tell, or tells that it failed, no key is issued.
func TestAnUnreadVerificationIsNone(t *testing.T) {
	t.Parallel()
	now := strconv.FormatInt(time.Now().Unix(), 10)
	for name, tt := range map[string]struct {
		status int
		v1, v2 string
		code   payment.Code
	}{
		"silent": {502, `busy`, `busy`, payment.CodePGUnavailable},
		"not done": {
			200, `{"code":0,"response":{"imp_uid":"v-1","certified":false,"name":"홍길동","birthday":"1988-07-17","certified_at":` + now + `}}`,
			`{"status":"FAILED","id":"v-1"}`, payment.CodeIdentityRefused,
		},
		"another's": {
			200, `{"code":0,"response":{"imp_uid":"v-2","certified":true,"name":"홍길동","birthday":"1988-07-17","certified_at":1}}`,
			`{"status":"VERIFIED","id":"v-2"}`, payment.CodePGUnavailable,
		},
		"at no time": {
			200, `{"code":0,"response":{"imp_uid":"v-1","certified":true,"name":"홍길동","birthday":"1988-07-17"}}`,
			`{"status":"VERIFIED","id":"v-1","verifiedCustomer":{"name":"홍길동","birthDate":"1988-07-17"}}`, payment.CodePGUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for pg, body := range map[string]string{"portone1": tt.v1, "portone": tt.v2} {
				h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
					if !strings.Contains(r.URL.Path, "certifications") && !strings.Contains(r.URL.Path, "identity-verifications") {
						w.WriteHeader(http.StatusNotFound)
						fmt.Fprint(w, `{"code":-1,"message":"none","response":null}`)
						return
					}
					w.WriteHeader(tt.status)
					fmt.Fprint(w, body)
				}, fixture.KeysBy(pg), wantsIdentity)
				path, call := "/portone/v1/subscribe/customers/k", `{"card_number":"1","expiry":"2039-04","birth":"880717","customer_name":"홍길동"}`
				if pg == "portone" {
					path = "/portone/v2/billing-keys"
					call = `{"channelKey":"channel-key-v2-billing","customer":{"name":{"full":"홍길동"}},"method":{"card":{"credential":` +
						`{"number":"4111","birthOrBusinessRegistrationNumber":"880717"}}}}`
				}
				a := h.call("POST", path, call, headerIdentity, "v-1")
				if r, _ := api.last(); code(a) != string(tt.code) || r.Method == http.MethodPost {
					t.Errorf("at %s: %d %s, last %s", pg, a.status, a.body, r.Method)
				}
			}
		})
	}
}
