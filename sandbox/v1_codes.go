package sandbox

import "net/http"

// v1Code is a company in V1's code tables.
type v1Code struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// v1Cards and v1Banks are the codes of cards and banks that all Korean institutions use (portone.md §5.5).
func v1Cards() []v1Code {
	return []v1Code{
		{"361", "BC카드"},
		{"381", "국민카드"},
		{"367", "현대카드"},
		{"365", "삼성카드"},
		{"368", "롯데카드"},
		{"371", "NH카드"},
		{"041", "우리카드"},
		{"374", "하나카드"},
		{"366", "신한카드"},
		{"370", "씨티카드"},
		{"373", "제주은행카드"},
		{"364", "광주카드"},
		{"372", "전북은행카드"},
		{"369", "수협카드"},
		{"002", "산업은행카드"},
		{"045", "새마을금고카드"},
		{"048", "신협카드"},
		{"071", "우체국카드"},
		{"089", "케이뱅크카드"},
		{"090", "카카오뱅크카드"},
	}
}

func v1Banks() []v1Code {
	return []v1Code{
		{"004", "국민은행"},
		{"003", "기업은행"},
		{"011", "농협은행"},
		{"020", "우리은행"},
		{"023", "SC제일은행"},
		{"027", "한국씨티은행"},
		{bankStandard, bankName},
		{"081", "하나은행"},
		{"031", "대구은행"},
		{"032", "부산은행"},
		{"034", "광주은행"},
		{"037", "전북은행"},
		{"039", "경남은행"},
		{"002", "산업은행"},
		{"007", "수협은행"},
		{"045", "새마을금고"},
		{"048", "신협"},
		{"071", "우체국"},
		{"012", "지역농축협"},
		{"089", "케이뱅크"},
		{"090", "카카오뱅크"},
		{"092", "토스뱅크"},
	}
}

func (s *Sandbox) routeV1Codes() {
	const api = "/portone/v1"
	s.handle("GET "+api+"/users/pg", pgV1, "lookup", s.v1Guard(s.v1Channels))
	for path, list := range map[string][]v1Code{"/cards": v1Cards(), "/banks": v1Banks()} {
		s.handle("GET "+api+path, pgV1, "lookup", s.v1Guard(func(*call) answer { return v1OK(list) }))
		s.handle("GET "+api+path+"/{code}", pgV1, "lookup", s.v1Guard(func(c *call) answer { return v1CodeIn(c, list) }))
	}
}

func v1CodeIn(c *call, list []v1Code) answer {
	for _, code := range list {
		if code.Code == c.r.PathValue("code") {
			return v1OK(code)
		}
	}
	return v1Failure(http.StatusNotFound, -1, "존재하지 않는 코드입니다.")
}

// v1Channels lists the channels of the account.
func (s *Sandbox) v1Channels(*call) answer {
	list := []map[string]any{}
	for _, ch := range s.cfg.Channels {
		if ch.Module != moduleV1Inicis {
			continue
		}
		// What a window uses, and what the API charges (portone.md §1.8).
		kind := "payment"
		if ch.Recurring {
			kind = "api_payment"
		}
		list = append(list, map[string]any{
			"pg_provider": ch.Module, "pg_id": ch.MID, "sandbox": ch.Test, "type": kind, "channel_name": "sandbox",
			"channel_key": ch.Key,
		})
	}
	return v1OK(list)
}
