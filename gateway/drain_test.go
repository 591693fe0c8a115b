package gateway

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// TestDrainAnswersWhoSpokeAndDropsWhoDidNot: a request in flight is answered, a connection that was opened in
// advance holds nothing up.
func TestDrainAnswersWhoSpokeAndDropsWhoDidNot(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	app := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: time.Minute})
	app.Get("/slow", func(c *fiber.Ctx) error {
		close(inside)
		<-leave
		return c.SendString("answered")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := newDoor(l, func() doorRoom { return doorRoom{} }, func(string, error) {}, nil)
	served := make(chan error, 1)
	go func() { served <- app.Listener(front) }()

	silent, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	body := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + l.Addr().String() + "/slow")
		if err != nil {
			body <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		body <- string(b)
	}()
	<-inside
	drained := make(chan error, 1)
	go func() { drained <- drain(app, front, 30*time.Second, "test") }()
	time.Sleep(300 * time.Millisecond)
	close(leave)
	if got := <-body; got != "answered" {
		t.Errorf("the request in flight got %q", got)
	}
	select {
	case err := <-drained:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a connection that says nothing held the shutdown up")
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
