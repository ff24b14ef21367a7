#include "worker/tensor/parallel.h"

#include <gtest/gtest.h>

#include <vector>

namespace ropewalk {
namespace {

TEST(Parallel, VisitsEveryIndexOnce) {
  for (const int threads : {1, 2, 3}) {
    SetThreads(threads);
    for (const int64_t n : {0, 1, 2, 3, 7, 1000}) {
      std::vector<int> visits(n, 0), each(n, 0);
      ParallelFor(n, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++visits[i];
      });
      ParallelForEach(n, [&](int64_t i) { ++each[i]; });
      EXPECT_EQ(visits, std::vector<int>(n, 1));
      EXPECT_EQ(each, std::vector<int>(n, 1));
    }
  }
  SetThreads(1);
}

TEST(Parallel, NestedLoopsRunInOneThread) {
  SetThreads(2);
  std::vector<int> visits(100, 0);
  ParallelFor(10, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      ParallelFor(10, [&](int64_t b, int64_t e) {
        for (int64_t j = b; j < e; ++j) ++visits[10 * i + j];
      });
    }
  });
  SetThreads(1);
  EXPECT_EQ(visits, std::vector<int>(100, 1));
}

}  // namespace
}  // namespace ropewalk
