#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace ropewalk {

// Sets how many threads the calling thread's loops and matrix products use. At least 1; always 1
// under ThreadSanitizer, which does not see libgomp's barriers and would report races.
inline void SetThreads(int threads) {
#ifdef __SANITIZE_THREAD__
  threads = 1;
#endif
  omp_set_num_threads(std::max(1, threads));
}

// Calls f(begin, end) for parts that together are [0, n), at the same time on several threads. Cut
// loops by what they write, never by the terms of a sum: then the bits do not depend on the number
// of threads. f must not throw.
template <typename F>
void ParallelFor(int64_t n, F f) {
  if (n <= 0) return;
  const int parts = static_cast<int>(std::min<int64_t>(n, omp_get_max_threads()));
  if (parts == 1 || omp_in_parallel()) return f(int64_t{0}, n);
#pragma omp parallel for schedule(static, 1) num_threads(parts)
  for (int part = 0; part < parts; ++part) f(n * part / parts, n * (part + 1) / parts);
}

// Loops over fewer elements than this stay on the calling thread: a sleeping thread takes longer to
// wake than they last.
inline constexpr int64_t kFewElements = 1 << 17;

// ParallelFor for rows of `size` elements each.
template <typename F>
void ParallelForRows(int64_t rows, int64_t size, F f) {
  if (rows > 0 && rows * size < kFewElements) return f(int64_t{0}, rows);
  ParallelFor(rows, f);
}

// While it lives, loops and matrix products of the calling thread stay on it: for many small ones,
// which would each wake other threads.
class AloneScope {
 public:
  AloneScope() : threads_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~AloneScope() { omp_set_num_threads(threads_); }
  AloneScope(const AloneScope&) = delete;
  AloneScope& operator=(const AloneScope&) = delete;

 private:
  const int threads_;
};

// The same for elementwise loops: parts begin at multiples of kLoopBlock, so that vectorised code
// rounds an element alike whoever computes it.
inline constexpr int64_t kLoopBlock = 1024;
template <typename F>
void ParallelForElements(int64_t n, F f) {
  ParallelForRows((n + kLoopBlock - 1) / kLoopBlock, kLoopBlock, [&](int64_t begin, int64_t end) {
    f(begin * kLoopBlock, std::min(n, end * kLoopBlock));
  });
}

// Calls f(i) for every i in [0, n), handing out one after another to whichever thread is free: for
// items of unequal size.
template <typename F>
void ParallelForEach(int64_t n, F f) {
  if (omp_get_max_threads() == 1 || omp_in_parallel() || n <= 1) {
    for (int64_t i = 0; i < n; ++i) f(i);
    return;
  }
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t i = 0; i < n; ++i) f(i);
}

}  // namespace ropewalk
