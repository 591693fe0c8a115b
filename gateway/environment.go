package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"strings"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// environment names which gateway of a shop opened a window: the mode of its configuration, and the address under
// which browsers reach it. Staging may share production's token_key by mistake, or by a copied secret; its windows
// are none of production's all the same. It is empty in what a version opened that did not tell.
type environment string

func environmentOf(mode payment.Mode, baseURL string) environment {
	sum := sha256.Sum256([]byte(strings.ToLower(baseURL)))
	return environment(string(mode) + ":" + base64.RawURLEncoding.EncodeToString(sum[:12]))
}

func (e environment) mode() string {
	mode, _, _ := strings.Cut(string(e), ":")
	return mode
}

// opener is what a window says of who opened it.
type opener struct {
	// Identity is the journal's ID; Since is when the window was opened.
	journal.Identity
	Env environment
}

// here is what this process says of itself in the windows that it opens.
func (o *others) here() opener { return opener{Identity: o.own(), Env: o.env()} }

// elsewhere tells whether a window was opened in another environment. One that shares our journal and mode is ours:
// the address has changed while it was open.
func (o *others) elsewhere(with opener) bool {
	here := o.here()
	if with.Env == "" || with.Env == here.Env {
		return false
	}
	//guard:foreign-environment-stops-nothing
	return with.ID == "" || with.ID != here.ID || with.Env.mode() != here.Env.mode()
}

// foreign is elsewhere for a window that somebody is to be answered about: it is counted, and nothing else follows.
func (o *others) foreign(id payment.AttemptID, with opener) bool {
	if !o.elsewhere(with) {
		return false
	}
	o.metrics.ForeignWindow()
	o.log.Warn("a window of another environment came here: it has the same token_key, and must get one of its own",
		slog.Any("attempt_id", id), slog.String("environment", string(with.Env)), slog.String("journal", with.ID))
	return true
}
