-- wrk: log-ins of accounts that there are, with a wrong password, each from an address of its own. Argument: USERS
local users, body
local head = { ["Content-Type"] = "application/json", ["X-Sofie"] = "1" }
local seed = 0
function setup(thread)
  seed = seed + 1
  thread:set("seed", seed)
end
function init(args)
  users = tonumber(args[1])
  math.randomseed(os.time() * 7 + seed)
end
function request()
  local address = string.format("10.%d.%d.%d", math.random(0, 255), math.random(0, 255), math.random(1, 254))
  head["X-Real-IP"] = address
  head["X-Address"] = address
  body = string.format('{"email":"user-%d@example.org","password":"wrong horse battery"}', math.random(0, users - 1))
  return wrk.format("POST", nil, head, body)
end
function done(summary, latency)
  -- A refusal is what is wanted here: wrk counts it as an error.
  io.write(string.format("RESULT %d %d %d %.3f\n", summary.requests, summary.duration, summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout, latency:percentile(99) / 1000))
end
