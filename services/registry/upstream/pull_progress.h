#pragma once

#include <atomic>
#include <cstdint>

namespace ropewalk {

// How far a pull is, for those who wait for it. Thread-safe.
struct PullProgress {
  // Of the files; 0 until upstream has said what there is.
  std::atomic<int64_t> total_bytes{0};
  // Of them, what is here.
  std::atomic<int64_t> bytes{0};
};

}  // namespace ropewalk
