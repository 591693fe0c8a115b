package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// issueHouse is a house where the order service has cards' numbers itself.
type issueHouse struct {
	*chargeHouse

	uid string
}

// newIssueHouse is a house without any key, at V1.
func newIssueHouse(t *testing.T, edits ...fixture.Edit) *issueHouse {
	t.Helper()
	h := &chargeHouse{
		hookHouse: newHookHouse(t, nil, append([]fixture.Edit{fixture.KeysBy("portone1")}, edits...)...), pg: "portone_v1", op: "again",
	}
	return &issueHouse{chargeHouse: h, uid: "cust-77@card 1"}
}

// The card of the tests, in numbers that stand nowhere else; its masked form has none of them.
const (
	issuedCard  = "4287-9077-1188-0294"
	issuedBirth = "880717"
)

// traceOfACard finds a card's data, also without its hyphens.
var traceOfACard = regexp.MustCompile(`9077-?1188|` + issuedBirth)

// issueAtAPI has a key issued at PortOne's own API. change may alter the body.
func (h *issueHouse) issueAtAPI(change func(body map[string]any), headers ...string) answer {
	h.t.Helper()
	body := map[string]any{
		"channel_key": "channel-key-v1-billing", "card_number": issuedCard, "expiry": "2039-04", "birth": issuedBirth,
		"pwd_2digit": "83", "customer_name": "홍길동", "customer_tel": "010-4242-4242",
	}
	if change != nil {
		change(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("POST", "/portone/v1/subscribe/customers/"+strings.ReplaceAll(h.uid, " ", "%20"), string(text), headers...)
}

func (h *issueHouse) issues() int { return len(h.sandbox.Executions(h.pg, "issue", "")) }

// issuedIn is the attempt of an answer that says in V1's form that the key is issued.
func (h *issueHouse) issuedIn(a answer) payment.AttemptID {
	h.t.Helper()
	k, _ := a.json["response"].(map[string]any)
	if a.status != 200 || a.json["code"] != 0.0 || k["customer_uid"] != h.uid || k["pg_id"] != "INIBillTst" {
		h.t.Errorf("answered %d %s", a.status, a.body)
	}
	return payment.AttemptID(a.header.Get(headerAttempt))
}

// told counts the messages of a type that wait for the shop.
func (h *issueHouse) told(kind string) (n int) {
	h.t.Helper()
	due, err := h.journal.OutboxDue(h.t.Context(), journal.OutboxLane{}, h.g.now(), 20, 1)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, m := range due {
		if m.Type == kind {
			n++
		}
	}
	return n
}

// TestAKeyIsIssued: a card's key is an attempt: decided, on record before it is sent, told like a window's, chargeable by its
// attempt as by its name, and never in the place of a card that is there.
func TestAKeyIsIssued(t *testing.T) {
	t.Parallel()
	h := newIssueHouse(t)
	id := h.issuedIn(h.issueAtAPI(nil))
	if st := h.state(id); st.State != payment.StateApproved || st.Purpose != payment.PurposeBillingKey || st.Amount != 0 || st.Merchant != "2109" {
		t.Errorf("on record %+v", st)
	}
	if n := h.told(payment.MessageBillingKey); n != 1 {
		t.Errorf("the shop was told %d times", n)
	}
	if a := h.issueAtAPI(nil); code(a) != string(payment.CodeKeyInUse) || a.status != 409 || !strings.Contains(string(a.body), "X-PG-Gateway-Replace: true") {
		t.Errorf("again: %d %s", a.status, a.body)
	}
	if h.issues() != 1 {
		t.Errorf("sent %d", h.issues())
	}
	for _, by := range []map[string]any{{"attempt_id": string(id)}, {"customer_uid": h.uid}} {
		h.newOrder()
		by["billing_key"] = nil
		if a := h.charge("of-"+h.order, by); a.status != 200 || a.json["state"] != "approved" {
			t.Errorf("charged by %v: %d %s", by, a.status, a.body)
		}
	}
}

// TestAnIssueIsSentOnce: an attempt that is on record already sends nothing.
func TestAnIssueIsSentOnce(t *testing.T) {
	t.Parallel()
	h := newIssueHouse(t)
	a := h.state(h.issuedIn(h.issueAtAPI(nil)))
	a.State = payment.StateOpened
	_, err := h.g.machine.IssueKey(t.Context(), lifecycle.IssueAsk{
		Attempt: a, Key: payment.Secret(h.uid), Fields: `{"card_number":"5287-9077-1188-0294","expiry":"2039-04"}`,
	})
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeKeyUnknown || h.issues() != 1 {
		t.Errorf("%v, sent %d", err, h.issues())
	}
}

// TestAUsedKeyIsReplacedWhenWished: by the caller's header or by the configuration, and by nothing else.
func TestAUsedKeyIsReplacedWhenWished(t *testing.T) {
	t.Parallel()
	allow := func(c *fixture.Config) { c.More = "\nbilling: { replace_key: allow }\n" }
	deny := func(c *fixture.Config) { c.More = "\nbilling: { replace_key: deny }\n" }
	for _, tt := range []struct {
		name   string
		edit   fixture.Edit
		header []string
		code   payment.Code
	}{
		{"the header", deny, []string{headerReplace, "true"}, ""},
		{"the configuration", allow, nil, ""},
		{"the header says no", deny, []string{headerReplace, "false"}, payment.CodeKeyInUse},
		{"the header says neither", allow, []string{headerReplace, "1"}, payment.CodeInvalidField},
		{"nothing", deny, nil, payment.CodeKeyInUse},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newIssueHouse(t, tt.edit)
			first := h.issuedIn(h.issueAtAPI(nil))
			a := h.issueAtAPI(func(b map[string]any) { b["card_number"] = "5287-9077-1188-0294" }, tt.header...)
			if tt.code != "" {
				if code(a) != string(tt.code) || h.issues() != 1 {
					t.Errorf("answered %d %s, sent %d", a.status, a.body, h.issues())
				}
				return
			}
			if second := h.issuedIn(a); second == first || h.issues() != 2 || h.state(second).State != payment.StateApproved {
				t.Errorf("attempts %s and %s, sent %d", first, second, h.issues())
			}
		})
	}
}

