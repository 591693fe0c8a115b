package simulation

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"
)

// simKind tells what a request asks for, and about what: an attempt's id, a token or a transaction.
func simKind(method, path string, body []byte) (kind, ref string) {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	last := parts[len(parts)-1]
	switch {
	case last == "payAuth" || last == "netCancel":
		form, _ := url.ParseQuery(string(body))
		kind = map[string]string{"payAuth": "approve", "netCancel": "net_cancel"}[last]
		return kind, form.Get("authToken")
	case last == "payReq.ini" || last == "payNetCancel.ini":
		form, _ := url.ParseQuery(string(body))
		kind = map[string]string{"payReq.ini": "approve", "payNetCancel.ini": "net_cancel"}[last]
		return kind, form.Get("P_TID")
	case strings.HasPrefix(path, "/inicis/iniapi/api/v1/"):
		// The first version of INIAPI takes forms: it looks into accounts, and closes them.
		form, _ := url.ParseQuery(string(body))
		kind = map[string]string{"extra": "inquiry", "refund": "inicis_close", "billing": "charge"}[last]
		return kind, cmp.Or(form.Get("tid"), form.Get("moid"))
	case strings.HasPrefix(path, "/inicis/iniapi/"):
		var req struct {
			Data struct{ TID, OID, MOID string } `json:"data"`
		}
		_ = json.Unmarshal(body, &req)
		if last == "billing" {
			return "charge", req.Data.MOID
		}
		if last == "inquiry" {
			return "inquiry", req.Data.TID + req.Data.OID
		}
		return "refund", req.Data.TID
	case path == "/portone/v1/payments/cancel":
		var req struct {
			ImpUID      string `json:"imp_uid"`
			MerchantUID string `json:"merchant_uid"`
		}
		_ = json.Unmarshal(body, &req)
		return "v1_cancel", cmp.Or(req.ImpUID, req.MerchantUID)
	case path == "/portone/v1/subscribe/payments/again", path == "/portone/v1/subscribe/payments/onetime":
		var req struct {
			MerchantUID string `json:"merchant_uid"`
		}
		_ = json.Unmarshal(body, &req)
		return map[string]string{"again": "charge", "onetime": "key_in"}[last], req.MerchantUID
	case strings.HasPrefix(path, "/portone/v1/subscribe/payments/schedule/") && (method == "PUT" || last == "reschedule"):
		return "move", parts[5]
	case strings.HasPrefix(path, "/portone/v1/subscribe/customers/") && method == "POST":
		return "issue", parts[4]
	case strings.HasPrefix(path, "/portone/v1/subscribe/customers/") && method == "DELETE":
		return "drop_key", parts[4]
	case method == "POST" && path == "/portone/v1/subscribe/payments/schedule":
		var req struct {
			Schedules []struct {
				MerchantUID string `json:"merchant_uid"`
			} `json:"schedules"`
		}
		_ = json.Unmarshal(body, &req)
		if len(req.Schedules) > 0 {
			ref = req.Schedules[0].MerchantUID
		}
		return "schedule", ref
	case strings.HasPrefix(path, "/portone/v2/payments/") && last == "schedule":
		return "schedule", parts[3]
	case strings.HasPrefix(path, "/portone/v2/payments/") && last == "billing-key":
		return "charge", parts[3]
	case strings.HasPrefix(path, "/portone/v2/payments/") && last == "instant":
		return "key_in", parts[3]
	case strings.HasPrefix(path, "/portone/v2/payments/") && last == "confirm":
		return "confirm", parts[3]
	case strings.HasPrefix(path, "/portone/v2/payments/") && last == "cancel":
		return "v2_cancel", parts[3]
	case strings.HasPrefix(path, "/portone/v1/vbanks/"):
		return "v1_close", parts[3]
	case strings.HasPrefix(path, "/portone/v2/payments/") && last == "close":
		return "v2_close", parts[3]
	case strings.HasPrefix(path, "/portone/"):
		return method + " " + parts[1] + " " + simPlainPath(parts[2:]), ""
	}
	return method + " " + parts[0] + " " + simPlainPath(parts[1:]), ""
}

// simPlainPath keeps the words of a path and drops its ids.
func simPlainPath(parts []string) string {
	var words []string
	for _, p := range parts {
		if len(p) < 16 {
			words = append(words, p)
		}
	}
	return strings.Join(words, "/")
}
