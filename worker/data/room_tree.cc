#include "worker/data/room_tree.h"

#include <algorithm>

namespace ropewalk {

RoomTree::RoomTree(int64_t packs, int64_t capacity) {
  while (leaves_ < packs) leaves_ *= 2;
  room_.assign(2 * leaves_, capacity);
}

int64_t RoomTree::TakeFirst(int64_t length) {
  int64_t node = 1;
  while (node < leaves_) node = 2 * node + (room_[2 * node] >= length ? 0 : 1);
  const int64_t pack = node - leaves_;
  room_[node] -= length;
  for (node /= 2; node >= 1; node /= 2)
    room_[node] = std::max(room_[2 * node], room_[2 * node + 1]);
  return pack;
}

}  // namespace ropewalk
