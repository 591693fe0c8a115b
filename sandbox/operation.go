package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds what a stand-in reads of one request.
const maxBody = 1 << 20

// call is one request to a stand-in, read whole.
type call struct {
	r    *http.Request
	body []byte
	// base is the sandbox's own origin as the caller sees it.
	base string
	now  time.Time
	// ref is the order reference, once the operation knows it.
	ref string
	// refused is why the shop would not have the payment approved, when it was asked.
	refused string
	// decline is why the PG refuses the payment, when a fault says that it does.
	decline *decline
	// notices are the webhooks that the operation gives rise to, and send how they are sent when the request says so.
	notices []notice
	send    NoticeMode
}

// form reads a form-urlencoded body.
func (c *call) form() url.Values {
	v, err := url.ParseQuery(string(c.body))
	if err != nil {
		return url.Values{}
	}
	return v
}

// answer is what a stand-in says.
type answer struct {
	status      int
	contentType string
	body        []byte
	location    string
	// session is what the browser is to send along from now on.
	session string
}

func jsonAnswer(status int, v any) answer {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return answer{status: http.StatusInternalServerError, contentType: "text/plain", body: []byte(err.Error())}
	}
	return answer{status: status, contentType: "application/json; charset=utf-8", body: bytes.TrimSpace(buf.Bytes())}
}

func (a answer) write(w http.ResponseWriter) {
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	if a.session != "" {
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // the demo speaks plain http, to this machine
			Name: sessionCookie, Value: a.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// operation is one thing that a stand-in can be asked to do. do runs under the sandbox's mutex.
type operation struct {
	s    *Sandbox
	pg   string
	name string
	do   func(*call) answer
	// before, when set, runs first and without the mutex.
	before func(*call)
	// begin, when set, may answer in place of do; otherwise end is called with the answer once it is final.
	begin func(*call) (a answer, answered bool, end func(answer))
}

// handle registers an operation.
func (s *Sandbox) handle(pattern, pg, name string, do func(*call) answer) {
	s.mux.Handle(pattern, operation{s: s, pg: pg, name: name, do: do})
}

// handleAsking registers an operation before which the shop may have to be asked.
func (s *Sandbox) handleAsking(pattern, pg, name string, before func(*call), do func(*call) answer) {
	s.mux.Handle(pattern, operation{s: s, pg: pg, name: name, before: before, do: do})
}

// origin is the sandbox's own origin as the caller addressed it, for links to itself.
func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// ServeHTTP plays the fault that is due, if any, around the operation.
func (o operation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the body is too large or broken", http.StatusRequestEntityTooLarge)
		return
	}
	// Whatever was due before this request came is done before it.
	o.s.FireDue() //nolint:contextcheck // a notice outlives the request it is about
	c := &call{r: r, body: body, base: origin(r)}
	order, err := o.ordered(r)
	if err != nil {
		jsonAnswer(http.StatusBadRequest, map[string]string{"error": err.Error()}).write(w)
		return
	}
	c.send = order.send
	f, run := o.arrive(r, order.fault)
	if f.Kind == FaultDropBeforeCommit {
		hangUp(w)
		return
	}
	if f.Kind == FaultStatus {
		faultAnswer(f).write(w)
		return
	}
	a, answered, end := o.start(c)
	if !answered {
		if o.before != nil {
			o.before(c)
		}
		a = o.perform(c, run, f)
		if end != nil {
			o.s.mu.Lock()
			end(a)
			o.s.mu.Unlock()
		}
	}
	// Ahead of the answer: with NoticeBefore the shop is told first.
	o.s.publishAs(c.notices, c.send) //nolint:contextcheck // a notice outlives the request it is about
	deliver(w, a, f)
}

// perform does the work, with the delay that the fault asks for on the right side of it.
func (o operation) perform(c *call, run *Execution, f Fault) answer {
	if f.Kind == FaultDelayBeforeCommit {
		o.s.wait(f.DelayMS)
	}
	if f.Kind == FaultDecline {
		c.decline = declineFor(f.Reason)
	}
	a := o.commit(c, run)
	if f.Kind == FaultDelay {
		o.s.wait(f.DelayMS)
	}
	return a
}

// deliver sends the answer, or what the fault makes of it.
func deliver(w http.ResponseWriter, a answer, f Fault) {
	switch f.Kind {
	case FaultDropAfterCommit:
		hangUp(w)
	case FaultHalfBody:
		halve(w, a)
	case FaultStatusAfterCommit:
		faultAnswer(f).write(w)
	case FaultGarbage:
		answer{
			status: http.StatusOK, contentType: "text/html; charset=utf-8", body: []byte("<html><body>점검 중입니다</body></html>"),
		}.write(w)
	case FaultWrongAmount, FaultWrongMID, FaultWrongOrder, FaultWrongMode:
		a.body = falsify(f.Kind, a.body)
		a.write(w)
	case FaultDelay, FaultDelayBeforeCommit, FaultDropBeforeCommit, FaultStatus, FaultDecline, "":
		a.write(w)
	}
}

func faultAnswer(f Fault) answer {
	a := answer{status: f.Status, contentType: "text/plain; charset=utf-8", body: []byte("sandbox fault")}
	if f.Body != "" {
		a.body = []byte(f.Body)
	}
	switch {
	case strings.HasPrefix(f.Body, "{"):
		a.contentType = "application/json; charset=utf-8"
	case strings.HasPrefix(f.Body, "<"):
		a.contentType = "text/html; charset=utf-8"
	}
	return a
}

// arrive notes that the request came in and takes the fault that is due: the one that the request asks for itself, if
// it does.
func (o operation) arrive(r *http.Request, own *Fault) (Fault, *Execution) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	if own != nil {
		return *own, o.s.arrive(o.pg, o.name, r)
	}
	return o.s.takeFault(o.pg, o.name), o.s.arrive(o.pg, o.name, r)
}

