package rules

import (
	"cmp"
	"slices"
)

// X2BEEConfig is the section x2bee: the store API in X2BEE's shape.
type X2BEEConfig struct {
	Enabled bool
	// BasePath has no trailing slash; it is empty for the root.
	BasePath string
	Paths    X2BEEPaths
	// Status900 answers business errors with HTTP status 900, as X2BEE's own services do.
	Status900 bool
	// ReturnURL is where buyers go after an Inicis window when a request names no page.
	ReturnURL string
	// Acquirers are the OM028 codes of our card companies; a company without one goes by our word.
	Acquirers map[string]string
}

// X2BEEPaths are the paths of the six functions, below BasePath.
type X2BEEPaths struct {
	PayMeanLink         string
	MersInfo            string
	InicisPCParam       string
	InterestFreeNotices string
	AccountCertMID      string
	PGInfo              string
}

// X2BEE is the section x2bee.
func (s *Snapshot) X2BEE() X2BEEConfig { return s.x2bee }

func x2beeReader(c *X2BEEConfig) reader {
	*c = X2BEEConfig{
		BasePath: "/api/order", Acquirers: map[string]string{"shinhan": "101"},
		Paths: X2BEEPaths{
			PayMeanLink: "/v1/payment/payMeanLink", MersInfo: "/v1/payment/mersInfo",
			InicisPCParam:       "/v1/payment/inicisPcParam",
			InterestFreeNotices: "/v1/payment/noInterestInstallmentGuides",
			AccountCertMID:      "/v1/payment/accountCertMid", PGInfo: "/v1/payment/pgInfo",
		},
	}
	fs := fields{
		"enabled":   {flag(&c.Enabled), "Y answers the six payment functions of the X2BEE store API from these rules."},
		"base_path": {basePath(&c.BasePath), "What the paths of all six functions begin with."},
		"paths": {object(fields{
			"pay_mean_link": {webPath(&c.Paths.PayMeanLink), "POST: whether a payment method is linked (결제수단 연결여부 조회)."},
			"mers_info":     {webPath(&c.Paths.MersInfo), "POST: the merchant for a PG payment (가맹점 정보 조회)."},
			"inicis_pc_param": {
				webPath(&c.Paths.InicisPCParam), "POST: parameters of the Inicis PC window (이니시스 PC 결제요청 파라미터 생성).",
			},
			"interest_free_notices": {
				webPath(&c.Paths.InterestFreeNotices), "GET: running interest-free notices (무이자할부 안내 목록 조회).",
			},
			"account_cert_mid": {webPath(&c.Paths.AccountCertMID), "GET: the MID that verifies refund accounts (계좌인증용 MID 조회)."},
			"pg_info":          {webPath(&c.Paths.PGInfo), "POST: the PG of each payment method (PG 정보 조회)."},
		}), "Paths of the functions, below base_path."},
		"business_error_status": {
			status900(&c.Status900), "http answers errors with 400, 404, 409 or 500; 900 with X2BEE's own status.",
		},
		"return_url": {
			pageURL(&c.ReturnURL),
			"Where buyers go after an Inicis window when the request names no returnUrl; at one of allow_origins.",
		},
		"acquirers": {acquirerCodes(&c.Acquirers), "OM028 codes of card companies (매입사코드), as in { shinhan: \"101\" }."},
	}
	return func(v value) {
		object(fs)(v)
		if v.schema == nil {
			c.clashes(v)
		}
	}
}

// AcquirerOf finds our word for a card company by its OM028 code or that word.
func (s *Snapshot) AcquirerOf(code string) (string, bool) {
	for company, c := range s.x2bee.Acquirers {
		if c == code {
			return company, true
		}
	}
	return code, isAcquirer(code)
}

// AcquirerCode is the OM028 code of a card company, or our word where the configuration names none.
func (s *Snapshot) AcquirerCode(company string) string {
	return cmp.Or(s.x2bee.Acquirers[company], company)
}

// functions are the paths of the six functions, below BasePath.
func (p X2BEEPaths) functions() []string {
	return []string{p.PayMeanLink, p.MersInfo, p.InicisPCParam, p.InterestFreeNotices, p.AccountCertMID, p.PGInfo}
}

// clashes refuses two functions at one path: only one of them could be called.
func (c *X2BEEConfig) clashes(v value) {
	all := c.Paths.functions()
	for i, path := range all {
		if slices.Contains(all[:i], path) {
			v.fail("give each function a path of its own", "two functions have the path %q", clip(path))
		}
	}
}

// basePath is a path without its trailing slashes.
func basePath(dst *string) reader {
	return func(v value) {
		webPath(dst)(v)
		for v.schema == nil && *dst != "" && (*dst)[len(*dst)-1] == '/' {
			*dst = (*dst)[:len(*dst)-1]
		}
	}
}

// status900 reads http or 900, the latter with or without quotes.
func status900(dst *bool) reader {
	return func(v value) {
		if v.schema != nil {
			number := &Schema{}
			number.integer(900, 900)
			v.schema.AnyOf = []*Schema{{Type: "string", Enum: []string{"http", "900"}}, number}
			return
		}
		s, ok := v.scalar("http or 900")
		if !ok {
			return
		}
		if s != "http" && s != "900" {
			v.fail("http or 900", "unknown value %q", clip(s))
			return
		}
		*dst = s == "900"
	}
}

// acquirerCodes reads the OM028 codes beside the card companies they stand for. Each stands for one.
func acquirerCodes(dst *map[string]string) reader {
	var list []entry[word]
	read := dict(&list, func(w *word, _ value) reader { return name(w) })
	return func(v value) {
		read(v)
		for _, e := range list {
			if !isAcquirer(e.key.text) {
				e.key.at.fail(hintOf(e.key.text, acquirers()), "unknown card company %q", clip(e.key.text))
				continue
			}
			(*dst)[e.key.text] = e.val.text
		}
		seen := make(map[string]string)
		for _, company := range acquirers() {
			code, ok := (*dst)[company]
			if other := seen[code]; ok && other != "" {
				v.fail("keep one of them", "%s and %s have the same code %q", other, company, clip(code))
			}
			if ok {
				seen[code] = company
			}
		}
	}
}
