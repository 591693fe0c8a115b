package gateway

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// linkRow is a payment method and its PG, with X2BEE's names.
type linkRow struct {
	PayWayCd      string `json:"payWayCd"`
	PayWayNm      string `json:"payWayNm"`
	PGGbCd        string `json:"pgGbCd"`
	PGGbNm        string `json:"pgGbNm"`
	MainPaymethod bool   `json:"mainPaymethod"`
	LinkYn        string `json:"linkYn"`
	UseYn         string `json:"useYn"`
}

func linkRows(rows []rules.LinkRow) []linkRow {
	out := make([]linkRow, 0, len(rows))
	for _, r := range rows {
		out = append(out, linkRow{
			PayWayCd: r.MethodCode, PayWayNm: r.MethodName, PGGbCd: r.PGCode, PGGbNm: r.PGName,
			MainPaymethod: r.Main, LinkYn: yn(r.Linked), UseYn: yn(r.InUse),
		})
	}
	return out
}

type payMeanLinkAnswer struct {
	MainPayWayYn string    `json:"mainPayWayYn"`
	UsableYn     string    `json:"usableYn"`
	PayInfoList  []linkRow `json:"payInfoList"`
}

// payMeanLink tells whether payment methods are linked (결제수단 연결여부 조회).
func (g *Gateway) payMeanLink(c *fiber.Ctx, v *view) (any, error) {
	var list []rules.Means
	var where place
	err := storeRequest(c, v, func(r *strictjson.Reader, key string) error {
		if key == "payInfoList" {
			return items(r, func(key string, i int) error {
				list = grown(list, i)
				switch key {
				case "payWayCd":
					return optional(r, &list[i].Method, maxOrderID)
				case "pgGbCd":
					return optional(r, &list[i].PG, maxOrderID)
				}
				return r.Skip()
			}, func(n int) { list = grown(list, n-1) })
		}
		return where.read(r, key)
	})
	if err != nil {
		return nil, err
	}
	w, err := where.where()
	if err != nil {
		return nil, err
	}
	got, err := v.rules.CheckLinks(list, w, g.deciding(nil))
	if err != nil {
		return nil, err
	}
	return payMeanLinkAnswer{MainPayWayYn: yn(got.Main), UsableYn: yn(got.Usable), PayInfoList: linkRows(got.Rows)}, nil
}

// pgInfo finds the PG of payment methods (PG 정보 조회).
func (g *Gateway) pgInfo(c *fiber.Ctx, v *view) (any, error) {
	var codes []string
	var where place
	err := storeRequest(c, v, func(r *strictjson.Reader, key string) error {
		switch key {
		case "payWayCdList":
			if r.Null() {
				return nil
			}
			return r.Array(func(i int) error {
				if i >= maxMeans {
					return fieldProblem(r.Path(), "결제수단이 너무 많습니다", "too many payment methods")
				}
				var code string
				err := text(r, &code, maxOrderID)
				codes = append(codes, code)
				return err
			})
		case "payWayCd":
			var code string
			if err := optional(r, &code, maxOrderID); err != nil || code == "" {
				return err
			}
			codes = append(codes, code)
			return nil
		}
		return where.read(r, key)
	})
	if err != nil {
		return nil, err
	}
	w, err := where.where()
	if err != nil {
		return nil, err
	}
	rows, err := v.rules.PGInfo(codes, w, g.deciding(nil))
	if err != nil {
		return nil, err
	}
	return linkRows(rows), nil
}

// mersInfoAnswer is a merchant with X2BEE's names. It holds no key.
type mersInfoAnswer struct {
	MersNo        string `json:"mersNo"`
	PGGbCd        string `json:"pgGbCd"`
	AcqrCd        string `json:"acqrCd"`
	OnoffLineGbCd string `json:"onoffLineGbCd"`
	NintUseYn     string `json:"nintUseYn"`
	PointUseYn    string `json:"pointUseYn"`
	TermlID       string `json:"termlId"`
	UseYn         string `json:"useYn"`
	AplySiteGbCd  string `json:"aplySiteGbCd"`
	SiteNo        string `json:"siteNo"`
	SiteNm        string `json:"siteNm"`
	MID           string `json:"mid"`
}

