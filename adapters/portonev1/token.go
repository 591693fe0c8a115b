package portonev1

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	gocache "github.com/patrickmn/go-cache"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// margin is how long before its end a token is no longer used. It is over the last minute, in which PortOne
// would stretch the old token instead of issuing a new one.
const margin = 90 * time.Second

// token is an access token and when to stop using it, on our clock.
type token struct {
	text  payment.Secret
	until time.Time
}

// account is a PG and what its tokens are kept by.
type account struct {
	pg  *payment.PG
	key string
}

// cacheKey is cacheKeyOf, which is worked out once for each of the rules in force.
func (d *Driver) cacheKey(pg *payment.PG) string {
	if last := d.lastAccount.Load(); last != nil && last.pg == pg {
		return last.key
	}
	key := cacheKeyOf(pg)
	d.lastAccount.Store(&account{pg, key})
	return key
}

// cacheKeyOf names an account without holding its secret.
func cacheKeyOf(pg *payment.PG) string {
	k := keysOf(pg)
	sum := sha256.Sum256([]byte(root(pg) + "\x00" + k.key.Reveal() + "\x00" + k.secret.Reveal()))
	return hex.EncodeToString(sum[:])
}

// token returns a live access token of pg, fetching one when none is cached.
func (d *Driver) token(ctx context.Context, pg *payment.PG) (token, error) {
	if k := keysOf(pg); !k.key.IsSet() || !k.secret.IsSet() {
		return token{}, &adapters.FieldError{Field: "pgs.imp_key", Msg: "and imp_secret must be set"}
	}
	key := d.cacheKey(pg)
	if tok, ok := d.cached(key); ok {
		return tok, nil
	}
	done := d.flights.DoChan(key, func() (any, error) {
		// A flight may have landed since this caller looked.
		if tok, ok := d.cached(key); ok {
			return tok, nil
		}
		// Others wait for this fetch too, so it does not end with the context of whoever came first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeoutOf(pg.ReadTimeout))
		defer cancel()
		tok, err := d.fetch(ctx, pg)
		if err == nil {
			d.keep(key, tok)
		}
		return tok, err
	})
	// Nor does a caller wait longer than a fetch may take, whatever became of who fetches.
	waits, cancel := context.WithTimeout(ctx, timeoutOf(pg.ReadTimeout))
	defer cancel()
	select {
	case r := <-done:
		tok, _ := r.Val.(token)
		return tok, r.Err
	case <-waits.Done():
		return token{}, fmt.Errorf("waiting for an access token: %w: %w", adapters.ErrUnavailable, waits.Err())
	}
}

func (d *Driver) cached(key string) (token, bool) {
	value, ok := d.tokens.Get(key)
	if !ok {
		return token{}, false
	}
	tok, ok := value.(token)
	return tok, ok && d.now().Before(tok.until)
}

func (d *Driver) keep(key string, tok token) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tokens.Set(key, tok, gocache.NoExpiration)
}

// forget drops a token that PortOne refused, unless somebody has replaced it already.
func (d *Driver) forget(pg *payment.PG, refused token) {
	key := d.cacheKey(pg)
	d.mu.Lock()
	defer d.mu.Unlock()
	if value, ok := d.tokens.Get(key); ok {
		if tok, ok := value.(token); ok && tok.text == refused.text {
			d.tokens.Delete(key)
		}
	}
}

type keyPair struct {
	Key    string `json:"imp_key"`
	Secret string `json:"imp_secret"`
}

// fetch asks for a token. Asking moves no money: PortOne answers with the same token until it is old.
func (d *Driver) fetch(ctx context.Context, pg *payment.PG) (token, error) {
	const doing = "fetching an access token"
	k := keysOf(pg)
	body, err := wire.JSON(keyPair{Key: k.key.Reveal(), Secret: k.secret.Reveal()})
	if err != nil {
		return token{}, err
	}
	// The clock starts before the request, and is ours: PortOne's now only tells how long the token lives.
	asked := d.now()
	answer, err := wire.Send(ctx, d.client, wire.Request{
		Method: http.MethodPost, URL: root(pg) + "/users/getToken", ContentType: "application/json", Body: body,
	})
	if err != nil {
		return token{}, wire.ReadError(doing, err)
	}
	if answer.Status == http.StatusUnauthorized {
		return token{}, fmt.Errorf("%s: %w: key or secret is wrong", doing, adapters.ErrRejected)
	}
	e, err := parseEnvelope(answer)
	if err != nil {
		return token{}, wire.ReadError(doing, err)
	}
	if e.code != 0 || e.response == nil {
		return token{}, fmt.Errorf("%s: %w: code %d", doing, adapters.ErrUnavailable, e.code)
	}
	text := e.response.Required("access_token")
	issued, err1 := strconv.ParseInt(e.response.Required("now"), 10, 64)
	expires, err2 := strconv.ParseInt(e.response.Required("expired_at"), 10, 64)
	// Times that make no sense would keep a dead token in use.
	if e.response.Err() != nil || err1 != nil || err2 != nil || expires <= issued || expires-issued > 86_400 {
		return token{}, fmt.Errorf("%s: %w: unreadable token", doing, adapters.ErrUnavailable)
	}
	return token{text: payment.Secret(text), until: asked.Add(usable(time.Duration(expires-issued) * time.Second))}, nil
}

// usable is how long a token may be used that lives for life by PortOne's own clock. One that is already
// within the margin is used for a quarter of its rest, so that not every request asks anew.
func usable(life time.Duration) time.Duration { return max(life-margin, life/4) }
