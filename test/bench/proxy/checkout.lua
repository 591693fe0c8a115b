-- The work of a checkout on nginx with LuaJIT, as one would write it there: the body is read, a PG and a merchant are
-- chosen by rules, two SHA-256 sign the window, six fields go into the answer, and it is counted. It is less than
-- what the gateway does: no strict reading of the JSON, no look at earlier attempts, no sealed token, no whole form,
-- no log line.
local cjson = require "cjson.safe"
local ffi = require "ffi"
ffi.cdef [[ unsigned char *SHA256(const unsigned char *d, size_t n, unsigned char *md); ]]

local counts = ngx.shared.counts
local digest = ffi.new("unsigned char[32]")
local byte, concat, format = string.byte, table.concat, string.format
local hex_of = {}
for i = 0, 255 do hex_of[i] = format("%02x", i) end

local function sha256(text)
  ffi.C.SHA256(text, #text, digest)
  local out = {}
  for i = 0, 31 do out[i + 1] = hex_of[digest[i]] end
  return concat(out)
end

-- The rules: as many methods, contracts and routes as in the configuration that the gateway runs on.
local methods = {}
for code, x2bee in pairs({card = "11", trans = "12", kakaopay = "15", naverpay = "14", payco = "16", samsung = "17",
  applepay = "18", lpay = "19", tosspay = "20", ssgpay = "21", vbank = "13", phone = "30"}) do
  local m = {code = code, in_use = code ~= "phone", min = 100, max = 10000000, devices = {pc = true, mobile = true},
    links = {inicis = true, portone = code == "card" or code == "trans"}}
  methods[code], methods[x2bee] = m, m
end
local routes = {{method = "kakaopay", pgs = {"portone", "inicis"}}, {method = "tosspay", pgs = {"portone", "inicis"}},
  {pgs = {"inicis", "portone"}}}
local merchants = {
  {pg = "inicis", mid = "INIpayTest", tax = "taxable", purpose = "general", sign_key = "SU5JTElURV9UUklQTEVERVNfS0VZU1RS"},
  {pg = "inicis", mid = "INIpayTest", tax = "mixed", purpose = "general", sign_key = "SU5JTElURV9UUklQTEVERVNfS0VZU1RS"},
  {pg = "portone", mid = "INIpayTest", tax = "taxable", purpose = "general", sign_key = "x"},
}
local origins = {["http://localhost:8080"] = true, ["http://127.0.0.1:8080"] = true}

local function merchant_of(pg, tax)
  for _, m in ipairs(merchants) do
    if m.pg == pg and m.tax == tax and m.purpose == "general" then return m end
  end
end

-- decide finds the contract that an order of an amount is paid through; nil and a reason when there is none.
local function decide(code, amount, tax_free, device)
  local m = methods[code]
  if not m then return nil, "UNKNOWN_METHOD" end
  if not m.in_use or not m.devices[device] then return nil, "METHOD_NOT_IN_USE" end
  if amount and (amount < m.min or amount > m.max) then return nil, "AMOUNT_OUT_OF_RANGE" end
  local tax = (tax_free or 0) > 0 and "mixed" or "taxable"
  for _, route in ipairs(routes) do
    if not route.method or route.method == m.code then
      for _, pg in ipairs(route.pgs) do
        local merchant = m.links[pg] and merchant_of(pg, tax)
        if merchant then return merchant end
      end
    end
  end
  return nil, "METHOD_NOT_LINKED"
end

-- window is the six fields that the browser opens the PG's window with.
local function window(merchant, order, amount)
  local at = format("%d", ngx.now() * 1000)
  return {
    mid = merchant.mid, oid = order, price = amount, timestamp = at,
    signature = sha256("oid=" .. order .. "&price=" .. amount .. "&timestamp=" .. at),
    verification = sha256("oid=" .. order .. "&price=" .. amount .. "&signKey=" .. merchant.sign_key .. "&timestamp=" .. at),
  }
end

local buckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

-- count is one request, its time and what was decided.
local function count(route, status, decision)
  local took = ngx.now() - ngx.req.start_time()
  counts:incr("requests:" .. route .. ":" .. status, 1, 0)
  counts:incr("seconds_sum:" .. route, took, 0)
  for i = 1, #buckets do
    if took <= buckets[i] then
      counts:incr("seconds_bucket:" .. route .. ":" .. i, 1, 0)
      break
    end
  end
  counts:incr("decisions:" .. decision, 1, 0)
end

local function answer(route, status, decision, body)
  local text = cjson.encode(body)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Content-Length"] = #text
  ngx.print(text)
  count(route, status, decision)
end

local function refuse(route, status, code) return answer(route, status, code, {code = code}) end

local function allowed(return_url)
  return type(return_url) == "string" and origins[return_url:match("^(https?://[^/]+)")]
end

local function body_of_request()
  ngx.req.read_body()
  return cjson.decode(ngx.req.get_body_data() or "")
end

local M = {}

-- intercepted runs the shop's own order request through the rules and puts the window into its answer.
function M.intercepted()
  local asked = body_of_request()
  local means = asked and asked.payMeans and asked.payMeans[1]
  if not means then return refuse("intercept", 400, "INVALID_JSON") end
  local device = ngx.var.http_x_device or "pc"
  local _, why = decide(means.payWayCd, nil, nil, device)
  if why then return refuse("intercept", 422, why) end
  local res = ngx.location.capture("/to-shop/api/orders", {method = ngx.HTTP_POST, always_forward_body = true})
  local made = res.status == 200 and cjson.decode(res.body)
  local order = made and made.payload
  if not order then return refuse("intercept", 502, "UPSTREAM") end
  if not allowed(asked.return_url) then return refuse("intercept", 400, "RETURN_URL_NOT_ALLOWED") end
  local merchant, denied = decide(means.payWayCd, order.payAmt, order.taxFreeAmt, device)
  order.pg = merchant and window(merchant, order.ordNo, order.payAmt) or {code = denied}
  return answer("intercept", 200, denied or "routed", made)
end

-- checkout asks the order service what the order costs and answers with the window.
function M.checkout()
  local asked = body_of_request()
  local means = asked and asked.payments and asked.payments[1]
  if not means then return refuse("checkout", 400, "INVALID_JSON") end
  if not allowed(asked.return_url) then return refuse("checkout", 400, "RETURN_URL_NOT_ALLOWED") end
  local res = ngx.location.capture("/to-shop/orders/" .. ngx.escape_uri(asked.order_id), {method = ngx.HTTP_GET})
  local order = res.status == 200 and cjson.decode(res.body)
  if not order then return refuse("checkout", 502, "UPSTREAM") end
  if order.amount ~= asked.amount then return refuse("checkout", 409, "AMOUNT_MISMATCH") end
  local merchant, denied = decide(means.method, order.amount, order.tax_free, asked.device or "pc")
  if denied then return refuse("checkout", 422, denied) end
  return answer("checkout", 200, "routed", {
    order_id = order.order_id, amount = order.amount, pg = merchant.pg, method = means.method,
    window = window(merchant, order.order_id, order.amount),
  })
end

return M