// TestLostIssues: whatever becomes of the answer, the key is issued once, the caller is told in the end, and no other card
// is sent while nobody knows.
func TestLostIssues(t *testing.T) {
	t.Parallel()
	for _, replaced := range []bool{false, true} {
		for _, kind := range []sandbox.FaultKind{
			sandbox.FaultDropAfterCommit, sandbox.FaultGarbage, sandbox.FaultHalfBody, sandbox.FaultStatusAfterCommit,
		} {
			t.Run(fmt.Sprintf("%s %t", kind, replaced), func(t *testing.T) {
				t.Parallel()
				h, before := newIssueHouse(t), 0
				if replaced {
					h.issuedIn(h.issueAtAPI(nil))
					before = 1
				}
				h.fault("issue", sandbox.Fault{Kind: kind, Status: 502})
				a := h.issueAtAPI(func(b map[string]any) { b["card_number"] = "5287-9077-1188-0294" }, headerReplace, "true")
				if id := h.issuedIn(a); h.state(id).State != payment.StateApproved || h.issues() != before+1 || !strings.Contains(string(a.body), "528790") {
					t.Errorf("it is %v, sent %d", h.state(id), h.issues())
				}
				if n := h.told(payment.MessageBillingKey); n != before+1 {
					t.Errorf("the shop was told %d times", n)
				}
			})
		}
		t.Run(fmt.Sprintf("before it was issued %t", replaced), func(t *testing.T) {
			t.Parallel()
			h, before := newIssueHouse(t), 0
			if replaced {
				h.issuedIn(h.issueAtAPI(nil))
				before = 1
			}
			h.fault("issue", sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
			for range 2 {
				if a := h.issueAtAPI(nil, headerReplace, "true"); code(a) != string(payment.CodeKeyUnknown) || a.status != 409 {
					t.Errorf("answered %d %s", a.status, a.body)
				}
			}
			if h.issues() != before+1 {
				t.Errorf("%d were sent", h.issues())
			}
		})
	}
}

// TestALateIssueIsFound: a key that is found when its name is asked for again is the first call's, told to the shop, and not
// overwritten by the second.
func TestALateIssueIsFound(t *testing.T) {
	t.Parallel()
	var reads, writes atomic.Int32
	h, _ := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method == http.MethodPost:
			writes.Add(1)
			w.WriteHeader(http.StatusBadGateway)
		case reads.Add(1) == 1:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"code":-1,"message":"none","response":null}`)
		case reads.Load() == 2:
			w.WriteHeader(http.StatusBadGateway)
		default:
			fmt.Fprint(w, `{"code":0,"response":{"customer_uid":"k","pg_id":"INIBillTst","sandbox":true,"updated":1}}`)
		}
	}, fixture.KeysBy("portone1"))
	for _, want := range []payment.Code{payment.CodeKeyUnknown, payment.CodeKeyInUse} {
		a := h.call("POST", "/portone/v1/subscribe/customers/k", `{"card_number":"1","expiry":"2039-04"}`)
		if code(a) != string(want) || writes.Load() != 1 {
			t.Errorf("answered %d %s, want %s; sent %d", a.status, a.body, want, writes.Load())
		}
	}
	st, _, err := h.journal.Attempt(t.Context(), lifecycle.IssueIDOf("portone1", "k", 1))
	if err != nil || st.State != payment.StateApproved {
		t.Errorf("it is %s (%s), %v", st.State, st.Reason, err)
	}
}

// TestDeclinedIssues: the PG's no is its own word, and another card may be tried under the same name at once.
func TestDeclinedIssues(t *testing.T) {
	t.Parallel()
	h := newIssueHouse(t)
	h.fault("issue", sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
	if a := h.issueAtAPI(nil); a.status != 200 || a.json["code"] == 0.0 || a.json["problem"] != nil || a.json["message"] == "" {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	h.issuedIn(h.issueAtAPI(nil))
	if n := h.told(payment.MessageFailed); n != 0 {
		t.Errorf("%d failures told", n)
	}
}

// TestTwoIssuesAtOnce: of several cards under one name at once, one is sent.
func TestTwoIssuesAtOnce(t *testing.T) {
	t.Parallel()
	h := newIssueHouse(t)
	var wg sync.WaitGroup
	answers := make([]answer, 6)
	for i := range answers {
		wg.Go(func() { answers[i] = h.issueAtAPI(nil) })
	}
	wg.Wait()
	won := 0
	for _, a := range answers {
		switch {
		case a.status == 200:
			won++
		case code(a) != string(payment.CodeKeyUnknown) && code(a) != string(payment.CodeKeyInUse):
			t.Errorf("answered %d %s", a.status, a.body)
		}
	}
	if won != 1 || h.issues() != 1 {
		t.Errorf("%d won, sent %d", won, h.issues())
	}
}

// TestIssuesAreDecided: what the rules, or sense, do not allow is not sent.
func TestIssuesAreDecided(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(map[string]any) { return func(b map[string]any) { b[name] = value } }
	only := func(name string, value any) func(map[string]any) {
		return func(b map[string]any) {
			delete(b, "channel_key")
			b[name] = value
		}
	}
	for _, tt := range []struct {
		name    string
		change  func(map[string]any)
		edit    fixture.Edit
		headers []string
		code    payment.Code
	}{
		{"no contract named", only("pg", ""), nil, nil, ""},
		{"a MID that the rules know", only("pg", "html5_inicis.INIBillTst"), nil, nil, ""},
		{"a MID that they do not", only("pg", "html5_inicis.another"), nil, nil, payment.CodeMerchantNotFound},
		{"a MID of a general contract", only("pg", "html5_inicis.INIpayTest"), nil, nil, payment.CodeMerchantNotFound},
		{"a pg without a MID", only("pg", "html5_inicis"), nil, nil, payment.CodeInvalidField},
		{"another channel", set("channel_key", "channel-key-v1-other"), nil, nil, payment.CodeMerchantNotFound},
		{"a general contract's channel", set("channel_key", "channel-key-v1-inicis"), nil, nil, payment.CodeMerchantNotFound},
		{"a channel group", set("channel_group_id", "g"), nil, nil, payment.CodeInvalidField},
		{"no card", set("card_number", ""), nil, nil, payment.CodeInvalidField},
		{"a method that registers no cards", nil, func(c *fixture.Config) {
			c.Method("card").Purposes = []string{"one_time", "recurring"}
		}, nil, payment.CodePurposeNotSupported},
		{"a link that is off", nil, func(c *fixture.Config) { c.Method("card").Links = fixture.Links("inicis") }, nil, payment.CodeMerchantNotFound},
		{"a control", nil, func(c *fixture.Config) {
			c.Controls = append(c.Controls, fixture.Control{Name: "closed", Methods: []string{"card"}, Daily: []string{"00:00-24:00"}, Message: map[string]string{"ko": "점검"}})
		}, nil, payment.CodeBlockedByControl},
		{"a sub-merchant", nil, nil, []string{"Tier", "ABC"}, payment.CodeCallNotTaken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var edits []fixture.Edit
			if tt.edit != nil {
				edits = append(edits, tt.edit)
			}
			h := newIssueHouse(t, edits...)
			a := h.issueAtAPI(tt.change, tt.headers...)
			if tt.code == "" {
				h.issuedIn(a)
				return
			}
			if code(a) != string(tt.code) || h.issues() != 0 {
				t.Errorf("answered %d %s, want %s; sent %d", a.status, a.body, tt.code, h.issues())
			}
		})
	}
}

// TestAnUnreadKeyIsNotUnused: a PG that does not say whether a name has a card may have one under it, and one of another
// contract is not overwritten by who has only ours.
func TestAnUnreadKeyIsNotUnused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		body   string
		code   payment.Code
	}{
		{"silent", 502, `busy`, payment.CodePGUnavailable},
		{"refused", 200, `{"code":-1,"message":"x","response":null}`, payment.CodePGUnavailable},
		{"another contract's", 200, `{"code":0,"response":{"customer_uid":"k","pg_id":"another","sandbox":true}}`, payment.CodeKeyNotUsable},
		{"for real money", 200, `{"code":0,"response":{"customer_uid":"k","pg_id":"INIBillTst","sandbox":false}}`, payment.CodeKeyNotUsable},
	} {
		h, api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(tt.status)
			fmt.Fprint(w, tt.body)
		}, fixture.KeysBy("portone1"))
		a := h.call("POST", "/portone/v1/subscribe/customers/k", `{"card_number":"1","expiry":"2039-04"}`, headerReplace, "true")
		if r, _ := api.last(); code(a) != string(tt.code) || r.Method == http.MethodPost {
			t.Errorf("%s: answered %d %s, last %s", tt.name, a.status, a.body, r.Method)
		}
	}
	h := newIssueHouse(t)
	h.uid = string(h.g.sealer.newAttemptID(h.g.view().environment, h.g.now()))
	if a := h.issueAtAPI(nil, headerReplace, "true"); code(a) != string(payment.CodeInvalidField) || h.issues() != 0 {
		t.Errorf("under an id of the gateway's: %d %s", a.status, a.body)
	}
}

// TestAnotherKeyThanDecidedIsDeleted: a key at another contract than was decided does not stand.
func TestAnotherKeyThanDecidedIsDeleted(t *testing.T) {
	t.Parallel()
	h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"code":-1,"message":"none","response":null}`)
			return
		}
		fmt.Fprint(w, `{"code":0,"response":{"customer_uid":"k","pg_id":"another","sandbox":true}}`)
	}, fixture.KeysBy("portone1"))
	a := h.call("POST", "/portone/v1/subscribe/customers/k", `{"card_number":"1","expiry":"2039-04"}`)
	if r, _ := api.last(); code(a) != string(payment.CodePGRefused) || r.Method != http.MethodDelete || !strings.HasSuffix(r.URL.Path, "/customers/k") {
		t.Errorf("answered %d %s, last %s %s", a.status, a.body, r.Method, r.URL)
	}
}

