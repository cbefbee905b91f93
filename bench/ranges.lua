-- wrk: 64 KiB from a random place of one large file. Arguments: SIZE TOKEN or -
function init(args)
  blocks = tonumber(args[1]) / 65536 - 1
  headers = {}
  if args[2] ~= "-" then headers["Authorization"] = "Bearer " .. args[2] end
  math.randomseed(os.time())
end
function request()
  -- Not on a boundary of anybody's blocks.
  local from = math.random(0, blocks - 1) * 65536 + math.random(0, 65535)
  headers["Range"] = "bytes=" .. from .. "-" .. from + 65535
  return wrk.format("GET", nil, headers)
end
function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %.3f\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(99) / 1000))
end
