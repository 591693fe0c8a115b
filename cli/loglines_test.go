package cli

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pg-gateway/pg-gateway/gateway"
)

// counted is a log that counts how often it is written to.
type counted struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
}

func (c *counted) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	return c.text.Write(p)
}

func (c *counted) said() (lines, writes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Count(c.text.String(), "\n"), c.writes
}

func patientLog(to *counted) (*slog.Logger, *lines) {
	l := &lines{to: to}
	return slog.New(patientLines{slog.NewJSONHandler(l, nil), l}), l
}

func TestOnlyLinesAboutRequestsWait(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]func(*slog.Logger){
		"an error":                 func(l *slog.Logger) { l.Error("the shop cannot be reached") },
		"money":                    func(l *slog.Logger) { l.Info("an attempt is approved") },
		"a request that failed":    func(l *slog.Logger) { l.Error(gateway.RequestLine) },
		"money, with its attempt":  func(l *slog.Logger) { l.With(slog.String("attempt_id", "A1")).Info("an attempt is approved") },
		"a warning, under a group": func(l *slog.Logger) { l.WithGroup("x").Warn("late") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := &counted{}
			log, waiting := patientLog(to)
			log.Info(gateway.RequestLine)
			if _, writes := to.said(); writes != 1 {
				t.Fatal("the first line about a request waits, and nothing comes")
			}
			log.Info(gateway.RequestLine)
			log.With(slog.Int("a", 1)).Info(gateway.RequestLine)
			if _, writes := to.said(); writes != 1 {
				t.Fatal("a line about a request does not wait")
			}
			say(log)
			if lines, writes := to.said(); lines != 4 || writes != 2 {
				t.Errorf("%d lines in %d writes, want 4 in 2", lines, writes)
			}
			if err := waiting.Flush(); err != nil {
				t.Error(err)
			}
			if _, writes := to.said(); writes != 2 {
				t.Errorf("nothing waits, and it is written %d times", writes)
			}
		})
	}
}

func TestLinesDoNotWaitForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := &counted{}
		log, _ := patientLog(to)
		for round := 1; round <= 2; round++ {
			log.Info(gateway.RequestLine)
			log.Info(gateway.RequestLine)
			time.Sleep(linesKept)
			synctest.Wait()
			if lines, writes := to.said(); lines != 2*round || writes != round+1 {
				t.Errorf("after %d moments %d lines in %d writes", round, lines, writes)
			}
		}
		for range 1000 {
			log.Info(gateway.RequestLine)
		}
		if lines, writes := to.said(); lines < 300 || writes > 100 {
			t.Errorf("of a thousand lines %d are written, in %d writes", lines, writes)
		}
		time.Sleep(linesKept)
		synctest.Wait()
		if lines, _ := to.said(); lines != 1004 {
			t.Errorf("%d lines", lines)
		}
	})
}
