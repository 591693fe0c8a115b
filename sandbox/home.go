package sandbox

import (
	"net/http"
	"slices"
)

// homeRows is how many orders, movements of money and faults the front page shows.
const homeRows = 30

// faultButton is a fault that people try, one click away.
type faultButton struct {
	Title string
	Note  string
	Fault Fault
}

// faultButtons are those of the front page; every other fault goes to POST /_sandbox/faults.
func faultButtons() []faultButton {
	return []faultButton{
		{"승인 응답 유실", "이니시스가 승인하고 응답을 잃습니다", Fault{PG: pgInicis, Operation: "approve", Kind: FaultDropAfterCommit, Times: 1}},
		{"승인 요청 유실", "이니시스가 요청을 받지 못합니다", Fault{PG: pgInicis, Operation: "approve", Kind: FaultDropBeforeCommit, Times: 1}},
		{"승인 금액 불일치", "이니시스가 다른 금액을 답합니다", Fault{PG: pgInicis, Operation: "approve", Kind: FaultWrongAmount, Times: 1}},
		{
			"망취소 응답 유실", "망취소의 결과를 알 수 없습니다", Fault{PG: pgInicis, Operation: "net_cancel", Kind: FaultDropAfterCommit, Times: 1},
		},
		{"이니시스 장애", "모든 요청이 500으로 끝납니다", Fault{PG: pgInicis, Kind: FaultStatus, Times: -1}},
		{"포트원 V2 확인 유실", "수동 승인의 응답을 잃습니다", Fault{PG: pgV2, Operation: "confirm", Kind: FaultDropAfterCommit, Times: 1}},
		{"포트원 V2 조회 장애", "조회가 500으로 끝납니다", Fault{PG: pgV2, Operation: "lookup", Kind: FaultStatus, Times: -1}},
		{"포트원 V1 조회 지연", "조회가 15초 늦습니다", Fault{PG: pgV1, Operation: "lookup", Kind: FaultDelay, Times: 1, DelayMS: 15_000}},
		{"상점 이벤트 거절", "주문 서비스가 이벤트를 세 번 거절합니다", Fault{PG: pgShop, Operation: "events", Kind: FaultStatus, Times: 3}},
		{"상점 조회 장애", "주문 조회가 500으로 끝납니다", Fault{PG: pgShop, Operation: "lookup", Kind: FaultStatus, Times: 1}},
	}
}

// home is what the front page shows.
type home struct {
	Audit    Audit
	Orders   []Order
	Created  int
	Entries  []Entry
	Faults   []Fault
	Buttons  []faultButton
	Mode     ShopMode
	Modes    []ShopMode
	Accounts int
}

// routeHome registers the front page.
func (s *Sandbox) routeHome() {
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		page(http.StatusOK, "home.html", s.home()).write(w)
	})
	s.mux.HandleFunc("GET /home.js", serveAsset("assets/home.js"))
	s.mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
}

func (s *Sandbox) home() home {
	shop, books := s.Shop(), s.Ledger()
	h := home{
		Audit: s.Audit(), Created: shop.Created, Buttons: faultButtons(),
		Modes: []ShopMode{ShopYes, ShopNo, ShopSlow, ShopDown},
	}
	h.Orders, h.Entries = newest(shop.Orders), newest(books.Entries)
	h.Accounts = len(s.Accounts())
	s.mu.Lock()
	defer s.mu.Unlock()
	h.Mode = s.shop.mode
	for _, f := range s.faults {
		h.Faults = append(h.Faults, *f)
	}
	return h
}

// newest are the last of a list, the newest first.
func newest[T any](list []T) []T {
	out := slices.Clone(list[max(0, len(list)-homeRows):])
	slices.Reverse(out)
	return out
}