// mersInfo finds the merchant of a PG payment (가맹점 정보 조회).
func (g *Gateway) mersInfo(c *fiber.Ctx, v *view) (any, error) {
	var q rules.MerchantQuery
	line := "ON"
	err := storeRequest(c, v, func(r *strictjson.Reader, key string) error {
		switch key {
		case "siteNo":
			return optional(r, &q.Site, maxOrderID)
		case "pgGbCd":
			return optional(r, &q.PG, maxOrderID)
		case "payWayCd":
			return optional(r, &q.Method, maxOrderID)
		case "acqrCd":
			return optional(r, &q.Acquirer, maxOrderID)
		case "onoffLineGbCd":
			return optional(r, &line, maxOrderID)
		}
		return r.Skip()
	})
	switch {
	case err != nil:
		return nil, err
	case q.Site == "":
		return nil, missing("siteNo")
	case q.PG == "":
		return nil, missing("pgGbCd")
	case line == "OFF":
		return nil, &payment.Problem{
			Code: payment.CodeMerchantNotFound, Field: "onoffLineGbCd", DetailKo: "오프라인 가맹점은 없습니다",
			DetailEn: "there are no offline merchants",
		}
	case line != "ON":
		return nil, fieldProblem("onoffLineGbCd", "ON 또는 OFF여야 합니다", "must be ON or OFF")
	}
	m, err := v.rules.FindMerchant(q, g.deciding(nil))
	if err != nil {
		return nil, err
	}
	general := "20"
	if len(m.Sites) == 0 {
		general = "10"
	}
	return mersInfoAnswer{
		MersNo: string(m.ID), PGGbCd: m.PGCode, AcqrCd: q.Acquirer, OnoffLineGbCd: line, NintUseYn: yn(m.InterestFree),
		PointUseYn: "N", UseYn: yn(m.InUse), AplySiteGbCd: general, SiteNo: string(q.Site), SiteNm: string(q.Site),
		MID: m.MID,
	}, nil
}

// accountCertMID is the MID that verifies refund accounts (계좌인증용 MID 조회).
func (g *Gateway) accountCertMID(_ *fiber.Ctx, v *view) (any, error) {
	mid := v.rules.AccountVerificationMID()
	if mid == "" {
		return nil, fmt.Errorf("%w: %w", errNoAccountMID, &payment.Problem{
			Code: payment.CodeInternal, DetailKo: "계좌인증용 MID가 설정되지 않았습니다",
			DetailEn: "no MID for account verification is configured",
		})
	}
	return map[string]string{"mid": mid}, nil
}

// noticeAnswer is an interest-free notice with X2BEE's names.
type noticeAnswer struct {
	NintInstGdNo    string           `json:"nintInstGdNo"`
	AcqrCd          string           `json:"acqrCd"`
	AcqrNm          string           `json:"acqrNm"`
	AplyStrDtm      string           `json:"aplyStrDtm"`
	AplyEndDtm      string           `json:"aplyEndDtm"`
	NintInstNm      string           `json:"nintInstNm"`
	NintAplyTgtCont string           `json:"nintAplyTgtCont"`
	NintExcpTgtCont string           `json:"nintExcpTgtCont"`
	SctnNintYn      string           `json:"sctnNintYn"`
	PGGbCd          string           `json:"pgGbCd"`
	PGGbNm          string           `json:"pgGbNm"`
	MonthList       []map[string]any `json:"monthList"`
}

// storeDateTime is how X2BEE writes a moment, in Korean time.
const storeDateTime = "2006-01-02 15:04:05.000"

// interestFreeNotices lists the running interest-free notices (무이자할부 안내 목록 조회).
func (g *Gateway) interestFreeNotices(c *fiber.Ctx, v *view) (any, error) {
	list, err := v.rules.StoreNotices(rules.NoticeQuery{
		Site: payment.Site(clipText(c.Query("siteNo"), maxOrderID)), PG: clipText(c.Query("pgGbCd"), maxOrderID),
		Acquirer: clipText(c.Query("acqrCd"), maxOrderID),
	}, g.now())
	if err != nil {
		return nil, err
	}
	out := make([]noticeAnswer, 0, len(list))
	for _, n := range list {
		row := noticeAnswer{
			NintInstGdNo: n.ID, AcqrCd: n.AcquirerCode, AcqrNm: n.AcquirerName, NintInstNm: n.Title,
			AplyStrDtm: n.From.In(payment.KST()).Format(storeDateTime),
			// The end is stored as the first moment after it, and X2BEE writes the last second of it.
			AplyEndDtm:      n.Until.Add(-time.Second).In(payment.KST()).Format(storeDateTime),
			NintAplyTgtCont: n.AppliesTo, NintExcpTgtCont: n.Excludes, SctnNintYn: yn(n.Partial),
			PGGbCd: n.PGCode, PGGbNm: n.PGName,
		}
		for _, step := range n.Thresholds {
			row.MonthList = append(row.MonthList, monthRow(step))
		}
		out = append(out, row)
	}
	return out, nil
}

// monthRow writes a threshold with one flag a month, from 1 to 12, and all its months as text.
func monthRow(step rules.Threshold) map[string]any {
	row := map[string]any{"tgtAmt": step.FromAmount}
	for n := 1; n <= 12; n++ {
		row["nint"+strconv.Itoa(n)+"MonYn"] = "N"
	}
	texts := make([]string, 0, len(step.Months))
	for _, n := range step.Months {
		texts = append(texts, strconv.Itoa(n))
		if n >= 2 && n <= 12 {
			row["nint"+strconv.Itoa(n)+"MonYn"] = "Y"
		}
	}
	row["months"] = strings.Join(texts, ",")
	return row
}
