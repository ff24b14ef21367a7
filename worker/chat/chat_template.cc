#include "worker/chat/chat_template.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/ast.h"
#include "worker/chat/jinja/evaluator.h"
#include "worker/chat/jinja/functions.h"
#include "worker/chat/jinja/json_values.h"
#include "worker/chat/jinja/parser.h"

namespace ropewalk {
namespace {

using jinja::Frame;
using jinja::FromJson;
using jinja::Runtime;

// The functions and, hiding them, the variables of the input.
absl::StatusOr<Frame*> Globals(Runtime& runtime, const ChatInput& input) {
  ASSIGN_OR_RETURN(Frame* const functions, runtime.heap.NewFrame(nullptr));
  RETURN_IF_ERROR(jinja::AddFunctions(runtime, functions));
  ASSIGN_OR_RETURN(Frame* const variables, runtime.heap.NewFrame(functions));
  for (const auto& [name, json] : input.variables.items()) {
    ASSIGN_OR_RETURN(const absl::string_view kept, jinja::KeepText(runtime, name));
    ASSIGN_OR_RETURN(variables->values[kept], FromJson(runtime, json));
  }
  ASSIGN_OR_RETURN(variables->values["messages"], FromJson(runtime, input.messages));
  ASSIGN_OR_RETURN(variables->values["tools"], FromJson(runtime, input.tools));
  variables->values["documents"] = jinja::Value::None();  // transformers always passes it
  variables->values["add_generation_prompt"] = jinja::Value::Bool(input.add_generation_prompt);
  return variables;
}

}  // namespace

ChatTemplate::ChatTemplate(std::shared_ptr<const jinja::Ast> ast, std::string file)
    : ast_(std::move(ast)), file_(std::move(file)) {}

absl::StatusOr<ChatTemplate> ChatTemplate::Parse(absl::string_view source, absl::string_view file) {
  absl::StatusOr<std::unique_ptr<const jinja::Ast>> ast = jinja::Parse(source);
  if (ast.ok()) return ChatTemplate(*std::move(ast), std::string(file));
  absl::string_view message = ast.status().message();
  const bool has_line = absl::ConsumePrefix(&message, "line ");
  return absl::InvalidArgumentError(absl::StrCat(file, has_line ? ":" : ": ", message));
}

absl::StatusOr<RenderedChat> ChatTemplate::Render(const ChatInput& input,
                                                  const jinja::Limits& limits,
                                                  absl::Time now) const {
  Runtime runtime(limits, now);
  const absl::StatusOr<Frame*> globals = Globals(runtime, input);
  if (!globals.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(file_, ": ", globals.status().message()));
  }
  jinja::Evaluator evaluator(&runtime, *globals);
  if (const absl::Status status = evaluator.Run(*ast_); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file_, ":", evaluator.line(), ": ", status.message()));
  }
  RenderedChat chat;
  chat.text = evaluator.text();
  for (const auto& [begin, end] : evaluator.generated()) chat.generated.push_back({begin, end});
  chat.generated_elsewhere = evaluator.generated_elsewhere();
  return chat;
}

bool ChatTemplate::has_generation_markers() const { return ast_->has_generation; }

}  // namespace ropewalk
