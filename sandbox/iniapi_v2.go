package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// iniapiV2Request is the envelope of every INIAPI v2 request.
type iniapiV2Request struct {
	MID       string          `json:"mid"`
	Type      string          `json:"type"`
	PayMethod string          `json:"paymethod"`
	Timestamp string          `json:"timestamp"`
	ClientIP  string          `json:"clientIp"`
	Data      json.RawMessage `json:"data"`
	HashData  string          `json:"hashData"`
}

// iniapiV2Data is what the data of the requests that we know may hold.
type iniapiV2Data struct {
	TID          string `json:"tid"`
	OID          string `json:"oid"`
	Msg          string `json:"msg"`
	Price        string `json:"price"`
	ConfirmPrice string `json:"confirmPrice"`
	Currency     string `json:"currency"`
	Tax          string `json:"tax"`
	// TaxFree is read in any case of its letters: sources disagree on them.
	TaxFree        string `json:"taxfree"`
	RefundAcctNum  string `json:"refundAcctNum"`
	RefundBankCode string `json:"refundBankCode"`
	RefundAcctName string `json:"refundAcctName"`
	// These are a charge's.
	URL        string `json:"url"`
	MOID       string `json:"moid"`
	GoodName   string `json:"goodName"`
	BuyerName  string `json:"buyerName"`
	BuyerEmail string `json:"buyerEmail"`
	BuyerTel   string `json:"buyerTel"`
	BillKey    string `json:"billKey"`
}

// iniapiV2 checks the envelope and its hash before the operation runs.
func (s *Sandbox) iniapiV2(kind string, do func(*call, iniapiV2Request, iniapiV2Data) answer) func(*call) answer {
	return func(c *call) answer {
		var req iniapiV2Request
		if err := json.Unmarshal(c.body, &req); err != nil {
			return iniapiFailure("500251", "JSON이 아닙니다 (500251)")
		}
		m, ok := s.cfg.Inicis[req.MID]
		switch {
		case !ok:
			return iniapiFailure("500400", "등록되지 않은 상점입니다 (500400)")
		case req.Type != kind:
			return iniapiFailure("500251", "type이 잘못되었습니다 (500251)")
		case !kstStamp.MatchString(req.Timestamp) || req.ClientIP == "":
			return iniapiFailure("500251", "timestamp 또는 clientIp가 잘못되었습니다 (500251)")
		}
		hash, err := v2Hash(m.APIKey, req)
		if err != nil || req.HashData != hash {
			return iniapiFailure("500202", "hashData가 일치하지 않습니다 (500202)")
		}
		var data iniapiV2Data
		if err := json.Unmarshal(req.Data, &data); err != nil {
			return iniapiFailure("500251", "data가 잘못되었습니다 (500251)")
		}
		return do(c, req, data)
	}
}

