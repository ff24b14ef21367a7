#include "worker/ring/payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace ropewalk {
namespace {

using ::testing::ElementsAreArray;

// Of the bytes 0, 1, 2, ... in pieces of these sizes.
struct Pieces {
  explicit Pieces(const std::vector<int>& sizes)
      : bytes(std::accumulate(sizes.begin(), sizes.end(), 0)) {
    std::iota(bytes.begin(), bytes.end(), uint8_t{0});
    std::vector<Payload::Piece> pieces;
    const uint8_t* at = bytes.data();
    for (const int size : sizes) {
      pieces.push_back({absl::MakeConstSpan(at, size), nullptr});
      at += size;
    }
    payload = Payload(std::move(pieces));
  }

  std::vector<uint8_t> bytes;
  Payload payload;
};

TEST(PayloadReader, ReadsAcrossPieces) {
  const Pieces pieces({3, 1, 5, 0, 7});
  for (const int size : {1, 2, 4, 8, 16}) {
    PayloadReader reader(pieces.payload);
    uint8_t room[16];
    for (int at = 0; at < 16; at += size) {
      const uint8_t* const read = reader.Read(size, room);
      EXPECT_THAT(absl::MakeConstSpan(read, size),
                  ElementsAreArray(absl::MakeConstSpan(pieces.bytes).subspan(at, size)));
    }
  }
}

TEST(PayloadReader, CopiesNothingThatLiesTogether) {
  const Pieces pieces({4, 4});
  PayloadReader reader(pieces.payload);
  uint8_t room[4];
  EXPECT_EQ(reader.Read(4, room), &pieces.bytes[0]);
  EXPECT_EQ(reader.Read(2, room), &pieces.bytes[4]);
  EXPECT_EQ(reader.Read(2, room), &pieces.bytes[6]);
}

}  // namespace
}  // namespace ropewalk
