#include "services/registry/xet/xet_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "absl/strings/escaping.h"
#include "services/registry/xet/xet_fixture.h"

namespace ropewalk {
namespace {

std::string Hex(const Blake3Digest& digest) { return absl::BytesToHexString(RawHash(digest)); }

TEST(Blake3, AgreesWithItsReference) {
  const auto golden = nlohmann::json::parse(ReadGolden("blake3.json"));
  Blake3Digest key;
  const std::string key_text = golden["key"];
  ASSERT_EQ(key_text.size(), key.size());
  std::copy(key_text.begin(), key_text.end(), key.begin());
  for (const auto& example : golden["cases"]) {
    std::string data(example["length"].get<size_t>(), '\0');
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i % 251);
    EXPECT_EQ(Hex(Blake3(data)), example["hash"]) << data.size() << " bytes";
    EXPECT_EQ(Hex(Blake3Keyed(key, data)), example["keyed"]) << data.size() << " bytes";
  }
}

std::vector<HashedChunk> Chunks(const nlohmann::json& upload) {
  std::vector<HashedChunk> chunks;
  for (const auto& chunk : upload["chunks"]) {
    chunks.push_back({ParsedHash(chunk["hash"]), chunk["size"]});
  }
  return chunks;
}

TEST(XetHash, NamesXorbsAndFilesAsClientsDo) {
  const auto many = nlohmann::json::parse(ReadGolden("many_chunks.json"));
  for (const auto& upload :
       {GoldenUpload("mixed"), GoldenUpload("weights"), GoldenUpload("tiny"), many}) {
    EXPECT_EQ(XetHashToHex(HashXorb(Chunks(upload))), upload["xorb"]);
    EXPECT_EQ(XetHashToHex(HashFile(Chunks(upload))), upload["hash"]);
  }
}

TEST(XetHash, OfNothingIsZero) {
  EXPECT_EQ(HashXorb({}), XetHash());
  EXPECT_EQ(HashFile({}), XetHash());
}

// The example of the specification.
TEST(XetHash, IsWrittenAsFourLittleEndianNumbers) {
  XetHash hash;
  std::iota(hash.begin(), hash.end(), 0);
  const std::string hex = "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918";
  EXPECT_EQ(XetHashToHex(hash), hex);
  EXPECT_EQ(ParseXetHash(hex), hash);
}

TEST(XetHash, IsNotReadFromAnythingElse) {
  const std::string good(64, 'a');
  EXPECT_TRUE(ParseXetHash(good).has_value());
  EXPECT_FALSE(ParseXetHash("").has_value());
  EXPECT_FALSE(ParseXetHash(good.substr(1)).has_value());
  EXPECT_FALSE(ParseXetHash(good + "a").has_value());
  EXPECT_FALSE(ParseXetHash(good.substr(1) + "g").has_value());
  EXPECT_FALSE(ParseXetHash("../" + good.substr(3)).has_value());
}

}  // namespace
}  // namespace ropewalk
