#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "worker/chat/assistant_spans.h"

// What the assistant says, as marks in the templates themselves tell it (the « and » of
// tests/golden/chat/templates.py). Run with the repository as working directory.

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;

Json Said(const TrainingChat& chat) {
  Json said = Json::array();
  for (const ByteSpan& span : chat.assistant) {
    said.push_back(chat.text.substr(span.begin, span.end - span.begin));
  }
  return said;
}

TEST(AssistantSpansGolden, AreThoseOfMarksInTheTemplates) {
  const Json golden = Json::parse(std::ifstream("tests/golden/chat/chat.json"));
  size_t found = 0, uncertain = 0;
  for (const Json& wanted : golden["spans"]) {
    const std::string name = wanted["template"];
    const auto parsed = ChatTemplate::Parse(golden["templates"][name].get<std::string>(), name);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    const ChatFormat format{*parsed, std::nullopt, golden["variables"]};
    const Json tools = wanted["tools"] ? golden["tools"] : Json();
    const std::string conversation = wanted["conversation"];
    const auto chat = RenderForTraining(format, golden["conversations"][conversation], tools);
    if (!chat.ok()) {
      ++uncertain;
      continue;
    }
    ++found;
    EXPECT_EQ(Said(*chat), wanted["said"]) << name << ", " << conversation << "\n" << chat->text;
  }
  EXPECT_LE(uncertain, 3u);
  EXPECT_GT(found, 250u);
}

}  // namespace
}  // namespace ropewalk
