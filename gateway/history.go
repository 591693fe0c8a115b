package gateway

import (
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/reload"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// historyAnswer is the answer of GET /-/config/history: what was loaded or refused lately, newest first.
type historyAnswer struct {
	Version string         `json:"version"`
	History []historyEntry `json:"history"`
}

type historyEntry struct {
	At string `json:"at"`
	// Trigger is who or what asked for it: start, watch, sighup, api, rollback by somebody.
	Trigger       string   `json:"trigger"`
	Version       string   `json:"version"`
	Changed       bool     `json:"changed"`
	RestartNeeded []string `json:"restart_needed,omitempty"`
	Error         string   `json:"error,omitempty"`
	// Diff is a unified diff from the version before, a line each; secrets are hidden.
	Diff []string `json:"diff,omitempty"`
	// Kept tells that a rollback to the version is possible.
	Kept bool `json:"kept"`
}

func (g *Gateway) handleHistory(c *fiber.Ctx) error {
	a := historyAnswer{Version: g.store.Current().Version(), History: []historyEntry{}}
	for _, r := range g.store.History() {
		e := historyEntry{
			At: r.At.In(payment.KST()).Format(time.RFC3339), Trigger: r.Trigger, Version: r.Version, Changed: r.Changed,
			RestartNeeded: r.RestartNeeded, Kept: g.store.Kept(r.Version), Diff: r.Diff,
		}
		if r.Err != nil {
			e.Error = r.Err.Error()
		}
		a.History = append(a.History, e)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(a)
}

// maxRollback bounds the body of a rollback.
const maxRollback = 4 << 10

// reachOfRollback is told with every rollback: the pods do not know each other.
const reachOfRollback = "this process only; other pods keep their rules until the file itself is put back, " +
	"and this one takes the file again when it changes or is reloaded"

// handleRollback puts an earlier version back in force until the file changes or somebody asks for a reload.
func (g *Gateway) handleRollback(c *fiber.Ctx) error {
	raw, err := jsonBody(c, maxRollback)
	if err != nil {
		return err
	}
	version, who, err := parseRollback(raw)
	if err != nil {
		return err
	}
	trigger := "rollback"
	if who != "" {
		trigger += " by " + who
	}
	res := g.store.Rollback(version, trigger)
	if errors.Is(res.Err, reload.ErrNoSuchVersion) {
		return &payment.Problem{
			Code: payment.CodeNotFound, Field: "version",
			DetailKo: "보관된 버전이 아닙니다", DetailEn: "no such version is kept",
		}
	}
	a := reloadAnswer{
		OK: res.Err == nil, Changed: res.Changed, Version: g.view().rules.Version(), RestartNeeded: res.RestartNeeded,
		Reach: reachOfRollback,
	}
	if res.Err != nil {
		a.Error = res.Err.Error()
		c.Status(fiber.StatusUnprocessableEntity)
	}
	return c.JSON(a)
}

// parseRollback reads {"version":"...","who":"..."}; who is optional.
func parseRollback(raw []byte) (version, who string, err error) {
	r, err := strictjson.NewReader(raw)
	if err != nil {
		return "", "", jsonProblem(err)
	}
	err = r.Object(func(key string) error {
		switch key {
		case "version":
			return text(r, &version, maxOrderID)
		case "who":
			return optional(r, &who, maxOrderID)
		}
		return fieldProblem(r.Path(), "알 수 없는 필드입니다", "is not a field of a rollback")
	})
	if err == nil {
		err = r.End()
	}
	switch {
	case err != nil:
		return "", "", jsonProblem(err)
	case version == "":
		return "", "", missing("version")
	}
	return version, who, nil
}
