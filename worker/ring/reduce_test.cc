#include "worker/ring/reduce.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "worker/ring/crc32c.h"

namespace ropewalk {
namespace {

// The bytes of `elements`, cut every `piece_bytes`, each piece at an odd address.
template <typename T>
Payload Cut(const std::vector<T>& elements, size_t piece_bytes) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(elements.data());
  const size_t size = elements.size() * sizeof(T);
  std::vector<Payload::Piece> pieces;
  for (size_t begin = 0; begin < size; begin += piece_bytes) {
    const size_t length = std::min(piece_bytes, size - begin);
    auto copy = std::make_shared<std::vector<uint8_t>>(length + 1);
    std::memcpy(copy->data() + 1, bytes + begin, length);
    pieces.push_back({absl::MakeSpan(copy->data() + 1, length), copy});
  }
  return Payload(std::move(pieces));
}

template <typename T>
uint32_t CrcOf(const std::vector<T>& elements) {
  return ExtendCrc32c(0, elements.data(), elements.size() * sizeof(T));
}

template <typename T, typename Expected>
void ExpectReducesHoweverCut(ReduceOp op, const std::vector<T>& mine, const std::vector<T>& theirs,
                             Expected expected) {
  for (size_t piece_bytes : {1, 2, 3, 5, 7, 64, 4096}) {
    std::vector<T> result(mine.size()), complete = mine;
    const Payload cut = Cut(theirs, piece_bytes);
    const ReducedChecks checks = Reduce(op, mine.data(), cut, result.data(), nullptr);
    for (size_t i = 0; i < mine.size(); ++i) {
      ASSERT_EQ(result[i], expected(mine[i], theirs[i])) << "cut every " << piece_bytes;
    }
    EXPECT_EQ(checks.theirs, ChecksOf(op, theirs.data(), theirs.size() * sizeof(T)));
    EXPECT_EQ(checks.result, ChecksOf(op, result.data(), result.size() * sizeof(T)));
    EXPECT_EQ(checks.result.crc, CrcOf(result));
    // In place, too.
    Reduce(op, complete.data(), cut, result.data(), complete.data());
    EXPECT_EQ(complete, result);
    complete = mine;
    const ReducedChecks again = Reduce(op, complete.data(), cut, complete.data(), nullptr);
    EXPECT_EQ(again.theirs, checks.theirs);
    EXPECT_EQ(again.result, checks.result);
    EXPECT_EQ(complete, result);
  }
}

TEST(Reduce, SumsInt32HoweverCut) {
  std::vector<int32_t> mine, theirs;
  for (int i = 0; i < 301; ++i) {
    mine.push_back(i * 7919 - 1'000'000);
    theirs.push_back(500'000 - i * 104'729);
  }
  ExpectReducesHoweverCut(ReduceOp::kSumInt32, mine, theirs,
                          [](int32_t a, int32_t b) { return a + b; });
}

TEST(Reduce, WrapsInt32Around) {
  const std::vector<int32_t> mine = {std::numeric_limits<int32_t>::max()};
  int32_t result = 0;
  Reduce(ReduceOp::kSumInt32, mine.data(), Cut(std::vector<int32_t>{1}, 4), &result, nullptr);
  EXPECT_EQ(result, std::numeric_limits<int32_t>::min());
}

TEST(Reduce, TakesTheLargerUint8) {
  std::vector<uint8_t> mine, theirs;
  for (int i = 0; i < 257; ++i) {
    mine.push_back(static_cast<uint8_t>(i * 37));
    theirs.push_back(static_cast<uint8_t>(i * 91 + 5));
  }
  ExpectReducesHoweverCut(ReduceOp::kMaxUint8, mine, theirs,
                          [](uint8_t a, uint8_t b) { return std::max(a, b); });
}

TEST(Reduce, SumsFloat32HoweverCut) {
  std::vector<float> mine, theirs;
  for (int i = 0; i < 301; ++i) {
    mine.push_back(0.1f * static_cast<float>(i));
    theirs.push_back(1.0f / static_cast<float>(i + 1));
  }
  ExpectReducesHoweverCut(ReduceOp::kSumFloat32, mine, theirs,
                          [](float a, float b) { return a + b; });
}

TEST(CopyWithChecks, TakesPayloadsHoweverCut) {
  std::vector<int32_t> elements(20'000), copy(20'000);
  for (size_t i = 0; i < elements.size(); ++i) elements[i] = static_cast<int32_t>(i * 2654435761u);
  for (const ReduceOp op : {ReduceOp::kSumInt32, ReduceOp::kSumFloat32}) {
    const ChunkChecks checks = ChecksOf(op, elements.data(), 80'000);
    EXPECT_EQ(checks.crc, CrcOf(elements));
    for (const size_t piece_bytes : {7, 4096, 65536}) {
      std::fill(copy.begin(), copy.end(), 0);
      EXPECT_EQ(CopyWithChecks(op, Cut(elements, piece_bytes), copy.data()), checks);
      EXPECT_EQ(copy, elements);
    }
    EXPECT_EQ(CopyWithChecks(op, elements.data(), 8000, copy.data()),
              ChecksOf(op, elements.data(), 8000));
  }
}

TEST(ChecksOf, SumsIntegersAlone) {
  const std::vector<int32_t> elements = {3, -5, 7, std::numeric_limits<int32_t>::max()};
  EXPECT_EQ(ChecksOf(ReduceOp::kSumInt32, elements.data(), 16).sum, 5u + 0x7fffffffu);
  EXPECT_EQ(ChecksOf(ReduceOp::kMaxUint8, elements.data(), 16).sum, 0u);
}

TEST(Payload, CopiesInOrder) {
  const std::vector<int32_t> elements = {1, 2, 3};
  std::vector<int32_t> copy(3);
  Cut(elements, 5).CopyTo(copy.data());
  EXPECT_EQ(copy, elements);
}

}  // namespace
}  // namespace ropewalk
