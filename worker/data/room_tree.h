#pragma once

#include <cstdint>
#include <vector>

namespace ropewalk {

// The room that is left in a row of packs, for first fit in logarithmic time: a binary tree over
// the packs in which every node knows the most room of the packs below it. Pure.
class RoomTree {
 public:
  // `packs` empty packs of the same capacity.
  RoomTree(int64_t packs, int64_t capacity);

  // Takes `length` from the first pack that has so much room, and returns its index.
  // REQUIRES: one has.
  int64_t TakeFirst(int64_t length);

 private:
  int64_t leaves_ = 1;         // a power of two
  std::vector<int64_t> room_;  // node i's children are 2i and 2i + 1; 1 is the root
};

}  // namespace ropewalk
