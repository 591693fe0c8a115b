package portonev1_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

// lists serves V1's lists: what it is told to answer to each path, and an empty list otherwise.
type lists struct {
	answers map[string]string
	status  int
	asked   []string
}

func (s *lists) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/portone/v1/users/getToken" {
		_, _ = io.WriteString(w, `{"code":0,"message":null,"response":{"access_token":"t","now":1000,"expired_at":2800}}`)
		return
	}
	status, q := strings.TrimPrefix(r.URL.Path, "/portone/v1/payments/status/"), r.URL.Query()
	asked := fmt.Sprintf("%s limit=%s page=%s", status, q.Get("limit"), q.Get("page"))
	s.asked = append(s.asked, asked+" from="+q.Get("from")+" to="+q.Get("to"))
	body, ok := s.answers[asked]
	if !ok {
		body = list(0)
	}
	if s.status != 0 {
		w.WriteHeader(s.status)
	}
	_, _ = io.WriteString(w, body)
}

func list(next int, items ...string) string {
	return fmt.Sprintf(
		`{"code":0,"message":null,"response":{"total":9,"previous":0,"next":%d,"list":[%s]}}`, next, strings.Join(items, ","),
	)
}

// item is a payment of a list with some fields changed, as in `"amount":1`.
func item(changes string) string {
	var fields map[string]json.RawMessage
	for _, text := range []string{
		`{"imp_uid":"imp_1","merchant_uid":"A1","status":"paid","amount":1000,"cancel_amount":0,"currency":"KRW","sandbox":false,` +
			`"vbank_num":null,"started_at":100,"paid_at":200,"cancelled_at":0,"custom_data":"{}"}`, "{" + changes + "}",
	} {
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			panic(err)
		}
	}
	text, _ := json.Marshal(fields)
	return string(text)
}

func listAll(t *testing.T, s *lists) (payments []adapters.Listed, odd int, err error) {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	acc := account(srv.URL)
	acc.PG.ReadTimeout = 5 * time.Second
	d := portonev1.New(onewrite.New(onewrite.Options{}), nil)
	req := adapters.ListRequest{PG: acc.PG, From: time.Unix(1000, 0), Until: time.Unix(2000, 0), Now: time.Unix(2000, 0)}
	for range 20 {
		page, err := d.List(t.Context(), req)
		if err != nil {
			return payments, odd, err
		}
		payments, odd = append(payments, page.Payments...), odd+page.Odd
		if req.Next = page.Next; req.Next == "" {
			return payments, odd, nil
		}
	}
	t.Fatal("the list does not end")
	return nil, 0, nil
}

func TestListReadsEveryPageOfWhatMovesMoney(t *testing.T) {
	t.Parallel()
	s := &lists{answers: map[string]string{
		"paid limit=250 page=1":      list(2, item(""), item(`"imp_uid":"imp_2","cancel_amount":400`)),
		"paid limit=250 page=2":      list(0, item(`"imp_uid":"imp_3","sandbox":true,"amount":0`)),
		"cancelled limit=250 page=1": list(0, item(`"imp_uid":"imp_4","cancel_amount":1000,"cancelled_at":300`), item(`"imp_uid":"imp_5","cancel_amount":1,"cancelled_at":300`), item(`"imp_uid":"imp_6","paid_at":0`)),
		"ready limit=250 page=1":     list(0, item(`"imp_uid":"imp_7","paid_at":0`), item(`"imp_uid":"imp_8","paid_at":0,"vbank_num":"123"`)),
	}}
	got, odd, err := listAll(t, s)
	if err != nil || odd != 0 {
		t.Fatal(odd, err)
	}
	at := func(sec int64) time.Time { return time.Unix(sec, 0).UTC() }
	want := []adapters.Listed{
		{OrderRef: "A1", PGTxID: "imp_1", Outcome: payment.OutcomeApproved, Amount: 1000, At: at(200)},
		{OrderRef: "A1", PGTxID: "imp_2", Outcome: payment.OutcomeApproved, Amount: 1000, Cancelled: 400, At: at(200)},
		{OrderRef: "A1", PGTxID: "imp_3", Outcome: payment.OutcomeApproved, At: at(200), Test: true},
		{OrderRef: "A1", PGTxID: "imp_4", Outcome: payment.OutcomeCancelled, Amount: 1000, Cancelled: 1000, At: at(300)},
		{OrderRef: "A1", PGTxID: "imp_5", Outcome: payment.OutcomeApproved, Amount: 1000, Cancelled: 1, At: at(300)},
		{OrderRef: "A1", PGTxID: "imp_8", Outcome: payment.OutcomeIssued, Amount: 1000, At: at(100)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"paid limit=250 page=1 from=1000 to=2000", "paid limit=250 page=2 from=1000 to=2000",
		"cancelled limit=250 page=1 from=1000 to=2000", "ready limit=250 page=1 from=1000 to=2000",
	}, s.asked); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
}

func TestListPassesOverWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	got, odd, err := listAll(t, &lists{answers: map[string]string{"paid limit=250 page=1": list(
		0, item(`"amount":12.5`), item(`"amount":"1000"`), item(`"merchant_uid":7`), item(`"imp_uid":"../x"`),
		item(`"cancel_amount":2000`), item(""),
	)}})
	if err != nil || odd != 5 || len(got) != 1 {
		t.Errorf("%v, %d odd, %v", got, odd, err)
	}
}

// A buyer who changes his window's currency pays under our id all the same.
func TestListTellsOfAnotherCurrency(t *testing.T) {
	t.Parallel()
	got, odd, err := listAll(t, &lists{answers: map[string]string{
		"paid limit=250 page=1":      list(0, item(`"currency":"USD","amount":12.5`)),
		"cancelled limit=250 page=1": list(0, item(`"currency":"USD","amount":12.5,"cancel_amount":12.5`)),
	}})
	if err != nil || odd != 0 || len(got) != 2 || !got[0].Foreign || got[0].Won() != 1 || got[1].Won() != 0 {
		t.Errorf("%+v, %d odd, %v", got, odd, err)
	}
}

func TestListOfLongPaymentsIsReadInParts(t *testing.T) {
	t.Parallel()
	long := item(`"custom_data":"` + strings.Repeat("x", 1<<20) + `"`)
	s := &lists{answers: map[string]string{
		"paid limit=250 page=1": list(2, item("")), "paid limit=250 page=2": list(0, long),
		"paid limit=10 page=26": list(27, item(`"imp_uid":"imp_2"`)), "paid limit=10 page=27": list(0, item(`"imp_uid":"imp_3"`)),
	}}
	got, _, err := listAll(t, s)
	if err != nil || len(got) != 3 {
		t.Errorf("%v, %v; asked %q", got, err, s.asked)
	}
}

func TestListFailsOnWhatIsNoList(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body   string
		status int
	}{
		"an error in the envelope":  {`{"code":1,"message":"x","response":null}`, 200},
		"an error beside a list":    {strings.Replace(list(0), `"code":0`, `"code":-1`, 1), 200},
		"no list":                   {`{"code":0,"message":null,"response":{}}`, 200},
		"another's JSON":            {`{"hello":"world"}`, 200},
		"not JSON":                  {`{`, 200},
		"a failure":                 {`{"code":-1,"message":"x","response":null}`, 500},
		"a first page out of range": {`{"code":-1,"message":"x","response":null}`, 400},
		"somebody else's 404":       {`{"hello":"world"}`, 404},
	} {
		s := &lists{answers: map[string]string{"paid limit=250 page=1": tt.body}, status: tt.status}
		if _, _, err := listAll(t, s); !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	empty := &lists{answers: map[string]string{}, status: 404}
	for _, status := range []string{"paid", "cancelled", "ready"} {
		empty.answers[status+" limit=250 page=1"] = `{"code":-1,"message":"x","response":null}`
	}
	if got, _, err := listAll(t, empty); err != nil || len(got) != 0 {
		t.Errorf("V1's own 404 is an empty list: %v, %v", got, err)
	}
}
