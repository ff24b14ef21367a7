#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "worker/chat/jinja/limits.h"

namespace ropewalk {

namespace jinja {
struct Ast;
}  // namespace jinja

// Bytes [begin, end) of a rendered text.
struct ByteSpan {
  size_t begin = 0, end = 0;
};

struct RenderedChat {
  std::string text;
  // What {% generation %} blocks wrote, in the order of the text.
  std::vector<ByteSpan> generated;
  // Such a block wrote into a variable or a macro's result, so that its place is not known and
  // `generated` lacks it.
  bool generated_elsewhere = false;
};

// What a template sees.
struct ChatInput {
  nlohmann::ordered_json messages = nlohmann::ordered_json::array();
  nlohmann::ordered_json tools;  // array, or null
  bool add_generation_prompt = false;
  nlohmann::ordered_json variables;  // further ones, as bos_token: an object, or null
};

// A model's chat template: Jinja as transformers runs it (jinja2 3.1's immutable sandbox with
// trim_blocks, lstrip_blocks, break and continue, {% generation %}, raise_exception, strftime_now
// and a tojson that escapes no HTML). Gives the same bytes, or an error where that gives one.
// Immutable; const calls may run at the same time. A template may be hostile: what it may cost is
// bounded.
class ChatTemplate {
 public:
  // `file` names it in messages. INVALID_ARGUMENT, "FILE:LINE: ...": it breaks Jinja's grammar, or
  // uses what is not supported; the message says what is.
  static absl::StatusOr<ChatTemplate> Parse(absl::string_view source, absl::string_view file);

  // INVALID_ARGUMENT, "FILE:LINE: ...": the template fails, also by raise_exception, whose message
  // is in the error; or reaches a limit; or the input is nested too deeply or is not valid UTF-8.
  // `now` is what strftime_now shows, in local time.
  absl::StatusOr<RenderedChat> Render(const ChatInput& input, const jinja::Limits& limits = {},
                                      absl::Time now = absl::Now()) const;

  // Whether {% generation %} occurs in it.
  bool has_generation_markers() const;

  const std::string& file() const { return file_; }

 private:
  ChatTemplate(std::shared_ptr<const jinja::Ast> ast, std::string file);

  std::shared_ptr<const jinja::Ast> ast_;
  std::string file_;
};

}  // namespace ropewalk
