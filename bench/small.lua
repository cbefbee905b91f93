-- wrk: each request stores one new file of 10 KiB.
-- Arguments: MODE (put or tus), RUN (makes names unique), TOKEN or -, PATH… (taken in turn)
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("id", threads)
end
function init(args)
  mode, run = args[1], args[2]
  paths = {}
  for i = 4, #args do paths[#paths + 1] = args[i] end
  body = string.rep("0123456789abcdef", 640)
  headers = { ["Content-Type"] = "application/octet-stream" }
  if args[3] ~= "-" then headers["Authorization"] = "Bearer " .. args[3] end
  if mode == "tus" then
    headers["Tus-Resumable"] = "1.0.0"
    headers["Upload-Length"] = #body
    headers["Content-Type"] = "application/offset+octet-stream"
  end
  n = 0
end
function request()
  n = n + 1
  local path = paths[n % #paths + 1]
  if mode == "tus" then return wrk.format("POST", path, headers, body) end
  return wrk.format("PUT", path .. run .. "-" .. id .. "-" .. n .. ".bin", headers, body)
end
function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %.3f\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(99) / 1000))
end
