#include "worker/agent/tokenize_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace ropewalk {
namespace {

using testing::HasSubstr;

constexpr char kFolder[] = "tests/golden/tokenizers/gpt2";

TEST(Tokenize, WritesALineForEachText) {
  std::istringstream in("\"縄を\"\n{\"text\": \"call\", \"id\": 7}\n\"\"\n");
  std::ostringstream out;
  const TokenizeOptions options{.base = kFolder, .offsets = true, .decode = true};
  ASSERT_TRUE(RunTokenize(options, in, out).ok());
  EXPECT_EQ(out.str(),
            "{\"begins\":[0],\"decoded\":\"縄を\",\"ends\":[6],\"tokens\":[325]}\n"
            "{\"begins\":[0],\"decoded\":\"call\",\"ends\":[4],\"tokens\":[323]}\n"
            "{\"begins\":[],\"decoded\":\"\",\"ends\":[],\"tokens\":[]}\n");
}

TEST(Tokenize, NamesTheLineThatIsNoText) {
  std::istringstream in("\"rope\"\n{\"texts\": 1}\n");
  std::ostringstream out;
  const absl::Status status = RunTokenize({.base = kFolder}, in, out);
  EXPECT_THAT(status.message(), HasSubstr("line 2: neither a JSON string nor an object"));
}

}  // namespace
}  // namespace ropewalk
