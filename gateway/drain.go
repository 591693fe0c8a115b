package gateway

import (
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

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
