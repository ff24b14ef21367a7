#include "services/client/adapter_delta.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "services/common/files.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;

// Rank 1 with alpha 2: s B A = 2 [[1], [2]] [[3, 4]], whose norm is 2 sqrt(5) sqrt(25).
const std::vector<float> kA = {3, 4};
const std::vector<float> kB = {1, 2};

std::string Bytes(const std::vector<float>& values, const std::string& type) {
  std::string bytes;
  for (const float value : values) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    // All values here are short enough to be exact in bfloat16.
    if (type == "BF16") bits >>= 16;
    bytes.append(reinterpret_cast<const char*>(&bits), type == "BF16" ? 2 : 4);
  }
  return bytes;
}

class AdapterDelta : public ::testing::Test {
 protected:
  // One module of `rank`; its folder.
  std::string Write(const std::string& name, const nlohmann::json& more, int64_t rank,
                    const std::vector<float>& a, const std::vector<float>& b,
                    const std::string& type = "F32") {
    const std::string folder = folder_.path(name);
    EXPECT_TRUE(MakeFolders(folder).ok());
    nlohmann::json config{{"peft_type", "LORA"}, {"r", rank}, {"lora_alpha", 2 * rank}};
    if (!more.is_null()) config.update(more);
    EXPECT_TRUE(WriteFileAtomically(folder + "/adapter_config.json", config.dump()).ok());
    const int64_t in = static_cast<int64_t>(a.size()) / rank;
    const int64_t out = static_cast<int64_t>(b.size()) / rank;
    const std::string a_bytes = Bytes(a, type), b_bytes = Bytes(b, type);
    const size_t end = a_bytes.size() + b_bytes.size();
    const nlohmann::json header{
        {"base_model.model.q.lora_A.weight",
         {{"dtype", type}, {"shape", {rank, in}}, {"data_offsets", {size_t{0}, a_bytes.size()}}}},
        {"base_model.model.q.lora_B.weight",
         {{"dtype", type}, {"shape", {out, rank}}, {"data_offsets", {a_bytes.size(), end}}}}};
    const std::string text = header.dump();
    std::string file;
    for (int i = 0; i < 8; ++i) file.push_back(static_cast<char>(text.size() >> (8 * i)));
    EXPECT_TRUE(
        WriteFileAtomically(folder + "/adapter_model.safetensors", file + text + a_bytes + b_bytes)
            .ok());
    return folder;
  }

  DeltaDifference Compare(const std::string& a, const std::string& b) {
    const auto x = ReadLora(a), y = ReadLora(b);
    EXPECT_TRUE(x.ok()) << x.status();
    EXPECT_TRUE(y.ok()) << y.status();
    const auto differences = CompareDeltas(*x, *y);
    EXPECT_TRUE(differences.ok()) << differences.status();
    return differences->front();
  }

  TemporaryFolder folder_;
};

TEST_F(AdapterDelta, OfAnAdapterAndItselfIsNothing) {
  const std::string folder = Write("a", {}, 1, kA, kB);
  const DeltaDifference same = Compare(folder, folder);
  EXPECT_EQ(same.module, "q");
  EXPECT_THAT(same.norm_a, DoubleNear(2 * std::sqrt(5.0) * 5, 1e-9));
  EXPECT_THAT(same.cosine, DoubleNear(1, 1e-9));
  EXPECT_THAT(same.distance, DoubleNear(0, 1e-6));
}

// The same change of another rank, order, scale and type.
TEST_F(AdapterDelta, IsThatOfTheProductNotOfTheFactors) {
  const std::string plain = Write("a", {}, 1, kA, kB);
  const std::string wide = Write("b", {{"lora_alpha", 2}}, 2, {0, 0, 6, 8}, {5, 1, 7, 2}, "BF16");
  const DeltaDifference difference = Compare(plain, wide);
  EXPECT_THAT(difference.distance, DoubleNear(0, 1e-6));
  EXPECT_THAT(difference.cosine, DoubleNear(1, 1e-9));
}

TEST_F(AdapterDelta, TellsDirectionsApart) {
  const std::string a = Write("a", {}, 1, kA, kB);
  EXPECT_THAT(Compare(a, Write("back", {}, 1, kA, {-1, -2})).cosine, DoubleNear(-1, 1e-9));
  const DeltaDifference across = Compare(a, Write("across", {}, 1, {4, -3}, kB));
  EXPECT_THAT(across.cosine, DoubleNear(0, 1e-9));
  EXPECT_THAT(across.distance, DoubleNear(std::sqrt(2.0) * across.norm_a, 1e-6));
}

TEST_F(AdapterDelta, TakesTheScaleOfTheConfiguration) {
  const std::string a = Write("a", {}, 1, kA, kB);
  const std::string pattern = Write("p", {{"alpha_pattern", {{"q", 6}}}}, 1, kA, kB);
  EXPECT_THAT(Compare(a, pattern).norm_b, DoubleNear(3 * Compare(a, a).norm_a, 1e-6));
  const std::string root = Write("r", {{"use_rslora", true}}, 2, {3, 4, 0, 0}, {1, 0, 2, 0});
  EXPECT_THAT(Compare(a, root).norm_b, DoubleNear(std::sqrt(2.0) * Compare(a, a).norm_a, 1e-6));
}

TEST_F(AdapterDelta, RefusesWhatHasNone) {
  EXPECT_TRUE(
      absl::IsUnimplemented(ReadLora(Write("d", {{"use_dora", true}}, 1, kA, kB)).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(ReadLora(Write("i", {{"peft_type", "IA3"}}, 1, kA, kB)).status()));
  const auto a = ReadLora(Write("a", {}, 1, kA, kB));
  const auto other = ReadLora(Write("o", {}, 1, {1, 2, 3}, kB));
  EXPECT_THAT(std::string(CompareDeltas(*a, *other).status().message()),
              HasSubstr("different shapes"));
}

}  // namespace
}  // namespace ropewalk
