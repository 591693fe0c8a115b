package simulation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// simWindow is a span of a schedule.
type simWindow struct{ from, until time.Duration }

func (s simWindow) holds(at time.Duration) bool { return at >= s.from && at < s.until }

// simWeather is how bad a schedule is: chances per event, and when who is down.
type simWeather struct {
	crash   float64 // that a process dies within its first steps
	network float64 // that a request or an answer is disturbed
	journal float64
	stall   float64
	browser float64
	// closed are the PGs' maintenance windows, by the beginning of the path.
	closed      map[string]simWindow
	journalDown simWindow
	// shuts makes a PG close for a while as soon as an answer about money was lost, so that the undo is late.
	shuts bool
	// wordFirst makes PortOne wait for its word to be heard before it answers anybody, v1Again makes V1 repeat
	// words, deaf makes PortOne go on when it hears no answer to its question, forms makes its words look older.
	wordFirst, v1Again, deaf, forms bool
	// lists tells that PGs list in the storm too, and not only when it is over.
	lists bool
	// cancels is how PortOne V2's cancels end.
	cancels string

	shop []simShopTurn
	lies []simLie
}

// simLie is a moment from which a PG's next answer to an operation states something wrong.
type simLie struct {
	at    time.Duration
	fault sandbox.Fault
}

// simShopTurn is a moment at which the shop's confirm gate changes its mind.
type simShopTurn struct {
	at   time.Duration
	mode string
}

// newSimWeather draws a schedule's weather: one in four is calm but for crashes, one in four is a storm.
func newSimWeather(r *rand.Rand) simWeather {
	level := []float64{0, 0.03, 0.08, 0.25}[r.IntN(4)]
	w := simWeather{
		crash: []float64{0, 0.5, 0.8}[r.IntN(3)], network: level, browser: 0.1 + level,
		journal: []float64{0, 0, 0.01, 0.05}[r.IntN(4)], stall: []float64{0, 0, 0.005, 0.02}[r.IntN(4)],
		closed: map[string]simWindow{},
	}
	span := func() simWindow {
		from := time.Duration(r.Int64N(int64(10 * time.Minute)))
		return simWindow{from, from + time.Duration(r.Int64N(int64(15*time.Minute)))}
	}
	for _, path := range []string{"/inicis/stg", "/inicis/iniapi", "/portone/v1", "/portone/v2", "/shop/payment-events"} {
		if r.Float64() < 0.12 {
			w.closed[path] = span()
		}
	}
	if r.Float64() < 0.1 {
		w.journalDown = span()
		w.journalDown.until = w.journalDown.from + (w.journalDown.until-w.journalDown.from)/6
	}
	w.shuts = r.Float64() < 0.3
	for range r.IntN(5) - 2 {
		pg := []string{"inicis", "portone_v1", "portone_v2"}[r.IntN(3)]
		kind := []sandbox.FaultKind{sandbox.FaultWrongAmount, sandbox.FaultWrongMID, sandbox.FaultWrongOrder, sandbox.FaultGarbage}[r.IntN(4)]
		op := []string{"approve", "lookup", "cancel"}[r.IntN(3)]
		if pg == "portone_v1" && op == "approve" {
			op = "lookup"
		}
		w.lies = append(w.lies, simLie{time.Duration(r.Int64N(int64(3 * time.Minute))), sandbox.Fault{PG: pg, Operation: op, Kind: kind}})
	}
	for at := time.Duration(0); r.Float64() < 0.35; {
		at += time.Duration(r.Int64N(int64(4 * time.Minute)))
		w.shop = append(w.shop, simShopTurn{at, []string{"yes", "no", "slow", "down"}[r.IntN(4)]})
	}
	w.wordFirst, w.v1Again, w.deaf, w.forms = r.Float64() < 0.25, r.Float64() < 0.5, r.Float64() < 0.3, r.Float64() < 0.3
	w.cancels = []string{"at_once", "at_once", "later", "later_fails"}[r.IntN(4)]
	return w
}

// storm tells whether faults are still being made.
func (w *simWorld) storm() bool { return !w.healed.Load() }

// errSimReset is what a connection that was cut reads as.
var errSimReset = errors.New("connection reset by peer")

// simTransport is the network between a pod and everybody else. What was handed to it travels on by itself:
// neither the caller's patience nor his death calls it back.
type simTransport struct{ p *simPod }

// simAnswer is what arrived, or how it did not.
type simAnswer struct {
	status int
	header http.Header
	body   []byte
	cut    bool
	err    error
}

