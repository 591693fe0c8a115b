package gateway

import (
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// TestABodyThatIsLookedIntoStaysWhatItWas while its connection's next body comes in.
func TestABodyThatIsLookedIntoStaysWhatItWas(t *testing.T) {
	t.Parallel()
	app := fiber.New()
	for _, into := range [][]byte{nil, make([]byte, 0, 64)} {
		ctx := &fasthttp.RequestCtx{}
		c := app.AcquireCtx(ctx)
		ctx.Request.SetBodyString(strings.Repeat("a", 40))
		got, err := readBodyInto(into, c, 100)
		if err != nil {
			t.Fatal(err)
		}
		ctx.Request.SetBodyString(strings.Repeat("b", 40))
		if string(got) != strings.Repeat("a", 40) {
			t.Errorf("it became %s", got)
		}
		ctx.Request.ResetBody()
		if got, err = readBodyInto(nil, c, 100); err != nil || len(got) > 0 || cap(got) > 0 {
			t.Errorf("no body is %d bytes of the server's buffer: %v", cap(got), err)
		}
		app.ReleaseCtx(c)
	}
}
