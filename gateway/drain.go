package gateway

import (
	"log/slog"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// leave tells that others should be asked from now on, and serves on for as long as it takes until they are: a request
// that comes to a closed listener has failed. It ends early with the error of a listener that broke.
func (g *Gateway) leave(failed <-chan error) error {
	g.leaving.Store(true)
	delay := g.view().rules.Server().DrainDelay
	if delay == 0 { //guard:served-on-while-unready
		return nil
	}
	g.log.Info("leaving: /readyz is 503 and all listeners serve on", slog.String("drain_delay", delay.String()))
	over := time.NewTimer(delay)
	defer over.Stop()
	select {
	case err := <-failed:
		return err
	case <-over.C:
		return nil
	}
}

// drain shuts app down: requests in flight are answered within timeout, connections that say nothing are
// closed.
func drain(app *fiber.App, d *door, timeout time.Duration, name string) error {
	done := make(chan struct{})
	var closing sync.WaitGroup
	closing.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			d.closeSilent()
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	})
	err := shutdown(app, timeout, name)
	close(done)
	closing.Wait()
	return err
}
