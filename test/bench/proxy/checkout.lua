-- The work of a checkout on nginx with LuaJIT, as one would write it there with OpenSSL at hand: the body is read, the
-- caller held to rates and a share, a PG and a merchant are chosen by rules, earlier attempts looked for, the attempt
-- sealed into a token, three SHA-256 sign the window, its whole form goes into the answer, and it is counted and
-- logged. It is still less than what the gateway does: cjson reads the body, which takes a key that comes twice, and
-- writes the shop's answer anew.
local cjson = require "cjson.safe"
local ffi = require "ffi"
ffi.cdef [[
typedef struct evp_md_st EVP_MD;
typedef struct evp_cipher_st EVP_CIPHER;
typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
unsigned char *SHA256(const unsigned char *d, size_t n, unsigned char *md);
const EVP_MD *EVP_sha256(void);
unsigned char *HMAC(const EVP_MD *md, const void *key, int key_len, const unsigned char *d, size_t n,
  unsigned char *out, unsigned int *out_len);
int RAND_bytes(unsigned char *buf, int num);
const EVP_CIPHER *EVP_aes_256_gcm(void);
EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void);
int EVP_EncryptInit_ex(EVP_CIPHER_CTX *c, const EVP_CIPHER *t, void *e, const unsigned char *key, const unsigned char *iv);
int EVP_EncryptUpdate(EVP_CIPHER_CTX *c, unsigned char *out, int *outl, const unsigned char *in, int inl);
int EVP_EncryptFinal_ex(EVP_CIPHER_CTX *c, unsigned char *out, int *outl);
int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *c, int type, int arg, void *ptr);
unsigned char *ngx_hex_dump(unsigned char *dst, const unsigned char *src, size_t len);
]]

local counts, buckets_of, attempts = ngx.shared.counts, ngx.shared.rates, ngx.shared.attempts
local digest = ffi.new("unsigned char[32]")
local format = string.format
local base64url = require("ngx.base64").encode_base64url
local digits = ffi.new("unsigned char[64]")

local function to_hex(bytes, n)
  ffi.C.ngx_hex_dump(digits, bytes, n)
  return ffi.string(digits, 2 * n)
end

