package simulation

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// How long PortOne waits for an answer to a word and to a question (portone.md §3.2, §3.3).
const (
	simNotificationPatience = 30 * time.Second
	simQuestionPatience     = 10 * time.Second
)

// simLetter is a PG's notification about a payment, which PortOne V2 says again until it is acknowledged, and V1 only
// where that was asked for.
type simLetter struct {
	name        string
	path        string
	contentType string
	// id is V2's; V1's letters are not signed.
	id   string
	body []byte
	// taken tells that a pod acknowledged it.
	taken bool
}

// simPost carries what PGs send to the gateway by themselves.
type simPost struct{ w *simWorld }

// RoundTrip implements http.RoundTripper for the sandbox's webhooks and questions.
func (t simPost) RoundTrip(req *http.Request) (*http.Response, error) {
	w := t.w
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_ = req.Body.Close()
	body = w.unalias(body)
	l := &simLetter{path: req.URL.Path, contentType: req.Header.Get("Content-Type"), id: req.Header.Get("Webhook-Id"), body: body}
	what := "word to " + l.path + " of " + w.nameIn(string(body))
	l.name = fmt.Sprintf("%s #%d", what, w.number(what))
	w.call(l.id, l.name)
	status := http.StatusOK
	if strings.HasSuffix(l.path, "/confirm") {
		status = w.question(req.Context(), l)
	} else {
		w.mu.Lock()
		w.letters = append(w.letters, l)
		w.mu.Unlock()
		first := make(chan struct{})
		w.mail.Go(func() { w.deliver(l, first) })
		if w.weather.wordFirst {
			<-first
		}
	}
	if status == 0 {
		return nil, errSimReset
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Request: req, Body: io.NopCloser(bytes.NewReader(nil))}, nil
}

// deliver says a word until it is acknowledged or PortOne gives up; first is closed after the first try.
func (w *simWorld) deliver(l *simLetter, first chan<- struct{}) {
	waits := []time.Duration{0}
	switch {
	case l.bank():
		waits = []time.Duration{0, 10 * time.Minute, 10 * time.Minute, 10 * time.Minute, 10 * time.Minute, time.Hour, time.Hour, time.Hour, time.Hour, time.Hour, time.Hour}
	case l.id != "":
		waits = []time.Duration{0, time.Minute, 4 * time.Minute, 16 * time.Minute, 64 * time.Minute, 256 * time.Minute}
	case w.weather.v1Again:
		waits = []time.Duration{0, time.Minute, time.Minute, time.Minute, time.Minute, time.Minute}
	}
	for i, wait := range waits {
		if i > 0 {
			w.tally("word_again")
		}
		r := w.draw(l.name)
		time.Sleep(wait + time.Duration(r.Int64N(int64(50*time.Millisecond))))
		status := w.say(l, r)
		if i == 0 {
			close(first)
		}
		if status >= 200 && status < 300 || l.id == "" && !l.bank() && status >= 400 && status < 500 {
			return
		}
	}
}

// say tries once to tell a pod, with what happens to messages on the way; 0 is no answer.
func (w *simWorld) say(l *simLetter, r *rand.Rand) int {
	fate := "ok"
	if w.listsOnly {
		return 0
	}
	if w.storm() && r.Float64() < 0.05+w.weather.network {
		fate = []string{"word_lost", "word_late", "word_twice", "word_answer_lost"}[r.IntN(4)]
		w.tally(fate)
	}
	w.tracef("%s: %s", l.name, fate)
	header := l.header()
	switch fate {
	case "word_lost":
		time.Sleep(simNotificationPatience)
		return 0
	case "word_late":
		long := time.Duration(r.Int64N(int64(8 * time.Minute)))
		w.mail.Go(func() {
			time.Sleep(long)
			w.hand(l, header, w.draw(l.name+" late"))
		})
		time.Sleep(simNotificationPatience)
		return 0
	case "word_twice":
		w.mail.Go(func() {
			twin := w.draw(l.name + " twin")
			time.Sleep(time.Duration(twin.Int64N(int64(300 * time.Millisecond))))
			w.hand(l, header, twin)
		})
	}
	status := w.hand(l, header, r)
	if fate == "word_answer_lost" {
		return 0
	}
	return status
}

// header is what a letter is posted with, signed now.
func (l *simLetter) header() map[string]string {
	h := map[string]string{"Content-Type": l.contentType}
	if l.id != "" {
		maps.Copy(h, simSign(l.id, l.body, time.Now()))
	}
	return h
}

// simSign signs a message as PortOne V2 does (Standard Webhooks).
func simSign(id string, body []byte, at time.Time) map[string]string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(sandbox.Defaults().V2.WebhookSecret, "whsec_"))
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body)
	return map[string]string{
		"webhook-id": id, "webhook-timestamp": stamp,
		"webhook-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
}

