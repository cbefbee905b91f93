-- wrk: the first page of a user's inbox. Argument: TOKEN
function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[1]
end
function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %.3f\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(99) / 1000))
end
