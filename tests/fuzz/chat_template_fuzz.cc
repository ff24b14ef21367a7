#include <cstddef>
#include <cstdint>

#include "worker/chat/chat_template.h"

// Any bytes as a chat template: parsed, and rendered with a small conversation under tight limits.
// Whatever they are, there is a text or an error.

namespace {

ropewalk::ChatInput Conversation() {
  ropewalk::ChatInput input;
  input.messages = nlohmann::ordered_json::parse(
      R"([{"role": "system", "content": "a"}, {"role": "user", "content": " Größe\n"},
          {"role": "assistant", "content": "b", "tool_calls": [{"function": {"name": "f",
           "arguments": {"x": 1, "y": [null, true, 2.5]}}}]}, {"role": "tool", "content": "c"}])");
  input.tools = nlohmann::ordered_json::parse(R"([{"function": {"name": "f"}}])");
  input.variables = {{"bos_token", "<s>"}, {"eos_token", "</s>"}};
  return input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const ropewalk::ChatInput input = Conversation();
  const absl::string_view source(reinterpret_cast<const char*>(data), size);
  const auto parsed = ropewalk::ChatTemplate::Parse(source, "fuzz.jinja");
  if (!parsed.ok()) return 0;
  ropewalk::jinja::Limits limits;
  limits.steps = 100'000;
  limits.memory_bytes = 1 << 20;
  limits.output_bytes = 1 << 18;
  (void)parsed->Render(input, limits);
  return 0;
}
