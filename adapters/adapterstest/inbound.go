package adapterstest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Letter is a message as the PG really sends it, and what its driver must read of it.
type Letter[T any] struct {
	Name   string
	Header http.Header
	Body   string
	Want   T
}

// Inbound is what comes to a driver's addresses (payment.Routes): one example of each kind that the driver knows.
type Inbound struct {
	Driver adapters.Driver
	PG     *payment.PG
	// Now is when the messages come in.
	Now time.Time
	// Returns and KeyReturns are forms that windows make browsers post, of buyers who came through. They are needed
	// where the driver's windows carry the attempt.
	Returns    []Letter[adapters.Return]
	KeyReturns []Letter[adapters.Return]
	// PhoneReturns are those of windows on phones, of Attempt.
	PhoneReturns []Letter[adapters.Return]
	Attempt      payment.Attempt
	// Notices came to Routes.Notifications or Routes.Deposits, Questions to Routes.Questions.
	Notifications []Letter[adapters.Notification]
	Questions     []Letter[adapters.Question]
}

// RunInbound checks how a driver reads what comes to it: what its PG sends is understood, what can be read in two ways
// is not, and what a forger sends is not believed.
func RunInbound(t *testing.T, in Inbound) {
	t.Helper()
	t.Run("the spec", in.spec)
	if d, ok := in.Driver.(adapters.Returner); ok {
		in.returns(t, "a return", in.Returns, d.ReadReturn)
		for _, l := range in.Returns {
			if err := d.CheckReturn(in.PG, l.Want); err != nil {
				t.Errorf("the return %s is not taken: %v", l.Name, err)
			}
		}
	}
	if d, ok := in.Driver.(adapters.KeyReturner); ok {
		in.returns(t, "a return of a key", in.KeyReturns, d.ReadKeyReturn)
	}
	if d, ok := in.Driver.(adapters.PhoneReturner); ok {
		in.returns(t, "a return of a phone", in.PhoneReturns, d.ReadPhoneReturn)
		for _, l := range in.PhoneReturns {
			if err := d.CheckPhoneReturn(in.PG, in.Attempt, l.Want); err != nil {
				t.Errorf("the return %s is not taken: %v", l.Name, err)
			}
			other := in.Attempt
			other.Amount++
			if err := d.CheckPhoneReturn(in.PG, other, l.Want); !errors.Is(err, adapters.ErrForged) {
				t.Errorf("the return %s is taken for another amount: %v", l.Name, err)
			}
		}
	}
	if d, ok := in.Driver.(adapters.Notifier); ok {
		readsAll(t, "a notification", in.Notifications, func(h http.Header, body string) (adapters.Notification, error) {
			return d.ReadNotification(in.PG, in.message(h, body))
		})
		verified(t, in, in.Notifications)
		_, asks := in.Driver.(adapters.Asker)
		for _, l := range in.Notifications {
			if l.Want.Kind == adapters.NotificationAsks && !asks {
				t.Errorf("the notification %s asks, and the driver has no answer", l.Name)
			}
		}
	}
	if d, ok := in.Driver.(adapters.Asker); ok {
		readsAll(t, "a question", in.Questions, func(h http.Header, body string) (adapters.Question, error) {
			return d.ReadQuestion(in.PG, in.message(h, body))
		})
		verified(t, in, in.Questions)
		t.Run("answers", func(t *testing.T) { answers(t, d) })
	}
}

func (in Inbound) message(h http.Header, body string) adapters.Message {
	return adapters.Message{Header: h, Body: []byte(body), Now: in.Now}
}

// spec wants a driver to say the same every time, and to be able to do what it says.
func (in Inbound) spec(t *testing.T) {
	s := in.Driver.Spec()
	if diff := cmp.Diff(s, in.Driver.Spec()); diff != "" {
		t.Errorf("asked again it says otherwise: %s", diff)
	}
	if s.Name == "" || len(s.Windows) == 0 {
		t.Errorf("it has the name %q and the windows %v", s.Name, s.Windows)
	}
	if err := adapters.CheckRoutes(in.Driver); err != nil {
		t.Error(err)
	}
}

func (in Inbound) returns(
	t *testing.T, what string, letters []Letter[adapters.Return], read func([]byte) (adapters.Return, error),
) {
	t.Helper()
	readsAll(t, what, letters, func(_ http.Header, body string) (adapters.Return, error) { return read([]byte(body)) })
	for _, l := range letters {
		if l.Want.Token == "" || !l.Want.Through {
			t.Errorf("%s %s is of a buyer who came through, and carries the attempt", what, l.Name)
		}
	}
}

