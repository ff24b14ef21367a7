#include "worker/chat/template_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/common/files.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

class TemplateFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(RemoveAll(folder_).ok());
    ASSERT_TRUE(MakeFolders(folder_ + "/chat_templates").ok());
  }
  void TearDown() override { EXPECT_TRUE(RemoveAll(folder_).ok()); }

  void Write(const std::string& name, absl::string_view text) {
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/" + name, text).ok());
  }
  std::string Rendered(const Json& tools) {
    const auto format = LoadChatFormat(folder_);
    if (!format.ok()) return format.status().ToString();
    const auto chat = RenderChat(*format, Json::array(), tools, false);
    return chat.ok() ? chat->text : chat.status().ToString();
  }

  const std::string folder_ = ::testing::TempDir() + "/template_files_test";
};

TEST_F(TemplateFiles, ReadsTheConfigAndItsSpecialTokens) {
  Write("tokenizer_config.json",
        R"({"chat_template": "{{ bos_token }}|{{ eos_token }}|{{ pad_token }}", "bos_token": "<s>",
            "eos_token": {"content": "</s>", "lstrip": false}, "pad_token": null})");
  EXPECT_EQ(Rendered(nullptr), "<s>|</s>|");
  Write("special_tokens_map.json", R"({"bos_token": "other", "pad_token": {"content": "<pad>"}})");
  EXPECT_EQ(Rendered(nullptr), "<s>|</s>|<pad>");
}

TEST_F(TemplateFiles, TakesTheTemplateForToolsIfThereAreTools) {
  Write("tokenizer_config.json",
        R"({"chat_template": [{"name": "default", "template": "plain"},
                              {"name": "tool_use", "template": "tools {{ tools|length }}"},
                              {"name": "rag", "template": "{{ x|nosuch }}"}]})");
  EXPECT_EQ(Rendered(nullptr), "plain");
  EXPECT_EQ(Rendered(Json::array({1})), "tools 1");
}

TEST_F(TemplateFiles, PrefersFilesOfTheirOwn) {
  Write("tokenizer_config.json", R"({"chat_template": "config"})");
  Write("chat_template.jinja", "file\n");
  Write("chat_templates/tool_use.jinja", "tools");
  EXPECT_EQ(Rendered(nullptr), "file");
  EXPECT_EQ(Rendered(Json::array()), "tools");
}

TEST_F(TemplateFiles, SaysWhatIsWrong) {
  EXPECT_THAT(Rendered(nullptr), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(Rendered(nullptr), HasSubstr("looked for chat_template.jinja"));
  Write("tokenizer_config.json", R"({"chat_template": 5})");
  EXPECT_THAT(Rendered(nullptr), HasSubstr("neither a string nor a list"));
  Write("tokenizer_config.json", R"({"chat_template": [{"name": "rag", "template": ""}]})");
  EXPECT_THAT(Rendered(nullptr), HasSubstr("none that is named 'default'"));
  Write("tokenizer_config.json", R"({"chat_template": )");
  EXPECT_THAT(Rendered(nullptr), HasSubstr("tokenizer_config.json holds no JSON object"));
  Write("tokenizer_config.json", R"({"chat_template": "\n{{ x|nosuch }}"})");
  EXPECT_THAT(Rendered(nullptr), HasSubstr("tokenizer_config.json:chat_template:2: the filter"));
}

}  // namespace
}  // namespace ropewalk
