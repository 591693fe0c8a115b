package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// kstStamp is the form of an INIAPI timestamp.
var kstStamp = regexp.MustCompile(`^[0-9]{14}$`)

// inicisGiveBack cancels part or all of a payment; callers hold the mutex.
func (s *Sandbox) inicisGiveBack(tx *inicisTx, amount Won, at time.Time, by string) {
	tx.remaining -= amount
	tx.cancelledAt = at
	s.book(Entry{PG: pgInicis, Kind: EntryCancel, OrderRef: tx.oid, TxID: tx.tid, Amount: amount, By: by})
}

// iniapiFailure is a refusal in INIAPI's form.
func iniapiFailure(detail, msg string) answer {
	// What else there is comes as null or not at all (inicis.md §5.1).
	return jsonAnswer(http.StatusOK, map[string]any{
		"resultCode": "01", "resultMsg": msg, "detailResultCode": detail, "cancelDate": nil, "cancelTime": nil,
	})
}

// refundRequest is a refund as v1 and v2 both mean it.
type refundRequest struct {
	mid     string
	tid     string
	partial bool
	// price and confirmPrice are what to give back now and what then stays approved, tax and taxFree what of price
	// they are; all as text, empty when absent.
	price        string
	confirmPrice string
	tax          string
	taxFree      string
	// account tells that the call is one of those for virtual accounts, to names whom the money goes to.
	account bool
	to      refundAccount
}

// refundAccount is the buyer's account, its number still encrypted.
type refundAccount struct {
	number, bank, holder string
}

// inicisRefund gives money back by INIAPI.
func (s *Sandbox) inicisRefund(c *call, req refundRequest) answer {
	tx, ok := s.inicis.find(req.mid, req.tid, "")
	if !ok {
		return iniapiFailure("500623", "거래를 찾을 수 없습니다 (500623)")
	}
	c.ref = tx.oid
	switch {
	case tx.spent():
		return iniapiFailure("500626", "이미 취소된 거래입니다 (500626)")
	case req.account != (tx.account != nil):
		return iniapiFailure("500625", "결제수단이 원거래와 다릅니다 (500625)")
	case req.account && tx.vbankStatus() == "N":
		return iniapiFailure("504627", "입금되지 않은 가상계좌는 환불할 수 없습니다 (504627)")
	case req.account && !s.canRefundTo(req):
		return iniapiFailure("504251", "환불 계좌 정보가 잘못되었습니다 (504251)")
	case req.partial && tx.escrow != "" && !escrowConfirmed(tx.escrow):
		return iniapiFailure("500628", "구매확인 전의 에스크로 거래는 부분취소할 수 없습니다 (500628)")
	case req.partial:
		return s.inicisPartialRefund(c, tx, req)
	}
	tx.back = tx.taxes
	s.inicisGiveBack(tx, tx.remaining, c.now, "refund")
	return inicisRefunded(c)
}

// inicisRefunded is the answer of a full refund, or of an account's closing.
func inicisRefunded(c *call) answer {
	at := c.now.In(payment.KST())
	return jsonAnswer(http.StatusOK, map[string]any{
		"resultCode": "00", "resultMsg": "정상처리되었습니다.", "cancelDate": at.Format("20060102"),
		"cancelTime": at.Format("150405"), "cshrCancelNum": "", "detailResultCode": "", "receiptInfo": "",
	})
}

// inicisClose closes a virtual account that nobody has paid into (GVacct).
func (s *Sandbox) inicisClose(c *call, mid, tid string) answer {
	tx, ok := s.inicis.find(mid, tid, "")
	if !ok {
		return iniapiFailure("504623", "거래를 찾을 수 없습니다 (504623)")
	}
	c.ref = tx.oid
	switch tx.vbankStatus() {
	case "N":
		tx.account.closed, tx.cancelledAt = c.now, c.now
		return inicisRefunded(c)
	case "C":
		return iniapiFailure("504626", "이미 취소된 거래입니다 (504626)")
	case "":
		return iniapiFailure("504625", "결제수단이 원거래와 다릅니다 (504625)")
	default:
		return iniapiFailure("504621", "이미 입금된 가상계좌입니다 (504621)")
	}
}

