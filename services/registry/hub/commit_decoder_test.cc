#include "services/registry/hub/commit_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RecordingSink final : public CommitSink {
 public:
  absl::Status BeginContent() override {
    contents.emplace_back();
    return absl::OkStatus();
  }
  absl::Status AppendContent(absl::string_view bytes) override {
    absl::StrAppend(&contents.back(), bytes);
    return absl::OkStatus();
  }
  absl::Status EndContent() override {
    ++ended;
    return absl::OkStatus();
  }
  absl::Status TakeLine(const nlohmann::json& line) override {
    lines.push_back(line);
    return absl::OkStatus();
  }

  std::vector<std::string> contents;
  std::vector<nlohmann::json> lines;
  int ended = 0;
};

// In pieces of `step` bytes.
absl::Status Decode(absl::string_view body, size_t step, RecordingSink* sink) {
  CommitDecoder decoder(sink);
  for (size_t i = 0; i < body.size(); i += step) {
    RETURN_IF_ERROR(decoder.Append(body.substr(i, step)));
  }
  return decoder.Finish();
}

std::string FileLine(const std::string& path, const std::string& bytes) {
  return absl::StrCat(R"({"key": "file", "value": {"content": ")", absl::Base64Escape(bytes),
                      R"(", "path": ")", path, R"(", "encoding": "base64"}})", "\n");
}

TEST(CommitDecoder, GivesLinesAndContentsWhereverPiecesEnd) {
  std::string bytes(1000, '\0');
  std::mt19937 random(1);
  for (char& byte : bytes) byte = static_cast<char>(random());
  const std::string body =
      absl::StrCat(R"({"key": "header", "value": {"summary": "a \"content\": \"b"}})", "\n",
                   FileLine("a", bytes), FileLine("b", ""), FileLine("c", "x"), "\n",
                   R"({"key": "deletedFile", "value": {"path": "d"}})");
  for (const size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{100}, body.size()}) {
    RecordingSink sink;
    ASSERT_TRUE(Decode(body, step, &sink).ok()) << step;
    EXPECT_THAT(sink.contents, ElementsAre(bytes, "", "x"));
    EXPECT_EQ(sink.ended, 3);
    ASSERT_EQ(sink.lines.size(), 5);
    EXPECT_EQ(sink.lines[0]["value"]["summary"], "a \"content\": \"b");
    EXPECT_EQ(sink.lines[1]["value"],
              (nlohmann::json{{"content", ""}, {"path", "a"}, {"encoding", "base64"}}));
    EXPECT_EQ(sink.lines[4]["key"], "deletedFile");
  }
}

// As Gson writes '=', .NET writes '+', and others '/'.
TEST(CommitDecoder, TakesEscapesInContentsWhereverPiecesEnd) {
  const std::vector<std::pair<std::string, std::string>> contents = {
      {R"(\/\/\/\/)", "\xff\xff\xff"},
      {R"(eA\u003d\u003d)", "x"},
      {R"(\u0065A\u003D=)", "x"},
      {R"(\u002b\u002F+\/)", "\xfb\xff\xbf"}};
  for (const auto& [content, bytes] : contents) {
    const std::string line =
        absl::StrCat(R"({"key": "file", "value": {"content": ")", content, R"(", "path": "a"}})");
    for (const size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{5}, line.size()}) {
      RecordingSink sink;
      ASSERT_TRUE(Decode(line, step, &sink).ok()) << content << " by " << step;
      EXPECT_THAT(sink.contents, ElementsAre(bytes)) << content << " by " << step;
    }
  }
}

TEST(CommitDecoder, RefusesOtherEscapesInContents) {
  for (const char* const content : {R"(eA\==)", R"(eA\\==)", R"(eA==\n)", R"(eA\n==)", R"(eA\u00)",
                                    R"(eA\u003)", R"(eA\u003g=)", R"(eA\u033d=)", R"(eA\u013d=)",
                                    R"(eA\u0000=)", R"(eA\u0022,)", R"(eA\"==)", R"(eA\U003d=)"}) {
    const std::string line = absl::StrCat(R"({"value": {"content": ")", content, R"("}})");
    for (const size_t step : {size_t{1}, line.size()}) {
      RecordingSink sink;
      EXPECT_TRUE(absl::IsInvalidArgument(Decode(line, step, &sink))) << content;
    }
  }
}

TEST(CommitDecoder, LooksForContentsOnlyWhereTheyBelong) {
  RecordingSink sink;
  ASSERT_TRUE(
      Decode(R"({"content": "!", "value": {"x": {"content": "!"}, "y": "content"}})", 3, &sink)
          .ok());
  EXPECT_THAT(sink.contents, IsEmpty());
}

TEST(CommitDecoder, RefusesNonsense) {
  for (const std::string& body :
       {std::string("[1]"), std::string("{"), std::string("nonsense"), std::string("{\"key\": \"x"),
        std::string(R"({"value": {"content": "YQ"}})"),
        std::string(R"({"value": {"content": "YQ="}})"),
        std::string(R"({"value": {"content": "YQ==YQ=="}})"),
        std::string(R"({"value": {"content": "Y Q="}})"),
        std::string(R"({"value": {"content": "YQ.."}})"),
        std::string(R"({"value": {"content": "YQ)"),
        std::string(R"({"value": {"content": "****"}})"), std::string(9, '['),
        absl::StrCat("{\"key\": \"", std::string(70'000, 'k'), "\"}"),
        absl::StrCat("{\"value\": {\"content\": \"eA==\", \"more\": ", std::string(70'000, ' '),
                     "0}}"),
        std::string(70'000, ' '), std::string(70'000, '9')}) {
    for (const size_t step : {1, 1000}) {
      RecordingSink sink;
      EXPECT_TRUE(absl::IsInvalidArgument(Decode(body, step, &sink))) << body.substr(0, 60);
    }
  }
}

}  // namespace
}  // namespace ropewalk
