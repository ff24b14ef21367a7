#include "worker/model/safetensors.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

// A file with this header and so many bytes of data.
std::string File(const std::string& header, size_t data_bytes) {
  std::string file(8, '\0');
  for (int i = 0; i < 8; ++i) file[i] = static_cast<char>(header.size() >> (8 * i));
  return file + header + std::string(data_bytes, 'x');
}

std::string Entry(const std::string& name, const std::string& shape, int64_t begin, int64_t end) {
  return absl::StrCat("\"", name, R"(":{"dtype":"F32","shape":)", shape, R"(,"data_offsets":[)",
                      begin, ",", end, "]}");
}

std::string ParseError(const std::string& file) {
  const auto parsed = ParseSafetensors(file, "some.safetensors");
  EXPECT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("some.safetensors"));
  return std::string(parsed.status().message());
}

TEST(Safetensors, ReadsWhatItWrote) {
  const std::string a(24, 'a'), b(6, 'b');
  const std::string file = SerializeSafetensors({{"b", Dtype::kBF16, {3}, b},
                                                 {"a", Dtype::kF32, {2, 3}, a},
                                                 {"none", Dtype::kI64, {0, 5}, ""}},
                                                {{"format", "pt"}, {"plan", "7"}});
  const auto parsed = ParseSafetensors(file, "f");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->tensors.size(), 3u);
  EXPECT_EQ(parsed->tensors.at("a").bytes, a);
  EXPECT_EQ(parsed->tensors.at("b").bytes, b);
  EXPECT_EQ(parsed->tensors.at("b").dtype, Dtype::kBF16);
  EXPECT_EQ(parsed->tensors.at("none").shape, (std::vector<int64_t>{0, 5}));
  EXPECT_EQ(parsed->metadata.at("plan"), "7");
}

TEST(Safetensors, WritesTheSameBytesForAnyOrderOfTensors) {
  const TensorView a{"a", Dtype::kF32, {1}, "aaaa"}, b{"b", Dtype::kF32, {1}, "bbbb"};
  EXPECT_EQ(SerializeSafetensors({a, b}), SerializeSafetensors({b, a}));
}

TEST(Safetensors, AlignsTheData) {
  const std::string file = SerializeSafetensors({{"a", Dtype::kF32, {1}, "aaaa"}});
  EXPECT_EQ((file.size() - 4) % 8, 0u);
}

TEST(Safetensors, AcceptsAFileWithoutTensors) {
  EXPECT_TRUE(ParseSafetensors(File("{}  ", 0), "f").ok());
}

TEST(Safetensors, RefusesAFileThatEndsEarly) {
  const std::string file = SerializeSafetensors({{"a", Dtype::kF32, {2}, "aaaabbbb"}});
  for (size_t size = 0; size < file.size(); ++size) ParseError(file.substr(0, size));
}

TEST(Safetensors, RefusesBytesAfterTheLastTensor) {
  EXPECT_THAT(ParseError(File("{" + Entry("a", "[1]", 0, 4) + "}", 5)), HasSubstr("1 bytes"));
}

TEST(Safetensors, RefusesAHugeHeader) {
  std::string file(64, '\xff');
  EXPECT_THAT(ParseError(file), HasSubstr("header claims"));
  EXPECT_THAT(ParseError(File("{" + std::string(16 << 20, ' ') + "}", 0)),
              HasSubstr("more than 16777216"));
}

TEST(Safetensors, RefusesOverlap) {
  const std::string header = "{" + Entry("a", "[2]", 0, 8) + "," + Entry("b", "[2]", 4, 12) + "}";
  EXPECT_THAT(ParseError(File(header, 12)), HasSubstr("tensor 'b' does not begin where"));
}

TEST(Safetensors, RefusesAGap) {
  const std::string header = "{" + Entry("a", "[1]", 0, 4) + "," + Entry("b", "[1]", 8, 12) + "}";
  EXPECT_THAT(ParseError(File(header, 12)), HasSubstr("tensor 'b' does not begin where"));
}

TEST(Safetensors, RefusesSizesThatOverflow) {
  const std::string shape = "[4294967296,4294967296]";  // times 4 bytes is 0 modulo 2^64
  EXPECT_THAT(ParseError(File("{" + Entry("a", shape, 0, 0) + "}", 0)), HasSubstr("tensor 'a'"));
  ParseError(File("{" + Entry("a", "[18446744073709551615]", 0, 4) + "}", 4));
}

TEST(Safetensors, RefusesOffsetsOutsideTheFile) {
  ParseError(File("{" + Entry("a", "[2]", 0, 8) + "}", 4));
  ParseError(File("{" + Entry("a", "[1]", 4, 0) + "}", 4));
  ParseError(File(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 4));
}

TEST(Safetensors, RefusesASizeThatIsNotTheShapes) {
  EXPECT_THAT(ParseError(File("{" + Entry("a", "[2, 3]", 0, 20) + "}", 20)),
              HasSubstr("tensor 'a' has 20 bytes, which is not a F32 of shape [2, 3]"));
}

TEST(Safetensors, RefusesAKeyThatOccursTwice) {
  const std::string header = "{" + Entry("a", "[1]", 0, 4) + "," + Entry("a", "[1]", 0, 4) + "}";
  EXPECT_THAT(ParseError(File(header, 4)), HasSubstr("'a' occurs twice"));
  ParseError(File(R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4));
}

TEST(Safetensors, RefusesWhatIsNotAHeader) {
  ParseError(File("", 0));
  ParseError(File("[]", 0));
  ParseError(File(" {}", 0));
  ParseError(File("{}\n", 0));
  ParseError(File("{} {}", 0));
  ParseError(File("{\"\xff\":1}", 0));
  ParseError(File("{" + std::string(100000, '[') + "}", 0));
  ParseError(File(R"({"a":)" + std::string(5000, '[') + std::string(5000, ']') + "}", 0));
}

TEST(Safetensors, RefusesEntriesThatAreNotTensors) {
  ParseError(File(R"({"a":1})", 0));
  ParseError(File(R"({"a":{"dtype":"F32","shape":[1]}})", 4));
  ParseError(File(R"({"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}})", 4));
  ParseError(File(R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", 4));
  ParseError(File(R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4));
  ParseError(File(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", 4));
  ParseError(File("{" + Entry("a", "[1,1,1,1,1,1,1,1,1]", 0, 4) + "}", 4));
  ParseError(File(R"({"__metadata__":{"format":1}})", 0));
}

}  // namespace
}  // namespace ropewalk