// start lets begin answer in place of the operation.
func (o operation) start(c *call) (a answer, answered bool, end func(answer)) {
	if o.begin == nil {
		return answer{}, false, nil
	}
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	c.now = o.s.cfg.Now()
	return o.begin(c)
}

// commit does the work, whether or not the caller still waits for it.
func (o operation) commit(c *call, run *Execution) answer {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	c.now = o.s.cfg.Now()
	a := o.do(c)
	run.Ref = c.ref
	run.Done = true
	run.Status = a.status
	o.s.cfg.Logger.Debug("sandbox operation", slog.String("pg", o.pg), slog.String("operation", o.name),
		slog.String("ref", c.ref), slog.Int("status", a.status))
	return a
}

// falsify makes a JSON answer state another amount, MID or order than what was done.
func falsify(kind FaultKind, body []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return body
	}
	return jsonAnswer(http.StatusOK, falsified(kind, v)).body
}

func falsified(kind FaultKind, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = falsifiedField(kind, key, falsified(kind, item))
		}
	case []any:
		for i := range v {
			v[i] = falsified(kind, v[i])
		}
	}
	return v
}

func falsifiedField(kind FaultKind, key string, v any) any {
	switch {
	case kind == FaultWrongAmount && strings.Contains(" TotPrice price amount total paid totalAmount ", " "+key+" "):
		switch n := v.(type) {
		case string:
			if won, err := strconv.ParseInt(n, 10, 64); err == nil {
				return strconv.FormatInt(won+1000, 10)
			}
		case json.Number:
			if won, err := n.Int64(); err == nil {
				return json.Number(strconv.FormatInt(won+1000, 10))
			}
		}
	case kind == FaultWrongMode && key == "sandbox":
		if test, ok := v.(bool); ok {
			return !test
		}
	case kind == FaultWrongMode && key == "type" && v == "TEST":
		return "LIVE"
	case kind == FaultWrongMode && key == "type" && v == "LIVE":
		return "TEST"
	case kind == FaultWrongMID && strings.Contains(" mid pg_id pgMerchantId ", " "+key+" "):
		return "WRONGMID00"
	case kind == FaultWrongOrder && strings.Contains(" MOID oid merchant_uid id order_id ", " "+key+" "):
		return "somebody-elses-order"
	}
	return v
}
