package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// ErrScenario is returned for a scenario that does not exist, or that does nothing where it is asked for.
var ErrScenario = errors.New("no such scenario")

// lateByDefault is how late the late answers and webhooks of scenarios are when nobody says.
const lateByDefault = 20 * time.Second

// calm is the scenario that ends all others.
const calm = "calm"

// Scenario is a situation that a developer meets, under a name.
type Scenario struct {
	Name string `json:"name"`
	// About is a sentence on what happens.
	About string `json:"about"`
	// Faults are armed together; a delay without a time is as late as the caller says.
	Faults []Fault `json:"faults,omitempty"`
	// Send is how webhooks are sent from then on, Shop what the shop answers before an approval and Cancels how V2's
	// cancels end; empty leaves each as it is.
	Send    NoticeMode `json:"send,omitempty"`
	Shop    ShopMode   `json:"shop,omitempty"`
	Cancels CancelMode `json:"cancels,omitempty"`
}

// faults are the scenario's, with what is late being so late.
func (x Scenario) faults(late time.Duration) []Fault {
	if late <= 0 {
		late = lateByDefault
	}
	list := slices.Clone(x.Faults)
	for i, f := range list {
		if f.Kind == FaultDelay || f.Kind == FaultDelayBeforeCommit {
			list[i].DelayMS = int(late / time.Millisecond)
		}
	}
	return list
}

// Scenarios are all that can be triggered.
func Scenarios() []Scenario {
	return slices.Concat(
		[]Scenario{{Name: calm, About: "Ends all others: shop, webhooks and cancels are as at the start, without a fault."}},
		v2Scenarios(), v1Scenarios(), inicisScenarios(), webhookScenarios(), shopScenarios(),
	)
}

func scenario(name string) (Scenario, error) {
	all := Scenarios()
	i := slices.IndexFunc(all, func(x Scenario) bool { return x.Name == name })
	if i < 0 {
		return Scenario{}, fmt.Errorf("%w: %q", ErrScenario, name)
	}
	return all[i], nil
}

// Trigger makes a scenario happen from now on; late is how late its late answers are, zero meaning 20 seconds. Errors
// match ErrScenario.
func (s *Sandbox) Trigger(name string, late time.Duration) error {
	x, err := scenario(name)
	if err != nil {
		return err
	}
	if name == calm {
		s.ClearFaults()
		x.Send, x.Shop, x.Cancels = NoticeAfter, ShopYes, CancelAtOnce
	}
	for _, f := range x.faults(late) {
		err = errors.Join(err, s.Inject(f))
	}
	s.beLate(late)
	if x.Send != "" {
		err = errors.Join(err, s.SetNotices(x.Send))
	}
	if x.Shop != "" {
		err = errors.Join(err, s.SetShop(x.Shop))
	}
	if x.Cancels != "" {
		err = errors.Join(err, s.SetCancels(x.Cancels, 0))
	}
	return err
}

// beLate says how late late webhooks and a slow shop are from now on.
func (s *Sandbox) beLate(late time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noticeLate, s.shop.slow = lateByDefault, shopSlow
	if late > 0 {
		s.noticeLate, s.shop.slow = late, int(late/time.Millisecond)
	}
}

func (s *Sandbox) routeScenarios() {
	s.mux.HandleFunc("GET /_sandbox/scenarios", func(w http.ResponseWriter, _ *http.Request) {
		jsonAnswer(http.StatusOK, map[string]any{"scenarios": Scenarios()}).write(w)
	})
	s.mux.HandleFunc("POST /_sandbox/scenarios", func(w http.ResponseWriter, r *http.Request) {
		var x struct {
			Name    string `json:"name"`
			DelayMS int    `json:"delay_ms"`
		}
		steer(w, r, &x, func() error { return s.Trigger(x.Name, time.Duration(x.DelayMS)*time.Millisecond) })
	})
}
