package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// How long V2's tokens are good for (portone.md §4.1).
const (
	v2AccessLife  = 30 * time.Minute
	v2RefreshLife = 24 * time.Hour
)

// v2Tokens are what logins gave out. There is one refresh token at a time: every login and every refresh ends the one
// before.
type v2Tokens struct {
	access  *shelf[time.Time]
	refresh string
	until   time.Time
}

// v2Authorized tells whether the request carries the store's API secret, or an access token that is still good; callers
// hold the mutex.
func (s *Sandbox) v2Authorized(r *http.Request) bool {
	kind, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch kind {
	case "PortOne":
		return secret == s.cfg.V2.APISecret
	case "Bearer":
		until, ok := s.v2.tokens.access.get(secret)
		return ok && s.cfg.Now().Before(until)
	}
	return false
}

func v2Unauthorized() answer {
	return v2Error(http.StatusUnauthorized, "UNAUTHORIZED", "인증 정보가 올바르지 않습니다.")
}

// v2Login gives out tokens for the API secret.
func (s *Sandbox) v2Login(c *call) answer {
	var req struct {
		Secret string `json:"apiSecret"`
	}
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	if req.Secret != s.cfg.V2.APISecret {
		return v2Unauthorized()
	}
	return s.v2GiveTokens(c)
}

// v2Refresh gives out new tokens for the newest refresh token.
func (s *Sandbox) v2Refresh(c *call) answer {
	var req struct {
		Token string `json:"refreshToken"`
	}
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	if req.Token == "" || req.Token != s.v2.tokens.refresh || !c.now.Before(s.v2.tokens.until) {
		return v2Unauthorized()
	}
	return s.v2GiveTokens(c)
}

func (s *Sandbox) v2GiveTokens(c *call) answer {
	access, refresh := "access-"+randomHex(24), "refresh-"+randomHex(24)
	s.v2.tokens.access.put(access, c.now.Add(v2AccessLife))
	s.v2.tokens.refresh, s.v2.tokens.until = refresh, c.now.Add(v2RefreshLife)
	return jsonAnswer(http.StatusOK, map[string]string{"accessToken": access, "refreshToken": refresh})
}
