package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// idcName is the data centre that the sandbox states, as the test environment does.
const idcName = "stg"

// netCancelWindow is how long after authentication a net cancel is accepted.
const netCancelWindow = 10 * time.Minute

// inicisState is what the Inicis stand-in remembers.
type inicisState struct {
	windows *shelf[*inicisWindow]
	auths   *shelf[*inicisAuth]
	txs     *shelf[*inicisTx]
	byOrder *shelf[*inicisTx]
}

// inicisWindow is an open payment window.
type inicisWindow struct {
	key          string
	mid          string
	oid          string
	goods        string
	currency     string
	method       string
	returnURL    string
	closeURL     string
	closeURLSent bool
	merchantData string
	quota        string
	price        Won
	taxes        taxes
	taxed        bool
	// due and exact are a virtual account's deadline and whether it takes the very amount alone.
	due    time.Time
	exact  bool
	escrow bool
	closed bool
	// mobile is what one on a phone has besides; nil for one on a PC.
	mobile *mobileParts
}

// inicisAuth is an authentication that may be approved once.
type inicisAuth struct {
	token string
	win   *inicisWindow
	at    time.Time
	// decline makes the approval fail: the card company says no.
	decline bool
	// used tells that an approval was asked for, whatever became of it; dead that a net cancel came first.
	used bool
	dead bool
	tx   *inicisTx
	// undone tells that a net cancel was confirmed.
	undone bool
}

// inicisTx is an approved payment.
type inicisTx struct {
	tid         string
	mid         string
	oid         string
	goods       string
	method      string
	currency    string
	price       Won
	remaining   Won
	at          time.Time
	cancelledAt time.Time
	partials    []inicisPartial
	quota       string
	// taxes are what the window stated, when it did (taxed), and back what of them was given back.
	taxes taxes
	back  taxes
	taxed bool
	// account is a virtual account's, paidAt when its deposit came.
	account *account
	paidAt  time.Time
	// escrow is where an escrow payment stands, in PortOne's numbers; empty for an ordinary one.
	escrow string
}

type inicisPartial struct {
	tid   string
	price Won
	at    time.Time
}

func newInicisState(limit int) *inicisState {
	return &inicisState{
		windows: newShelf[*inicisWindow](limit),
		auths:   newShelf[*inicisAuth](limit),
		txs:     newShelf[*inicisTx](limit),
		byOrder: newShelf[*inicisTx](limit),
	}
}

// find looks a payment up by TID or, without one, by order number: the newest approval of it.
func (st *inicisState) find(mid, tid, oid string) (*inicisTx, bool) {
	var tx *inicisTx
	var ok bool
	if tid != "" {
		tx, ok = st.txs.get(tid)
	} else {
		tx, ok = st.byOrder.get(mid + "/" + oid)
	}
	if !ok || tx.mid != mid || (oid != "" && tx.oid != oid) {
		return nil, false
	}
	return tx, true
}

func (s *Sandbox) routeInicis() {
	s.mux.HandleFunc("GET /inicis/stdjs/INIStdPay.js", serveAsset("assets/INIStdPay.js"))
	s.mux.HandleFunc("GET /inicis/stdjs/INIStdPay_close.js", serveAsset("assets/INIStdPay_close.js"))
	s.handle("POST /inicis/window", pgInicis, "window", s.inicisOpen)
	s.handle("POST /inicis/window/act", pgInicis, "pay", s.inicisAct)
	s.handle("POST /inicis/{idc}/api/payAuth", pgInicis, "approve", s.inicisApprove)
	s.handle("POST /inicis/{idc}/api/netCancel", pgInicis, "net_cancel", s.inicisNetCancel)
	s.routeInicisMobile()
	s.handle("POST /inicis/iniapi/api/v1/extra", pgInicis, "inquiry", s.iniapiV1Extra)
	s.handle("POST /inicis/iniapi/api/v1/refund", pgInicis, "refund", s.iniapiV1Refund)
	s.handle("POST /inicis/iniapi/api/v1/billing", pgInicis, "charge", s.iniapiV1Billing)
	s.handle("POST /inicis/iniapi/v2/pg/billing", pgInicis, "charge", s.iniapiV2("billing", s.iniapiV2Billing))
	s.handle("POST /inicis/iniapi/v2/pg/inquiry", pgInicis, "inquiry", s.iniapiV2("inquiry", s.iniapiV2Inquiry))
	s.handle("POST /inicis/iniapi/v2/pg/refund", pgInicis, "refund", s.iniapiV2("refund", s.iniapiV2Refund))
	s.handle("POST /inicis/iniapi/v2/pg/partialRefund", pgInicis, "refund", s.iniapiV2("partialRefund", s.iniapiV2Refund))
	s.handle("POST /inicis/iniapi/v2/pg/refund/vacct", pgInicis, "refund", s.iniapiV2("refund", s.iniapiV2RefundVacct))
	s.handle("POST /inicis/iniapi/v2/pg/partialRefund/vacct",
		pgInicis, "refund", s.iniapiV2("partialRefund", s.iniapiV2RefundVacct))
}

// tidMethod is the method part of a TID.
func tidMethod(method string) string {
	switch method {
	case "DirectBank":
		return "DBNK"
	case "HPP":
		return "HPP_"
	case methodVBank:
		return "VBNK"
	case "Culture":
		return "CULT"
	default:
		return "CARD"
	}
}

// payMethodOf is what an approval calls a gopaymethod: easy pays are cards to Inicis.
func payMethodOf(method string) string {
	if method == "DirectBank" || method == "HPP" || method == methodVBank {
		return method
	}
	return "Card"
}

// sourceOf is the easy-pay channel code of a gopaymethod.
func sourceOf(method string) string {
	return map[string]string{
		"onlykakaopay": "O", "onlytosspay": "H", "onlynaverpay": "I", "onlypayco": "C",
		"onlyssp": "B", "onlyssgcard": "G", "onlylpay": "L",
	}[method]
}

// refundMethodOf is what INIAPI v1 calls the method of a payment.
func refundMethodOf(tx *inicisTx) string {
	switch tx.method {
	case "DirectBank":
		return "Acct"
	case "HPP":
		return "HPP"
	case methodVBank:
		return "Vacct"
	default:
		return "Card"
	}
}

// inicisFailure is a refusal in the form of INIStdPay's approval and net cancel.
func inicisFailure(c *call, code, msg string) answer {
	return inicisAnswer(c, [][2]string{{"resultCode", code}, {"resultMsg", msg}})
}

// inicisAnswer writes fields in the format that the request asked for: XML unless told otherwise.
func inicisAnswer(c *call, fields [][2]string) answer {
	switch c.form().Get("format") {
	case "JSON":
		m := make(map[string]string, len(fields))
		for _, f := range fields {
			m[f[0]] = f[1]
		}
		return jsonAnswer(http.StatusOK, m)
	case "NVP":
		parts := make([]string, 0, len(fields))
		for _, f := range fields {
			parts = append(parts, f[0]+"="+f[1])
		}
		return answer{status: http.StatusOK, contentType: "text/plain; charset=utf-8", body: []byte(strings.Join(parts, "&"))}
	default:
		var b strings.Builder
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><result>`)
		for _, f := range fields {
			b.WriteString("<" + f[0] + ">" + escapeXML(f[1]) + "</" + f[0] + ">")
		}
		b.WriteString("</result>")
		return answer{status: http.StatusOK, contentType: "text/xml; charset=utf-8", body: []byte(b.String())}
	}
}

func escapeXML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