// canRefundTo tells whether the account that a refund names can be read and sent to.
func (s *Sandbox) canRefundTo(req refundRequest) bool {
	m := s.cfg.Inicis[req.mid]
	number, err := decryptField(m.APIKey, m.APIIV, req.to.number)
	return err == nil && isAccountNumber(number) && slices.Contains(refundBanks(), req.to.bank) && req.to.holder != ""
}

// decryptField reads an [ENC] field: AES-128-CBC with PKCS#7, in base64.
func decryptField(key, iv, text string) (string, error) {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return "", fmt.Errorf("reading the key: %w", err)
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) == 0 || len(data)%aes.BlockSize != 0 || len(iv) != aes.BlockSize {
		return "", errors.New("not an encrypted field")
	}
	cipher.NewCBCDecrypter(block, []byte(iv)).CryptBlocks(data, data)
	pad := int(data[len(data)-1])
	if pad < 1 || pad > aes.BlockSize {
		return "", errors.New("wrong padding")
	}
	for _, b := range data[len(data)-pad:] {
		if int(b) != pad {
			return "", errors.New("wrong padding")
		}
	}
	return string(data[:len(data)-pad]), nil
}

func (s *Sandbox) inicisPartialRefund(c *call, tx *inicisTx, req refundRequest) answer {
	price, err := parseWon(req.price)
	if err != nil || price <= 0 {
		return iniapiFailure("500701", "취소 금액이 잘못되었습니다 (500701)")
	}
	left, err := parseWon(req.confirmPrice)
	switch {
	// Nothing else stops a partial refund that is sent twice: there is no idempotency key (inicis.md §5.2).
	case err != nil || price+left != tx.remaining:
		return iniapiFailure("500703", "취소 후 금액이 일치하지 않습니다 (500703)")
	case price == tx.price:
		return iniapiFailure("500749", "전체 금액은 부분취소할 수 없습니다 (500749)")
	}
	back, ok := tx.taxesOf(req, price)
	if !ok {
		return iniapiFailure("500656", "부가세 또는 면세 금액이 잘못되었습니다 (500656)")
	}
	tx.back = tx.back.plus(back)
	part := inicisPartial{tid: s.transactionID(tidMethod(tx.method), tx.mid, c.now), price: price, at: c.now}
	tx.partials = append(tx.partials, part)
	s.inicisGiveBack(tx, price, c.now, "refund")
	at := c.now.In(payment.KST())
	return jsonAnswer(http.StatusOK, map[string]any{
		"resultCode": "00", "resultMsg": "정상처리되었습니다.", "detailResultCode": "", "receiptInfo": "",
		"tid": part.tid, "prtcTid": tx.tid, "prtcPrice": price.text(), "prtcRemains": tx.remaining.text(),
		"prtcCnt": fmt.Sprint(len(tx.partials)), "prtcType": "1", "prtcDate": at.Format("20060102"),
		"prtcTime": at.Format("150405"),
	})
}

// taxesOf reads the parts of a partial refund. For a payment that stated none they are not looked at: only a
// contract with stated taxes heeds them.
func (tx *inicisTx) taxesOf(req refundRequest, price Won) (taxes, bool) {
	if !tx.taxed {
		return taxes{}, true
	}
	var back taxes
	var err1, err2 error
	back.vat, back.vatSet, err1 = optionalWon(req.tax)
	back.taxFree, _, err2 = optionalWon(req.taxFree)
	if err1 != nil || err2 != nil || tx.taxes.vatSet && !back.vatSet {
		return taxes{}, false
	}
	return back, back.possible(price) && tx.taxes.covers(tx.back, back, tx.remaining, price)
}

// checkINIAPIv1 checks an INIAPI v1 request's hash over the named fields, key first.
func (s *Sandbox) checkINIAPIv1(f url.Values, fields ...string) (refusal *answer) {
	refuse := func(detail, msg string) *answer {
		a := iniapiFailure(detail, msg)
		return &a
	}
	m, ok := s.cfg.Inicis[f.Get("mid")]
	if !ok {
		return refuse("500400", "등록되지 않은 상점입니다 (500400)")
	}
	if !kstStamp.MatchString(f.Get("timestamp")) {
		return refuse("500251", "timestamp 형식이 잘못되었습니다 (500251)")
	}
	var plain strings.Builder
	plain.WriteString(m.APIKey)
	for _, name := range fields {
		if f.Get(name) == "" {
			return refuse("500251", name+" 값이 없습니다 (500251)")
		}
		plain.WriteString(f.Get(name))
	}
	if f.Get("hashData") != sha512Hex(plain.String()) {
		return refuse("500202", "hashData가 일치하지 않습니다 (500202)")
	}
	return nil
}