// hand gives a letter to one of the pods.
func (w *simWorld) hand(l *simLetter, header map[string]string, r *rand.Rand) int {
	up := w.alive()
	if len(up) == 0 {
		w.tally("word_to_nobody")
		return 0
	}
	p := up[r.IntN(len(up))]
	a, ok := simKnock(p, simNotificationPatience, l.path, header, l.body)
	w.tracef("%s: %s answers %d", l.name, p.name, a.status)
	if !ok {
		w.tally("word_unanswered")
		return 0
	}
	if l.bank() {
		w.tally(fmt.Sprintf("deposit_word_%d", a.status))
	} else {
		w.tally(fmt.Sprintf("word_%d", a.status))
	}
	if a.status >= 200 && a.status < 300 {
		w.mu.Lock()
		l.taken = true
		w.mu.Unlock()
	}
	return a.status
}

// question puts PortOne's question before an approval. What is not heard in time is a no, but for a PortOne that
// goes on then: what it does is not written anywhere (portone.md §3.3).
func (w *simWorld) question(ctx context.Context, l *simLetter) int {
	w.tally("question")
	ctx, cancel := context.WithTimeout(ctx, simQuestionPatience)
	defer cancel()
	status := w.ask(ctx, l, w.draw(l.name))
	w.tracef("%s: PortOne hears %d", l.name, status)
	switch {
	case status == http.StatusOK:
		w.tally("question_yes")
	case status != 0:
		w.tally("question_no")
	case w.weather.deaf:
		w.tally("pg_goes_on_unheard")
		return http.StatusOK
	default:
		w.tally("question_unheard")
	}
	return status
}

// ask is the way of a question and its answer.
func (w *simWorld) ask(ctx context.Context, l *simLetter, r *rand.Rand) int {
	fate := "ok"
	if w.storm() && r.Float64() < 0.1+w.weather.network {
		fate = []string{"question_lost", "question_late", "question_twice", "question_answer_lost", "question_again", "pg_dies_asking"}[r.IntN(6)]
		w.tally(fate)
	}
	w.tracef("%s: %s", l.name, fate)
	header := l.header()
	long := time.Duration(r.Int64N(int64(4 * time.Minute)))
	aside := func(after time.Duration) {
		w.mail.Go(func() {
			time.Sleep(after)
			w.hand(l, header, w.draw(l.name+" aside"))
		})
	}
	switch fate {
	case "question_late":
		aside(long)
		<-ctx.Done()
		return 0
	case "question_lost":
		<-ctx.Done()
		return 0
	case "question_twice":
		aside(long / 400)
	case "question_again":
		aside(0)
		time.Sleep(3 * time.Second)
	}
	heard := make(chan int, 1)
	w.mail.Go(func() { heard <- w.hand(l, header, r) })
	select {
	case status := <-heard:
		switch fate {
		case "pg_dies_asking":
			runtime.Goexit()
		case "question_answer_lost":
			<-ctx.Done()
			return 0
		}
		return status
	case <-ctx.Done():
		return 0
	}
}

// sayAgain repeats Inicis' notices of deposits that nobody acknowledged. What PortOne told in vain, nobody repeats: the
// gateway lists what is there.
func (w *simWorld) sayAgain() {
	w.box.WaitNotices()
	w.mail.Wait()
	for _, l := range w.letters {
		if l.taken || !l.bank() {
			continue
		}
		w.tally("deposit_resent_by_hand")
		r := w.draw(l.name)
		time.Sleep(time.Second + time.Duration(r.Int64N(int64(time.Second))))
		if status := w.hand(l, l.header(), r); status != http.StatusOK && !w.forPerson(l, status) {
			w.wrong("%s: on a calm day it is answered %d", l.name, status)
		}
	}
}

// bank tells whether a letter is Inicis' notice of a deposit, which it says ten times and not only once.
func (l *simLetter) bank() bool { return strings.HasSuffix(l.path, "/deposit") }

// forPerson tells whether a notice is of money in an account that waits for a person, or that one gave back: no order
// is paid by it, and Inicis is not told that it is.
func (w *simWorld) forPerson(l *simLetter, status int) bool {
	form, err := url.ParseQuery(string(l.body))
	if err != nil || !l.bank() || status != http.StatusServiceUnavailable {
		return false
	}
	p := w.alive()[0]
	a, _, err := p.books.Attempt(context.Background(), payment.AttemptID(form.Get("no_oid")))
	t := w.truth()[a.ID]
	return err == nil && (w.atPerson(a) || a.State == payment.StateCancelled && t.captured == t.cancelled)
}

// number counts the things of one name.
func (w *simWorld) number(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drawn["number "+name]++
	return w.drawn["number "+name]
}

// act is a click in PortOne's window. It is false when PortOne died over it.
func (w *simWorld) act(version, key, click string, into *map[string]any) bool {
	done := make(chan struct{})
	alive := false
	go func() {
		defer close(done)
		w.post("/portone/sdk/"+version+"/act", fmt.Sprintf(`{"key":%q,"action":%q}`, key, click), into)
		alive = true
	}()
	<-done
	return alive
}