// RoundTrip implements http.RoundTripper as a one-write client does.
func (t simTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	p, w := t.p, t.p.w
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
	}
	path := req.URL.RequestURI()
	kind, ref := simKind(req.Method, path, body)
	who := w.nameIn(path + "\n" + req.Header.Get("Webhook-Id") + "\n" + ref + "\n" + string(body))
	name := p.name + " sends " + kind + " " + who
	r := w.draw(name)
	p.step(name)
	if !p.pause(req.Context(), 100*time.Microsecond+time.Duration(r.Int64N(int64(5*time.Millisecond)))) {
		return nil, fmt.Errorf("%w: %w", onewrite.ErrNotSent, req.Context().Err())
	}
	// Between the last look at the deadline and the write anything may pass.
	p.freeze(r)
	fate := w.fate(r, path, kind)
	w.tracef("%s: %s", name, fate)
	if fate == "refused" {
		w.tally("connection_refused")
		return nil, fmt.Errorf("%w: connection refused", onewrite.ErrNotSent)
	}
	if simMovesMoney(kind) {
		w.mu.Lock()
		w.writes = append(w.writes, simWrite{time.Since(w.start), kind, ref, p.name})
		w.mu.Unlock()
		w.tally("wrote_" + kind)
	}
	if fate != "ok" {
		w.tally(fate)
		w.shut(path, kind, fate)
	}
	arrived := make(chan simAnswer, 1)
	go w.carry(req, path, body, newSimTrip(fate, r), arrived)
	p.step(name + " sent")
	var a simAnswer
	select {
	case a = <-arrived:
	case <-req.Context().Done():
		a = simAnswer{err: req.Context().Err()}
	case <-p.dead:
	}
	p.step(name + " answered")
	p.freeze(r)
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{
		StatusCode: a.status, Header: a.header, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: &simBody{ctx: req.Context(), Reader: bytes.NewReader(a.body), cut: a.cut},
	}, nil
}

// simBody is the body of an answer, which may end too early.
type simBody struct {
	ctx context.Context
	*bytes.Reader
	cut bool
}

func (b *simBody) Read(out []byte) (int, error) {
	n, err := b.Reader.Read(out)
	if errors.Is(err, io.EOF) && b.cut {
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *simBody) Close() error { return nil }

// fate draws what becomes of a request. What is about money is disturbed more often.
func (w *simWorld) fate(r *rand.Rand, path, kind string) string {
	if !w.storm() {
		return "ok"
	}
	if w.closed(path) {
		return "maintenance"
	}
	chance := w.weather.network
	if simMovesMoney(kind) {
		chance *= 2
	}
	if r.Float64() >= chance {
		return "ok"
	}
	fates := []string{
		"refused", "request_lost", "request_reset", "answer_lost", "answer_reset", "answer_truncated", "late_request",
		"late_answer", "busy_before", "busy_after", "answer_lost", "late_request",
	}
	return fates[r.IntN(len(fates))]
}

func (w *simWorld) closed(path string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for prefix, s := range w.weather.closed {
		if strings.HasPrefix(path, prefix) && s.holds(time.Since(w.start)) {
			return true
		}
	}
	return false
}

// shut closes a PG for a while when an answer about money was lost, if the weather is of that kind.
func (w *simWorld) shut(path, kind, fate string) {
	if !w.weather.shuts || !simMovesMoney(kind) || fate == "maintenance" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Since(w.start)
	parts := strings.SplitN(path, "/", 4)
	w.weather.closed["/"+parts[1]+"/"+parts[2]] = simWindow{now + 10*time.Millisecond, now + 14*time.Minute}
	w.counts["pg_closes_after_lost_answer"]++
}

// simTrip is what becomes of a request and how long it takes.
type simTrip struct {
	fate       string
	away, back time.Duration
}

func newSimTrip(fate string, r *rand.Rand) simTrip {
	t := simTrip{
		fate: fate,
		away: 200*time.Microsecond + time.Duration(r.Int64N(int64(40*time.Millisecond))),
		back: 200*time.Microsecond + time.Duration(r.Int64N(int64(40*time.Millisecond))),
	}
	long := time.Duration(r.Int64N(int64(4 * time.Minute)))
	switch fate {
	case "late_request":
		t.away += long
	case "late_answer":
		t.back += long
	}
	return t
}

// carry takes a request to the other side and its answer back.
func (w *simWorld) carry(req *http.Request, path string, body []byte, t simTrip, arrived chan<- simAnswer) {
	busy := simAnswer{
		status: http.StatusServiceUnavailable, header: http.Header{"Content-Type": {"text/html"}}, body: []byte("<html>점검 중입니다</html>"),
	}
	if t.fate == "request_lost" {
		return
	}
	time.Sleep(t.away)
	switch t.fate {
	case "request_reset":
		arrived <- simAnswer{err: errSimReset}
		return
	case "maintenance", "busy_before":
		time.Sleep(t.back)
		arrived <- busy
		return
	}
	a := w.handle(req.Method, path, req.Header, body)
	a = w.handleSecond(a, req.Method, path, req.Header, body)
	if path == "/shop/payment-events" && a.status < 300 {
		w.hears(body)
	}
	time.Sleep(t.back)
	switch t.fate {
	case "answer_lost":
		return
	case "answer_reset":
		a = simAnswer{err: errSimReset}
	case "answer_truncated":
		a.body, a.cut = a.body[:len(a.body)/2], true
	case "busy_after":
		a = busy
	}
	arrived <- a
}

// handle lets the sandbox answer.
func (w *simWorld) handle(method, path string, header http.Header, body []byte) simAnswer {
	req := httptest.NewRequest(method, "http://127.0.0.1:7070"+path, bytes.NewReader(body))
	maps.Copy(req.Header, header)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req)
	return simAnswer{status: rec.Code, header: rec.Result().Header, body: w.unalias(rec.Body.Bytes())}
}

// simMovesMoney tells the requests that may be written once per try only; those about keys and times of charges move
// money later.
func simMovesMoney(kind string) bool {
	switch kind {
	case "approve", "charge", "key_in", "schedule", "move", "issue", "drop_key", "net_cancel", "refund", "confirm", "v1_cancel", "v2_cancel", "inicis_close", "v1_close", "v2_close":
		return true
	}
	return false
}