// readsAll wants every letter to be read as it is meant, and nothing that could be read in another way too.
func readsAll[T any](t *testing.T, what string, letters []Letter[T], read func(http.Header, string) (T, error)) {
	t.Helper()
	if len(letters) == 0 {
		t.Errorf("there is no example of %s", what)
	}
	for _, l := range letters {
		t.Run(what+" "+l.Name, func(t *testing.T) {
			got, err := read(l.Header, l.Body)
			if diff := cmp.Diff(l.Want, got); err != nil || diff != "" {
				t.Fatalf("%v (-want +got):\n%s", err, diff)
			}
			for name, body := range doubled(l.Body) {
				got, err := read(l.Header, body)
				if diff := cmp.Diff(l.Want, got); err == nil && diff != "" {
					t.Errorf("with %s twice it is read as something else (-once +twice):\n%s", name, diff)
				}
			}
			for _, body := range []string{
				"", "\x00\xff\xfe{", "null", "[]", "{}", "%zz", "a=b", l.Body[:len(l.Body)/2], strings.Repeat("a", 128<<10),
			} {
				got, err := read(l.Header, body)
				if diff := cmp.Diff(l.Want, got); err == nil && diff == "" {
					t.Errorf("%.40q is read as the whole letter", body)
				}
			}
		})
	}
}

// doubled is a body with each of its fields twice, with another value first and last: by the field's name.
func doubled(body string) map[string]string {
	all := map[string]string{}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &object) == nil {
		inner := strings.TrimSpace(body)
		for name := range object {
			field := `"` + name + `":"another"`
			all[name+" (first)"] = "{" + field + "," + inner[1:]
			all[name+" (last)"] = inner[:len(inner)-1] + "," + field + "}"
		}
		return all
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil
	}
	for name := range form {
		all[name+" (first)"] = url.QueryEscape(name) + "=another&" + body
		all[name+" (last)"] = body + "&" + url.QueryEscape(name) + "=another"
	}
	return all
}

// verified wants what a PG signs to be believed as it was sent, when it was sent, and not otherwise.
func verified[T any](t *testing.T, in Inbound, letters []Letter[T]) {
	t.Helper()
	d, signs := in.Driver.(adapters.Verifier)
	if !signs {
		return
	}
	for _, l := range letters {
		t.Run("the signature of "+l.Name, func(t *testing.T) {
			first, err := d.VerifyMessage(in.PG, in.message(l.Header, l.Body))
			again, errAgain := d.VerifyMessage(in.PG, in.message(l.Header, l.Body))
			if err != nil || errAgain != nil || first == "" || first != again {
				t.Fatalf("it has the id %q, and %q when it is said again: %v, %v", first, again, err, errAgain)
			}
			for name, m := range in.forged(l.Header, l.Body) {
				if id, err := d.VerifyMessage(in.PG, m); err == nil {
					t.Errorf("%s: believed as %q", name, id)
				}
			}
			nobody := &payment.PG{ID: in.PG.ID, Driver: in.PG.Driver, Environment: in.PG.Environment}
			if _, err := d.VerifyMessage(nobody, in.message(l.Header, l.Body)); err == nil {
				t.Error("believed where there is nothing to verify with")
			}
		})
	}
}

// forged is what a forger makes of a message: by what he did.
func (in Inbound) forged(h http.Header, body string) map[string]adapters.Message {
	all := map[string]adapters.Message{
		"another body": in.message(h, body+" "),
		"no body":      in.message(h, ""),
	}
	for name := range h {
		if name == "Content-Type" {
			continue
		}
		without, twice := h.Clone(), h.Clone()
		without.Del(name)
		twice.Add(name, "another")
		all["without "+name], all["with two "+name] = in.message(without, body), in.message(twice, body)
	}
	for name, by := range map[string]time.Duration{"an hour late": time.Hour, "an hour early": -time.Hour} {
		m := in.message(h, body)
		m.Now = m.Now.Add(by)
		all[name] = m
	}
	return all
}

// answers wants a yes and a no that no PG takes for the other, and a no that says why.
func answers(t *testing.T, d adapters.Asker) {
	const why = "품절입니다"
	yes, no := d.AnswerQuestion(true, ""), d.AnswerQuestion(false, why)
	if yes.Status/100 != 2 || no.Status/100 == 2 {
		t.Errorf("yes is answered %d, no %d", yes.Status, no.Status)
	}
	said := false
	for _, text := range no.Body {
		said = said || text == why
	}
	if !said {
		t.Errorf("a no says %v, want %q", no.Body, why)
	}
}