// TestACardIsNowhere: whatever becomes of an issue, no card's data is in log, journal, metrics or answers of the gateway's.
func TestACardIsNowhere(t *testing.T) {
	t.Parallel()
	h := newIssueHouse(t)
	heard := ""
	for _, kind := range []sandbox.FaultKind{
		sandbox.FaultDecline, sandbox.FaultGarbage, sandbox.FaultStatus, sandbox.FaultDropBeforeCommit, sandbox.FaultDropAfterCommit, "",
	} {
		h.uid = "cust-of-" + string(kind)
		if kind != "" {
			h.fault("issue", sandbox.Fault{Kind: kind, Status: 502})
		}
		heard += string(h.issueAtAPI(nil).body)
	}
	heard += string(h.issueAtAPI(func(b map[string]any) { b["channel_group_id"] = "g" }).body)
	heard += string(h.issueAtAPI(func(b map[string]any) { b["channel_key"] = "another" }).body)
	heard += string(h.call("POST", "/portone/v1/subscribe/customers/x", "card_number="+issuedCard+"&birth="+issuedBirth+"&expiry=%zz",
		"Content-Type", "application/x-www-form-urlencoded").body)
	metrics := h.send(h.admin, httptest.NewRequest(http.MethodGet, "/metrics", nil)).body
	if !bytes.Contains(metrics, []byte(`operation="issue_key"`)) {
		t.Error("no series of issues")
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(h.config), "journal.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no journal: %v", err)
	}
	texts := map[string]string{"the answers": heard, "the log": h.log.String(), "the metrics": string(metrics)}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(file)] = string(text)
	}
	for where, text := range texts {
		if found := traceOfACard.FindString(text); found != "" || strings.Contains(text, "cust-of-") && where != "the answers" {
			t.Errorf("%s holds a card's data or its customer_uid: %q", where, found)
		}
	}
}
