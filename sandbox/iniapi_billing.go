package sandbox

import (
	"net/http"

	"github.com/pg-gateway/pg-gateway/payment"
)

// inicisBill is a charge of a billing key as v1 and v2 both mean it; all is text, as it was sent.
type inicisBill struct {
	mid, moid, goods, url, price, key, quota string
	buyer                                    [3]string // name, email, tel
}

// iniapiV1Billing charges a billing key (inicis.md §5.3).
func (s *Sandbox) iniapiV1Billing(c *call) answer {
	f := c.form()
	c.ref = f.Get("moid")
	for name, values := range f {
		if len(values) > 1 {
			return iniapiFailure("500251", name+" 값이 둘 이상입니다 (500251)")
		}
	}
	if f.Get("type") != "Billing" || f.Get("paymethod") != "Card" {
		return iniapiFailure("500251", "type 또는 paymethod가 잘못되었습니다 (500251)")
	}
	hashed := []string{"type", "paymethod", "timestamp", "clientIp", "mid", "moid", "price", "billKey"}
	if refusal := s.checkINIAPIv1(f, hashed...); refusal != nil {
		return *refusal
	}
	if f.Get("currency") != "WON" || f.Get("authentification") != "00" {
		return iniapiParameter("currency 또는 authentification")
	}
	return s.inicisBilling(c, inicisBill{
		mid: f.Get("mid"), moid: f.Get("moid"), goods: f.Get("goodName"), url: f.Get("url"), price: f.Get("price"),
		key: f.Get("billKey"), quota: f.Get("cardQuota"),
		buyer: [3]string{f.Get("buyerName"), f.Get("buyerEmail"), f.Get("buyerTel")},
	})
}

// iniapiV2Billing is the same at v2, which has no instalments.
func (s *Sandbox) iniapiV2Billing(c *call, req iniapiV2Request, data iniapiV2Data) answer {
	c.ref = data.MOID
	// Where it stands is not confirmed; another one than a card's is refused wherever it does (inicis.md §6).
	if req.PayMethod != "" && req.PayMethod != "card" {
		return iniapiParameter("paymethod")
	}
	return s.inicisBilling(c, inicisBill{
		mid: req.MID, moid: data.MOID, goods: data.GoodName, url: data.URL, price: data.Price, key: data.BillKey, quota: "00",
		buyer: [3]string{data.BuyerName, data.BuyerEmail, data.BuyerTel},
	})
}

// iniapiParameter is the refusal of a field that is missing or wrong.
func iniapiParameter(field string) answer {
	return jsonAnswer(http.StatusOK, map[string]any{
		"resultCode": "ER0102", "resultMsg": field + ": 파라미터 오류", "tid": nil, "price": nil,
	})
}

// inicisBilling charges a key once under an order number.
func (s *Sandbox) inicisBilling(c *call, b inicisBill) answer {
	for field, value := range map[string]string{
		"url": b.url, "moid": b.moid, "goodName": b.goods, "buyerName": b.buyer[0], "buyerEmail": b.buyer[1],
		"buyerTel": b.buyer[2], "billKey": b.key,
	} {
		if value == "" {
			return iniapiParameter(field)
		}
	}
	price, err := parseWon(b.price)
	k, live := s.keyOf(pgInicis, b.key)
	_, taken := s.inicis.find(b.mid, "", b.moid)
	switch {
	case !isDigits(b.quota) || len(b.quota) != 2 || b.quota == "01" || b.quota != "00" && price < v1QuotaFrom:
		return iniapiParameter("cardQuota")
	case err != nil || price <= 0:
		return iniapiFailure("500701", "결제 금액이 잘못되었습니다 (500701)")
	case !live || !k.deleted.IsZero() || k.channel.MID != b.mid:
		return iniapiFailure("500413", "등록되지 않은 빌링키입니다 (500413)")
	case taken:
		return iniapiFailure("500619", "중복된 주문번호입니다 (500619)")
	case c.decline != nil:
		return iniapiFailure(c.decline.code, c.decline.text)
	}
	tx := &inicisTx{
		tid: s.transactionOf("INIAPI", "CARD", b.mid, c.now), mid: b.mid, oid: b.moid, goods: b.goods, method: "Card",
		currency: "WON", price: price, remaining: price, at: c.now, quota: b.quota,
	}
	s.inicis.txs.put(tx.tid, tx)
	s.inicis.byOrder.put(b.mid+"/"+b.moid, tx)
	s.book(Entry{PG: pgInicis, Kind: EntryCapture, OrderRef: tx.oid, TxID: tx.tid, Amount: price, By: "billing"})
	at := c.now.In(payment.KST())
	return jsonAnswer(http.StatusOK, map[string]string{
		"resultCode": "00", "resultMsg": "정상처리되었습니다.", "tid": tx.tid, "payDate": at.Format("20060102"),
		"payTime": at.Format("150405"), "payAuthCode": "30012345", "cardCode": "14", "checkFlg": "0",
		"payAuthQuota": tx.quota, "price": price.text(), "prtcCode": "1",
	})
}
