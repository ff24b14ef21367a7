-- For wrk: asks for the paths of a file, a line each, over and over; its last line is what it measured, as JSON.
--
--   wrk -s model_infos.lua URL -- FILE

local requests, next_one = {}, 0

function init(args)
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  next_one = next_one % #requests + 1
  return requests[next_one]
end

function done(summary, latency)
  local errors = summary.errors
  local failures = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"requests": %d, "failures": %d, "bytes": %d, "seconds": %.6f, ', summary.requests, failures, summary.bytes,
    summary.duration / 1e6))
  io.write(string.format('"p50_ms": %.3f, "p90_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f}\n', latency:percentile(50) / 1e3,
    latency:percentile(90) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