// v2Hash is INIAPI v2's hash: over the data as a PHP server would write it again, without any backslash.
func v2Hash(apiKey string, req iniapiV2Request) (string, error) {
	plain, err := canonicalJSON(req.Data)
	if err != nil {
		return "", err
	}
	// clientIp is no part of it, unlike in v1 (inicis.md §6).
	return sha512Hex(apiKey + req.MID + req.Type + req.Timestamp + strings.ReplaceAll(plain, `\`, "")), nil
}

// canonicalJSON writes JSON again in its own key order: compact, and nothing escaped that need not be.
func canonicalJSON(raw []byte) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var b strings.Builder
	if err := writeCanonical(&b, dec); err != nil {
		return "", err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("data after the value")
	}
	return b.String(), nil
}

func writeCanonical(b *strings.Builder, dec *json.Decoder) error {
	tok, err := dec.Token()
	if err != nil {
		return fmt.Errorf("reading data: %w", err)
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return writeScalar(b, tok)
	}
	b.WriteString(delim.String())
	for i := 0; dec.More(); i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		if delim == '{' {
			key, err := dec.Token()
			if err != nil {
				return fmt.Errorf("reading data: %w", err)
			}
			if err := writeScalar(b, key); err != nil {
				return err
			}
			b.WriteByte(':')
		}
		if err := writeCanonical(b, dec); err != nil {
			return err
		}
	}
	end, err := dec.Token()
	if err != nil {
		return fmt.Errorf("reading data: %w", err)
	}
	b.WriteString(end.(json.Delim).String())
	return nil
}

func writeScalar(b *strings.Builder, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	// PHP leaves & < > as they are, and the hash is over that (inicis.md §6).
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing data: %w", err)
	}
	b.Write(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
	return nil
}

// iniapiV2Refund is both refund and partialRefund.
func (s *Sandbox) iniapiV2Refund(c *call, req iniapiV2Request, data iniapiV2Data) answer {
	return s.iniapiV2Return(c, req, data, false)
}

// iniapiV2RefundVacct is the same for virtual accounts, whose money goes to an account that the buyer names.
func (s *Sandbox) iniapiV2RefundVacct(c *call, req iniapiV2Request, data iniapiV2Data) answer {
	return s.iniapiV2Return(c, req, data, true)
}

func (s *Sandbox) iniapiV2Return(c *call, req iniapiV2Request, data iniapiV2Data, account bool) answer {
	if data.TID == "" || data.Msg == "" {
		return iniapiFailure("500251", "tid와 msg가 필요합니다 (500251)")
	}
	return s.inicisRefund(c, refundRequest{
		mid: req.MID, tid: data.TID, partial: req.Type == "partialRefund", price: data.Price, confirmPrice: data.ConfirmPrice,
		tax: data.Tax, taxFree: data.TaxFree, account: account,
		to: refundAccount{number: data.RefundAcctNum, bank: data.RefundBankCode, holder: data.RefundAcctName},
	})
}

// iniapiV2Inquiry tells what became of a payment.
func (s *Sandbox) iniapiV2Inquiry(c *call, req iniapiV2Request, data iniapiV2Data) answer {
	c.ref = data.OID
	if data.TID == "" && data.OID == "" {
		return iniapiFailure("500708", "tid 또는 oid가 필요합니다 (500708)")
	}
	tx, ok := s.inicis.find(req.MID, data.TID, data.OID)
	if !ok {
		return iniapiFailure("500623", "거래를 찾을 수 없습니다 (500623)")
	}
	c.ref = tx.oid
	at := tx.at.In(payment.KST())
	out := map[string]any{
		// SUCCESS for an inquiry, 00 for a refund (inicis.md §6).
		"resultCode": "SUCCESS", "resultMsg": "정상처리되었습니다.", "mid": tx.mid, "tid": tx.tid, "oid": tx.oid,
		"price": tx.price.text(), "paymethod": payMethodOf(tx.method), "transactionStatus": "APPROVAL",
		"approvedDate": at.Format("20060102"), "approvedTime": at.Format("150405"), "cancelDate": "", "cancelTime": "",
		"availablePartCancelPrice": tx.remaining.text(), "partCancelTransInfo": partialList(tx),
		"cardInfo": map[string]string{"currencyCode": tx.currency, "approvedNumber": "30012345"}, "cashReceiptInfo": nil,
	}
	if tx.account != nil {
		// It tells an issued account from a paid one no more than the real one does.
		out["cardInfo"] = nil
		if tx.vbankStatus() == "N" {
			out["availablePartCancelPrice"] = tx.price.text()
		}
	}
	if tx.remaining < tx.price && tx.vbankStatus() != "N" {
		cancelled := tx.cancelledAt.In(payment.KST())
		out["transactionStatus"] = "PART_CANCEL"
		out["cancelDate"], out["cancelTime"] = cancelled.Format("20060102"), cancelled.Format("150405")
	}
	if tx.spent() {
		out["transactionStatus"] = "CANCEL"
	}
	return jsonAnswer(http.StatusOK, out)
}

func partialList(tx *inicisTx) []map[string]string {
	out := []map[string]string{}
	for _, p := range tx.partials {
		at := p.at.In(payment.KST())
		out = append(out, map[string]string{
			"tid": p.tid, "requestPrice": p.price.text(), "requestDate": at.Format("20060102"),
			"requestTime": at.Format("150405"),
		})
	}
	return out
}
