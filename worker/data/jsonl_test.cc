#include "worker/data/jsonl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "worker/tokenizer/testing/byte_tokenizer.h"

namespace ropewalk {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

TEST(Jsonl, ReadsRowsOfAnyKind) {
  const std::string path = WriteTestFile(
      "rows.jsonl",
      "{\"prompt\": \"p\", \"completion\": \"c\"}\r\n\n  \n{\"text\": \"t\\n\", \"id\": 7}");
  std::vector<Row> rows;
  ASSERT_TRUE(ReadJsonl(path, &rows).ok());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(std::get<PairRow>(rows[0].content).completion, "c");
  EXPECT_EQ(std::get<TextRow>(rows[1].content).text, "t\n");
  EXPECT_THAT(rows[1].origin, EndsWith("rows.jsonl:4")) << "blank lines count";
}

std::string ErrorOfSecondLine(const std::string& line) {
  const std::string path = WriteTestFile("bad.jsonl", "{\"text\": \"good\"}\n" + line + "\n");
  std::vector<Row> rows;
  const absl::Status status = ReadJsonl(path, &rows);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << line;
  EXPECT_THAT(status.message(), HasSubstr(absl::StrCat(path, ":2: "))) << line;
  EXPECT_THAT(status.message(), HasSubstr("a row is {\"text\""));
  return std::string(status.message());
}

TEST(Jsonl, MalformedLineIsNamedWithWhatIsWrong) {
  EXPECT_THAT(ErrorOfSecondLine("{\"text\": }"), HasSubstr("not JSON, at byte 10"));
  EXPECT_THAT(ErrorOfSecondLine("{\"text\": \"a\"} x"), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOfSecondLine("{\"text\": 1e999}"), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOfSecondLine("{\"text\": \"\\ud800\"}"), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOfSecondLine("{\"text\": \"\xC3(\"}"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(ErrorOfSecondLine("[1]"), HasSubstr("no object but array"));
  EXPECT_THAT(ErrorOfSecondLine("{\"prompt\": 1, \"completion\": \"c\"}"),
              HasSubstr("\"prompt\" is no string but number"));
  EXPECT_THAT(ErrorOfSecondLine("{\"text\": null}"), HasSubstr("\"text\" is no string but null"));
  EXPECT_THAT(ErrorOfSecondLine("{\"prompt\": \"p\"}"), HasSubstr("\"completion\" is missing"));
  EXPECT_THAT(ErrorOfSecondLine("{\"completion\": \"c\"}"), HasSubstr("\"prompt\" is missing"));
  EXPECT_THAT(ErrorOfSecondLine("{\"id\": 1}"), HasSubstr("the row has neither text, prompt"));
  EXPECT_THAT(ErrorOfSecondLine("{\"prompt\": \"p\", \"text\": \"t\"}"), HasSubstr("has both"));
  EXPECT_THAT(ErrorOfSecondLine("{\"text\": \"\"}"), HasSubstr("\"text\" is empty"));
  EXPECT_THAT(ErrorOfSecondLine("{\"prompt\": \"\", \"completion\": \"c\"}"),
              HasSubstr("\"prompt\" is empty"));
}

TEST(Jsonl, DeeplyNestedLineIsRefusedWithoutOverflow) {
  const std::string deep = std::string(1 << 17, '[') + std::string(1 << 17, ']');
  EXPECT_THAT(ErrorOfSecondLine("{\"text\": " + deep + "}"), HasSubstr("nested deeper than 64"));
}

TEST(Jsonl, FileWithoutRowsIsRefused) {
  std::vector<Row> rows;
  for (const char* text : {"", "\n\n"}) {
    const std::string path = WriteTestFile("empty.jsonl", text);
    EXPECT_THAT(ReadJsonl(path, &rows).message(), HasSubstr(path + ": the file has no row"));
  }
}

TEST(Jsonl, MissingFileIsNamed) {
  std::vector<Row> rows;
  EXPECT_EQ(ReadJsonl("/nowhere.jsonl", &rows).code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(ReadJsonl("/nowhere.jsonl", &rows).message(), HasSubstr("/nowhere.jsonl"));
}

}  // namespace
}  // namespace ropewalk
