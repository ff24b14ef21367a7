#include "worker/agent/logits_command.h"

#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/float_tensor.h"
#include "worker/model/safetensors.h"
#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using testing::TinyConfig;

// A folder with the tiny model and a file of tokens.
class LogitsCommandTest : public ::testing::Test {
 protected:
  LogitsOptions Options(const std::string& tokens) {
    std::ofstream(folder_.path() + "/tokens.json") << tokens;
    LogitsOptions options;
    options.base = folder_.path();
    options.tokens = folder_.path() + "/tokens.json";
    options.output = folder_.path() + "/out.safetensors";
    return options;
  }

  std::string Output() {
    std::ifstream file(folder_.path() + "/out.safetensors", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  const testing::TemporaryFolder folder_{
      {{"config.json", testing::TinyConfigJson()},
       {"model.safetensors",
        testing::TinySafetensors(TinyConfig(), testing::TinyWeights(TinyConfig()))}}};
};

TEST_F(LogitsCommandTest, WritesLogitsLossAndGradients) {
  LogitsOptions options = Options("[[3, 1, 4, 1, 5], [9, 2]]");
  options.gradients = true;
  const absl::Status status = RunLogits(options);
  ASSERT_TRUE(status.ok()) << status;
  const std::string bytes = Output();
  const auto content = ParseSafetensors(bytes, "out");
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_EQ(content->tensors.at("logits.0").shape, (std::vector<int64_t>{5, 32}));
  EXPECT_EQ(content->tensors.at("logits.1").shape, (std::vector<int64_t>{2, 32}));
  EXPECT_EQ(content->tensors.at("gradient.lm_head.weight").shape, (std::vector<int64_t>{32, 16}));

  Transformer<float> transformer(TinyConfig(), MatMulPrecision::kFull, nullptr);
  testing::SetWeights(testing::TinyWeights(TinyConfig()), &transformer);
  std::vector<float> loss(1);
  ToFloat32(content->tensors.at("loss"), absl::MakeSpan(loss));
  const PackedTokens packed = testing::Pack({{3, 1, 4, 1, 5}, {9, 2}});
  EXPECT_FLOAT_EQ(loss[0], transformer.Loss(packed).value());
}

TEST_F(LogitsCommandTest, SaysWhatIsWrongWithTheTokens) {
  for (const char* tokens : {"{}", "[1, 2]", "[[1, -2]]", "[[1, 2.5]]", "[[", "[[99999999999]]"}) {
    EXPECT_THAT(std::string(RunLogits(Options(tokens)).message()),
                HasSubstr("not a JSON list of lists of token ids"));
  }
  EXPECT_THAT(std::string(RunLogits(Options("[[1, 32]]")).message()), HasSubstr("token 32"));
  EXPECT_FALSE(RunLogits(Options("[]")).ok());
}

}  // namespace
}  // namespace ropewalk
