package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// How long what a caller is granted lives, as at PortOne (portone.md §1.1, §4.1).
const (
	accessLives  = 30 * time.Minute
	refreshLives = 24 * time.Hour
)

// grantKind is what a grant is for.
type grantKind byte

const (
	grantAccess  grantKind = 'a'
	grantRefresh grantKind = 'r'
)

// grantPrefix is what every grant begins with.
const grantPrefix = "pgg_"

// grants makes and reads the tokens that callers of one PG's API are granted in the place of the PG's. Nothing is kept
// of them: all pods that share token_key know each other's. A grant says who holds it and until when, under a check
// that only we can make. It is safe for concurrent use.
type grants struct {
	key []byte
	pg  payment.PGID
	now time.Time
}

func (g *Gateway) grants(pg payment.PGID) grants { return grants{g.grantKey, pg, g.now()} }

// grantSize is kind, end and holder, and the check of them, in bytes.
const (
	grantBody  = 1 + 8 + 8
	grantCheck = 16
)

func (g grants) grant(kind grantKind, caller string, until time.Time) payment.Secret {
	b := make([]byte, 1, grantBody+grantCheck)
	b[0] = byte(kind)
	b = binary.BigEndian.AppendUint64(b, uint64(until.Unix()))
	b = append(b, callerBytes(caller)...)
	return payment.Secret(grantPrefix + base64.RawURLEncoding.EncodeToString(append(b, g.check(b)...)))
}

// callerBytes is a caller's name in eight bytes; all zero for the pod's own.
func callerBytes(caller string) []byte {
	b, err := hex.DecodeString(caller)
	if err != nil || len(b) != 8 {
		return make([]byte, 8)
	}
	return b
}

func (g grants) check(body []byte) []byte {
	mac := hmac.New(sha256.New, g.key)
	mac.Write([]byte(g.pg))
	mac.Write([]byte{0})
	mac.Write(body)
	return mac.Sum(nil)[:grantCheck]
}

// holder is who holds a grant of this kind that has not ended.
func (g grants) holder(token string, kind grantKind) (caller string, ok bool) {
	text, ours := strings.CutPrefix(token, grantPrefix)
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ours || err != nil || len(b) != grantBody+grantCheck {
		return "", false
	}
	body, check := b[:grantBody], b[grantBody:]
	if !hmac.Equal(check, g.check(body)) || grantKind(body[0]) != kind { //guard:grants-are-ours
		return "", false
	}
	if uint64(g.now.Unix()) >= binary.BigEndian.Uint64(body[1:9]) { //guard:grants-end
		return "", false
	}
	caller = loopback
	if binary.BigEndian.Uint64(body[9:]) != 0 {
		caller = hex.EncodeToString(body[9:])
	}
	return caller, true
}

// grant answers a call for credentials: with tokens of ours, for the caller's own secret.
func (g *Gateway) grant(c *fiber.Ctx, who knownCallers, r *apiRequest, granter adapters.Granter) error {
	login, err := granter.ReadLogin(r.call)
	if err != nil {
		return err
	}
	gs := g.grants(r.pg.ID)
	var caller string
	var ok bool
	switch {
	case login.Refresh.IsSet():
		if caller, ok = gs.holder(login.Refresh.Reveal(), grantRefresh); ok {
			ok = who.has(caller)
		}
	case len(who) == 0:
		caller, ok = loopback, !ofOtherPage(c)
	default:
		caller, ok = who.nameOf(login.Secret.Reveal())
	}
	if !ok { //guard:no-grant-without-secret
		return &payment.Problem{
			Code: payment.CodeUnauthorized, DetailKo: "server.sidecar.tokens에 있는 값을 secret으로 보내세요",
			DetailEn: "send one of server.sidecar.tokens as the secret",
		}
	}
	requestOf(c).caller = caller
	until := gs.now.Add(accessLives)
	return answerAPI(c, granter.AnswerLogin(adapters.Grant{
		Access: gs.grant(grantAccess, caller, until), Refresh: gs.grant(grantRefresh, caller, gs.now.Add(refreshLives)),
		Now: gs.now, Until: until,
	}))
}
