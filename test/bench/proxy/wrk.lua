-- What wrk sends, and one line of figures when it is done.
-- wrk -s wrk.lua URL -- PATH BODYFILE ORIGIN
-- Where the body has # each request is of another order.

local n = 0

function init(args)
  local file = assert(io.open(args[2], "rb"))
  local body = file:read("*a")
  file:close()
  wrk.headers["Content-Type"] = "application/json"
  if args[3] and args[3] ~= "" then wrk.headers["Origin"] = args[3] end
  local before, after = body:match("^([^#]*)#([^#]*)$")
  if not before then
    local whole = wrk.format("POST", args[1], nil, body)
    request = function() return whole end
    return
  end
  request = function()
    n = n + 1
    return wrk.format("POST", args[1], nil, before .. string.format("%09d", n) .. after)
  end
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format("errors: connect %d, read %d, write %d, status %d, timeout %d\n", e.connect, e.read, e.write, e.status, e.timeout))
  io.write(string.format("figures %d %d %d %d %d\n", summary.duration, latency:percentile(50), latency:percentile(99),
    summary.requests, e.connect + e.read + e.write + e.status + e.timeout))
end
