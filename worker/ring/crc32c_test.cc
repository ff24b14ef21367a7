#include "worker/ring/crc32c.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ropewalk {
namespace {

std::vector<uint8_t> Bytes(size_t size) {
  std::vector<uint8_t> bytes(size);
  uint32_t state = 1;
  for (uint8_t& byte : bytes)
    byte = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

// RFC 3720, appendix B.4, and the usual check value.
TEST(Crc32c, IsThatOfTheStandard) {
  EXPECT_EQ(ExtendCrc32c(0, "123456789", 9), 0xe3069283u);
  EXPECT_EQ(ExtendCrc32c(0, std::string(32, '\0').data(), 32), 0x8a9136aau);
  EXPECT_EQ(ExtendCrc32c(0, std::string(32, '\xff').data(), 32), 0x62a8ab43u);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  EXPECT_EQ(ExtendCrc32c(0, ascending.data(), 32), 0x46dd794eu);
  EXPECT_EQ(ExtendCrc32c(0, "", 0), 0u);
}

TEST(Crc32c, InstructionsAndTablesAgreeAtAnySize) {
  const std::vector<uint8_t> bytes = Bytes(10'000);
  for (size_t size = 0; size < 1300; ++size) {
    EXPECT_EQ(ExtendCrc32c(7, bytes.data() + size % 9, size),
              ExtendCrc32cByTables(7, bytes.data() + size % 9, size))
        << size;
  }
  EXPECT_EQ(ExtendCrc32c(0, bytes.data(), bytes.size()),
            ExtendCrc32cByTables(0, bytes.data(), bytes.size()));
}

TEST(Crc32c, TakesBytesPieceByPiece) {
  const std::vector<uint8_t> bytes = Bytes(7000);
  const uint32_t whole = ExtendCrc32c(0, bytes.data(), bytes.size());
  for (const size_t cut : {1, 8, 100, 384, 3072, 6999}) {
    const uint32_t first = ExtendCrc32c(0, bytes.data(), cut);
    EXPECT_EQ(ExtendCrc32c(first, bytes.data() + cut, bytes.size() - cut), whole) << cut;
  }
}

}  // namespace
}  // namespace ropewalk