local function sha256(text)
  ffi.C.SHA256(text, #text, digest)
  return to_hex(digest, 32)
end

-- The seal: AES-256-GCM under a key of this process, with a random nonce in front and the tag behind.
local key = "0123456789abcdef0123456789abcdef"
local nonce, length = ffi.new("unsigned char[16]"), ffi.new("int[1]")
local sealed, rest = ffi.new("unsigned char[4096]"), ffi.new("int[1]")
local cipher = ffi.C.EVP_CIPHER_CTX_new()
ffi.C.EVP_EncryptInit_ex(cipher, ffi.C.EVP_aes_256_gcm(), nil, key, nil)

local function seal(text)
  ffi.C.RAND_bytes(sealed, 12)
  ffi.C.EVP_EncryptInit_ex(cipher, nil, nil, nil, sealed)
  ffi.C.EVP_EncryptUpdate(cipher, nil, length, "attempt:1", 9)
  ffi.C.EVP_EncryptUpdate(cipher, sealed + 12, length, text, #text)
  ffi.C.EVP_EncryptFinal_ex(cipher, sealed + 12 + length[0], rest)
  ffi.C.EVP_CIPHER_CTX_ctrl(cipher, 0x10, 16, sealed + 12 + length[0])
  return base64url(ffi.string(sealed, 12 + length[0] + 16))
end

-- attempt_id is 12 bytes of time and chance, and 4 that show who made it.
local hmac_length = ffi.new("unsigned int[1]")
local function attempt_id()
  ffi.C.RAND_bytes(nonce, 12)
  ffi.C.HMAC(ffi.C.EVP_sha256(), key, #key, nonce, 12, digest, hmac_length)
  return to_hex(nonce, 12) .. to_hex(digest, 4)
end

-- within takes one from the bucket of a key that holds so many a second.
local function within(name, most)
  local n = buckets_of:incr(name .. ":" .. ngx.time(), 1, 0, 2)
  return n and n <= most
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

-- window is what the browser opens the PG's window with.
local function window(merchant, order, name, method, amount, buyer, return_url)
  local at, id = format("%d", ngx.now() * 1000), attempt_id()
  local token = seal(cjson.encode({
    i = id, o = order, p = merchant.pg, d = merchant.pg, m = merchant.mid, M = merchant.mid, t = method, a = amount, A = amount,
    v = "pc", s = "main", u = "one_time", n = name, r = return_url, R = "0123456789ab", c = at, e = at + 1800000,
  }))
  return {
    order_id = order, attempt_id = id, pg = merchant.pg, merchant = merchant.mid, method = method, amount = amount,
    expires_at = ngx.utctime(), rules_version = "0123456789ab",
    window = {kind = "inicis_pc", script = "https://stgstdpay.inicis.com/stdjs/INIStdPay.js", action = "", params = {
      version = "1.0", mid = merchant.mid, oid = id, goodname = name, price = format("%d", amount), currency = "WON",
      buyername = buyer.name, buyertel = buyer.tel, buyeremail = buyer.email, timestamp = at,
      signature = sha256("oid=" .. id .. "&price=" .. amount .. "&timestamp=" .. at),
      verification = sha256("oid=" .. id .. "&price=" .. amount .. "&signKey=" .. merchant.sign_key .. "&timestamp=" .. at),
      mKey = sha256(merchant.sign_key), use_chkfake = "Y", returnUrl = "http://127.0.0.1:8080/return/inicis",
      gopaymethod = "Card", acceptmethod = "centerCd(Y):noeasypay", charset = "UTF-8", languageView = "ko",
      payViewType = "overlay", quotabase = "2:3:4:5:6", merchantData = token,
    }},
  }
end

-- free tells whether nobody has paid an order yet, or is about to.
local function free(order) return attempts:get(order) == nil end

-- admitted holds a client and an order to their rates.
local function admitted(order)
  local who = ngx.var.remote_addr
  return within("client:" .. who, 1e9) and (not order or within("order:" .. order .. who, 1e9))
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
  if not admitted() then return refuse("intercept", 429, "RATE_LIMITED") end
  local device = ngx.var.http_x_device or "pc"
  local _, why = decide(means.payWayCd, nil, nil, device)
  if why then return refuse("intercept", 422, why) end
  local res = ngx.location.capture("/to-shop/api/orders", {method = ngx.HTTP_POST, always_forward_body = true})
  local made = res.status == 200 and cjson.decode(res.body)
  local order = made and made.payload
  if not order then return refuse("intercept", 502, "UPSTREAM") end
  if not allowed(asked.return_url) then return refuse("intercept", 400, "RETURN_URL_NOT_ALLOWED") end
  local merchant, denied = decide(means.payWayCd, order.payAmt, order.taxFreeAmt, device)
  if not admitted(order.ordNo) then return refuse("intercept", 429, "RATE_LIMITED") end
  if not free(order.ordNo) then merchant, denied = nil, "ORDER_ALREADY_PAID" end
  order.pg = merchant and window(merchant, order.ordNo, order.goodsNm, means.payWayCd, order.payAmt, asked.buyer or asked,
    asked.return_url) or {code = denied}
  return answer("intercept", 200, denied or "routed", made)
end

-- checkout asks the order service what the order costs and answers with the window.
function M.checkout()
  local asked = body_of_request()
  local means = asked and asked.payments and asked.payments[1]
  if not means then return refuse("checkout", 400, "INVALID_JSON") end
  if not allowed(asked.return_url) then return refuse("checkout", 400, "RETURN_URL_NOT_ALLOWED") end
  if not admitted(asked.order_id) then return refuse("checkout", 429, "RATE_LIMITED") end
  local res = ngx.location.capture("/to-shop/orders/" .. ngx.escape_uri(asked.order_id), {method = ngx.HTTP_GET})
  local order = res.status == 200 and cjson.decode(res.body)
  if not order then return refuse("checkout", 502, "UPSTREAM") end
  if order.amount ~= asked.amount then return refuse("checkout", 409, "AMOUNT_MISMATCH") end
  local merchant, denied = decide(means.method, order.amount, order.tax_free, asked.device or "pc")
  if denied then return refuse("checkout", 422, denied) end
  if not free(order.order_id) then return refuse("checkout", 409, "ORDER_ALREADY_PAID") end
  return answer("checkout", 200, "routed", window(merchant, order.order_id, order.order_name or order.name or "goods",
    means.method, order.amount, asked.buyer or {}, asked.return_url))
end

return M