// iniapiV1Extra is INIAPI v1's inquiry.
func (s *Sandbox) iniapiV1Extra(c *call) answer {
	f := c.form()
	c.ref = f.Get("oid")
	if f.Get("type") != "Extra" || f.Get("paymethod") != "Inquiry" {
		return iniapiFailure("500251", "type 또는 paymethod가 잘못되었습니다 (500251)")
	}
	if refusal := s.checkINIAPIv1(f, "type", "paymethod", "timestamp", "clientIp", "mid"); refusal != nil {
		return *refusal
	}
	if f.Get("originalTid") == "" && f.Get("oid") == "" {
		return iniapiFailure("500708", "originalTid 또는 oid가 필요합니다 (500708)")
	}
	tx, ok := s.inicis.find(f.Get("mid"), f.Get("originalTid"), f.Get("oid"))
	if !ok {
		// That there is no payment is a success, told by status alone (inicis.md §5.3).
		return jsonAnswer(http.StatusOK, map[string]string{"resultCode": "00", "resultMsg": "거래가 없습니다", "status": "9"})
	}
	c.ref = tx.oid
	at := tx.at.In(payment.KST())
	out := map[string]string{
		"resultCode": "00", "resultMsg": "정상처리되었습니다.", "status": "0", "tid": tx.tid, "mid": tx.mid, "oid": tx.oid,
		"price": tx.price.text(), "applDate": at.Format("20060102"), "applTime": at.Format("150405"),
	}
	if status := tx.vbankStatus(); status != "" {
		out["status"] = status
		if status == "Y" {
			paid := tx.paidAt.In(payment.KST())
			out["applDate"], out["applTime"] = paid.Format("20060102"), paid.Format("150405")
		}
	}
	if tx.spent() {
		cancelled := tx.cancelledAt.In(payment.KST())
		out["cancelDate"], out["cancelTime"] = cancelled.Format("20060102"), cancelled.Format("150405")
		if out["status"] == "0" {
			out["status"] = "1"
		}
	}
	return jsonAnswer(http.StatusOK, out)
}

// iniapiV1Refund is INIAPI v1's full and partial refund, and the closing of an unpaid virtual account.
func (s *Sandbox) iniapiV1Refund(c *call) answer {
	f := c.form()
	fields := []string{"type", "paymethod", "timestamp", "clientIp", "mid", "tid"}
	switch f.Get("type") {
	case "Refund":
	case "PartialRefund":
		fields = append(fields, "price", "confirmPrice")
	default:
		return iniapiFailure("500251", "type이 잘못되었습니다 (500251)")
	}
	if f.Get("paymethod") == "Vacct" {
		// Hashed as it is sent, encrypted (inicis.md §5.1).
		fields = append(fields, "refundAcctNum")
	}
	if refusal := s.checkINIAPIv1(f, fields...); refusal != nil {
		return *refusal
	}
	// GVacct is an account that waits, Vacct one that was paid into (inicis.md §5.2).
	if f.Get("paymethod") == "GVacct" && f.Get("type") == "Refund" {
		return s.inicisClose(c, f.Get("mid"), f.Get("tid"))
	}
	if tx, ok := s.inicis.find(f.Get("mid"), f.Get("tid"), ""); ok && refundMethodOf(tx) != f.Get("paymethod") {
		c.ref = tx.oid
		return iniapiFailure("500625", "결제수단이 원거래와 다릅니다 (500625)")
	}
	return s.inicisRefund(c, refundRequest{
		mid: f.Get("mid"), tid: f.Get("tid"), partial: f.Get("type") == "PartialRefund",
		price: f.Get("price"), confirmPrice: f.Get("confirmPrice"), tax: f.Get("tax"), taxFree: f.Get("taxFree"),
		account: f.Get("paymethod") == "Vacct",
		to: refundAccount{
			number: f.Get("refundAcctNum"), bank: f.Get("refundBankCode"), holder: f.Get("refundAcctName"),
		},
	})
}
