-- What wrk sends, and one line of figures when it is done.
-- wrk -s load.lua URL -- get|checkout

local n, thread_no = 0, 0
local body = '{"order_id":"BENCH-%d-%d","amount":64900,"payments":[{"method":"card","amount":64900}],' ..
  '"buyer":{"name":"Hong Gildong","email":"gildong@example.com","tel":"010-4242-4242"},' ..
  '"site":"main","device":"pc","return_url":"http://localhost:8080/result"}'

function setup(thread)
  thread:set("thread_no", thread_no)
  thread_no = thread_no + 1
end

function init(args)
  if args[1] == "checkout" then
    wrk.method, wrk.headers["Content-Type"] = "POST", "application/json"
    -- Every checkout is of another order.
    request = function()
      n = n + 1
      return wrk.format("POST", "/checkout", nil, string.format(body, thread_no, n))
    end
  end
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format("figures %.1f %d %d %d %d\n", summary.requests / (summary.duration / 1e6),
    latency:percentile(50), latency:percentile(99), summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout))
end
