package portonev2_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	issueFields payment.Secret = `{"channelKey":"other","channelGroupId":"g","storeId":"other","method":{"card":{"credential":{"number":"4111"}}}`
	markOfIssue payment.Secret = "pg-gateway:MARK"
)

func issueRequest(base string, fields payment.Secret) adapters.IssueRequest {
	req := chargeRequest(base)
	return adapters.IssueRequest{Account: req.Account, Attempt: keyAttempt(), Key: markOfIssue, Fields: fields}
}

// TestAnIssueSaysWhatWasDecided: the card goes to PortOne as it came, at the store and channel that were decided, marked where
// the caller has no customData of his own.
func TestAnIssueSaysWhatWasDecided(t *testing.T) {
	t.Parallel()
	const sent = `"method":{"card":{"credential":{"number":"4111"}}},"storeId":"store-1"}`
	for _, tt := range []struct {
		name   string
		fields payment.Secret
		want   string
	}{
		{"marked", issueFields + `}`, `{"channelKey":"channel-key-2","customData":"pg-gateway:MARK",` + sent},
		{"the caller's own", issueFields + `,"customData":"mine"}`, `{"channelKey":"channel-key-2","customData":"mine",` + sent},
		{"no object", `[`, ""},
	} {
		base, got := record(t, 200, `{"billingKeyInfo":{"billingKey":"`+keyText+`","channels":[{"type":"TEST","key":"channel-key-2","pgMerchantId":"INIBillTst"}],"issuedAt":"x"}}`)
		r, err := portonev2.New(onewrite.New(onewrite.Options{})).IssueKey(t.Context(), issueRequest(base, tt.fields))
		if tt.want == "" {
			if !errors.Is(err, adapters.ErrRejected) || len(*got) != 0 {
				t.Errorf("%s: %v, sent %v", tt.name, err, *got)
			}
			continue
		}
		want := []request{{"POST /portone/v2/billing-keys", "PortOne " + apiSecret, `"issue-` + ours + `"`, tt.want}}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
		if err != nil || r.Outcome != payment.OutcomeApproved || r.BillingKey != keyText || r.PGTxID != "" || r.ChannelKey != "channel-key-2" {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
	}
}

// TestAnIssueIsFound: by the key once it is known, by its mark before, and never by customData that others may have too.
func TestAnIssueIsFound(t *testing.T) {
	t.Parallel()
	marked := func(data string) string {
		return strings.Replace(keyOf("ISSUED", "x"), `"issueId":"x"`, `"customData":"`+data+`"`, 1)
	}
	alike := strings.Replace(keyOf("ISSUED", "of-a-window"), `"customer"`, `"customData":"pg-gateway:MARK","customer"`, 1)
	for _, tt := range []struct {
		name       string
		key        payment.Secret
		mine       bool
		body       string
		want       payment.Outcome
		isByItself bool
	}{
		{"by itself", keyText, false, marked("anything"), payment.OutcomeApproved, true},
		{"by its mark", markOfIssue, false, keyList(marked("pg-gateway:OTHER"), marked("pg-gateway:MARK")), payment.OutcomeApproved, false},
		{"not there", markOfIssue, false, keyList(marked("pg-gateway:OTHER"), keyOf("ISSUED", theirs)), payment.OutcomeNotFound, false},
		{"a window's with its mark", markOfIssue, false, keyList(alike), payment.OutcomeNotFound, false},
		{"one with the same data", markOfIssue, true, keyList(marked("mine")), payment.OutcomeUnknown, false},
		{"none with the same data", markOfIssue, true, keyList(marked("pg-gateway:MARK"), marked("theirs")), payment.OutcomeNotFound, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if strings.HasSuffix(r.URL.Path, "/billing-keys/"+keyText) != tt.isByItself || r.Method != http.MethodGet {
					t.Errorf("asked %s %s", r.Method, r.URL)
				}
				_, _ = w.Write([]byte(tt.body))
			}))
			t.Cleanup(server.Close)
			d := portonev2.New(onewrite.New(onewrite.Options{}))
			req := adapters.LookUpRequest{Account: issueRequest(server.URL+"/portone/v2", "").Account, Attempt: keyAttempt(), Key: tt.key}
			if tt.mine {
				ask, err := d.ReadCall(req.PG, adapters.APICall{
					Method: http.MethodPost, Path: "/billing-keys", ContentType: "application/json",
					Body: []byte(`{"channelKey":"c","customData":"mine","method":{"card":{"credential":{"number":"4111"}}}}`),
				})
				if req.Mark = ask.Issue.Mark; err != nil || req.Mark == "" || ask.Issue.Named {
					t.Fatalf("%+v, %v", ask.Issue, err)
				}
			}
			r, err := d.LookUp(t.Context(), req)
			if err != nil || r.Outcome != tt.want || r.OrderRef != ours {
				t.Errorf("%+v, %v", r, err)
			}
			if tt.want == payment.OutcomeApproved && (r.BillingKey != keyText || r.ChannelKey != "channel-key-2") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestACardIsReadInOneWay: what is held against the rules is what PortOne reads, be it in a key's issue or a key-in.
func TestACardIsReadInOneWay(t *testing.T) {
	t.Parallel()
	d := portonev2.New(onewrite.New(onewrite.Options{}))
	for path, more := range map[string]string{
		"/billing-keys":         `"channelKey":"c"`,
		"/payments/O-1/instant": `"orderName":"n","amount":{"total":9900},"currency":"KRW"`,
	} {
		for credential, field := range map[string]string{
			`{"number":"4111","birthOrBusinessRegistrationNumber":"880229"}`:                                              "",
			`{"number":"4111","Number":"5555"}`:                                                                           "method.card.credential.number",
			`{"number":"4111","birthOrBusinessRegistrationNumber":"880229","birthorbusinessregistrationnumber":"900101"}`: "method.card.credential.birthOrBusinessRegistrationNumber",
			`{"number":["4111"]}`: "method.card.credential.number",
			`{}`:                  "method.card.credential.number",
		} {
			_, err := d.ReadCall(&payment.PG{}, adapters.APICall{
				Method: "POST", Path: path, ContentType: "application/json", Body: []byte(`{` + more + `,"method":{"card":{"credential":` + credential + `}}}`),
			})
			e, _ := errors.AsType[*adapters.FieldError](err)
			if field == "" && err != nil || field != "" && (e == nil || e.Field != field) {
				t.Errorf("%s %s: %v", path, credential, err)
			}
		}
	}
	_, err := d.ReadCall(&payment.PG{}, adapters.APICall{
		Method: "POST", Path: "/billing-keys", ContentType: "application/json",
		Body: []byte(`{"channelKey":"c","method":{"card":{"credential":{"number":"4111"}}},"customer":{"name":{"separated":{"last":"a","LAST":"b"}}}}`),
	})
	if e, _ := errors.AsType[*adapters.FieldError](err); e == nil || e.Field != "customer.name.separated.last" {
		t.Errorf("a holder's name in two spellings: %v", err)
	}
}
