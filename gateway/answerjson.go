package gateway

import (
	"encoding/json"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// selfWritten are parameters of a window that write themselves, and need not be looked through by reflection.
type selfWritten interface{ AppendJSON(dst []byte) []byte }

// usualAnswer is more than an answer with a window in it takes, in bytes.
const usualAnswer = 3 << 10

// appendJSON appends a as encoding/json writes it.
func (a *checkoutAnswer) appendJSON(dst []byte) ([]byte, error) {
	o := strictjson.NewObject(dst).Text("order_id", string(a.OrderID)).Filled("attempt_id", string(a.AttemptID)).
		Filled("pg", string(a.PG)).Filled("merchant", string(a.Merchant)).Filled("method", string(a.Method)).
		Int("amount", int64(a.Amount)).Filled("expires_at", a.ExpiresAt).Text("rules_version", a.RulesVersion).
		Name("window")
	if a.Window == nil {
		o = append(o, "null"...)
	} else {
		var err error
		if o, err = appendWindow(o, a.Window); err != nil {
			return dst, err
		}
	}
	return o.Filled("settled_by", a.SettledBy).End(), nil
}

func appendWindow(dst []byte, w *payment.Window) ([]byte, error) {
	o := strictjson.NewObject(dst).Text("kind", string(w.Kind)).Text("script", w.Script).Text("action", w.Action).
		Filled("init_code", w.InitCode).Name("params")
	if params, ok := w.Params.(selfWritten); ok {
		return strictjson.Object(params.AppendJSON(o)).End(), nil
	}
	params, err := json.Marshal(w.Params)
	if err != nil {
		return dst, err
	}
	return append(o, params...).End(), nil
}
