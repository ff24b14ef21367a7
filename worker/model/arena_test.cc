#include "worker/model/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ropewalk {
namespace {

using Entry = PlannedArrays::Entry;

struct Arrays {
  void Take(Arena* arena) {
    arena->Take("number", 1, &number);
    for (double*& row : rows) arena->Take("row", 9, &row);
  }

  int32_t* number = nullptr;
  double* rows[3] = {};
};

TEST(Arena, TakesWhatItPlansByName) {
  Arrays planned, taken;
  const PlannedArrays plan = Arena::Plan([&](Arena* arena) { planned.Take(arena); });
  const std::vector<Entry> expected = {{"number", 1, 64}, {"row", 3, 3 * 128}};
  EXPECT_EQ(plan.entries(), expected);
  EXPECT_EQ(plan.bytes(), 64 + 3 * 128);
  EXPECT_EQ(planned.number, nullptr);
  Arena arena;
  arena.Build([&](Arena* a) { taken.Take(a); });
  EXPECT_EQ(arena.arrays().entries(), expected);
  EXPECT_EQ(arena.bytes(), static_cast<size_t>(plan.bytes()));
}

TEST(Arena, KeepsArraysApart) {
  Arrays arrays;
  Arena arena;
  arena.Build([&](Arena* a) { arrays.Take(a); });
  *arrays.number = 7;
  for (int i = 0; i < 3; ++i) std::fill_n(arrays.rows[i], 9, i);
  EXPECT_EQ(*arrays.number, 7);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(arrays.rows[i][8], i);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arrays.rows[1]) % kCacheLine, 0u);
}

}  // namespace
}  // namespace ropewalk
