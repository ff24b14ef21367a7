#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace ropewalk {

// How many bytes of memory this process could take now; nothing if nobody knows.
using MemoryMeter = std::function<std::optional<int64_t>()>;

// As Linux says: MemAvailable of /proc/meminfo or, where that is less, what the limits of the
// process's cgroup (version 2) and of those above it leave. `root` is where /proc and /sys are.
std::optional<int64_t> MemoryAtHand(const std::string& root = "");

}  // namespace ropewalk
