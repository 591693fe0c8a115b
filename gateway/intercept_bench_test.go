package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/valyala/fasthttp"
)

// BenchmarkIntercept is the shop's own checkout through the gateway, with a shop on loopback that answers at once.
func BenchmarkIntercept(b *testing.B) {
	const answer = `{"code":"0000","message":"SUCCESS","payload":{"ordNo":"BENCH-20261201-0001","payAmt":64900,` +
		`"goodsNm":"노르웨이 회전 의자","taxFreeAmt":0,"pgAmt":64900,"mileageAmt":0},"error":false,"errors":[]}`
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	b.Cleanup(shop.Close)
	g := benchGateway(b, shop.URL)
	req := &fasthttp.Request{}
	req.SetRequestURI("http://localhost:8080/api/orders")
	req.Header.SetMethod(fasthttp.MethodPost)
	req.Header.SetContentType("application/json")
	req.SetBodyString(`{"goods":[{"goodsNo":"G-1","qty":1}],"payMeans":[{"payWayCd":"11"}],"buyer":{"name":"홍길동",` +
		`"tel":"010-4242-4242","email":"gildong@example.com"},"return_url":"http://localhost:8080/result"}`)
	drive(b, g.publicApp().Handler(), req)
}
