// The part of Evaluator that runs statements.

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/evaluator.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/nesting.h"
#include "worker/chat/jinja/text.h"

namespace ropewalk::jinja {

absl::Status Evaluator::Run(const Ast& ast) {
  ASSIGN_OR_RETURN(Frame* const frame, runtime_.heap.NewFrame(globals_));
  return Exec(ast.body, frame).status();
}

absl::StatusOr<Evaluator::Flow> Evaluator::Exec(const Block& block, Frame* frame) {
  for (const std::unique_ptr<Stmt>& statement : block) {
    const Nesting nesting(this, statement->line);
    RETURN_IF_ERROR(nesting.Check());
    ASSIGN_OR_RETURN(
        const Flow flow,
        std::visit([&](const auto& node) { return ExecNode(node, frame); }, statement->node));
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

absl::Status Evaluator::Write(const Value& value) {
  RETURN_IF_ERROR(AppendStr(runtime_, value, out_));
  const size_t limit = runtime_.budget.limits().output_bytes;
  if (out_->size() <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the template writes more than ", limit, " bytes"));
}

absl::StatusOr<Value> Evaluator::Capture(const Block& block, Frame* frame) {
  std::string text;
  std::string* const outside = std::exchange(out_, &text);
  const absl::Status status = Exec(block, frame).status();
  out_ = outside;
  RETURN_IF_ERROR(status);
  return runtime_.heap.String(std::move(text));
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const Text& node, Frame* frame) {
  RETURN_IF_ERROR(Write(Value::String(node.text)));
  return Flow::kNext;
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const Output& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value value, Eval(*node.value, frame));
  RETURN_IF_ERROR(Write(value));
  return Flow::kNext;
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const If& node, Frame* frame) {
  for (const auto& [condition, body] : node.branches) {
    ASSIGN_OR_RETURN(const Value value, Eval(*condition, frame));
    if (Truth(value)) return Exec(body, frame);
  }
  return Exec(node.otherwise, frame);
}

absl::Status Evaluator::Assign(const Target& target, const Value& value, Frame* frame) {
  if (target.is_tuple) {
    ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime_, value));
    if (items.size() != target.elements.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(items.size(), " values are assigned to ", target.elements.size(), " names"));
    }
    for (size_t i = 0; i < items.size(); ++i) {
      RETURN_IF_ERROR(Assign(target.elements[i], items[i], frame));
    }
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(runtime_.budget.Allocate(3 * sizeof(Value)));
  if (target.attribute.empty()) {
    frame->values[target.name] = value;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Value object, EvalNode(Name{target.name}, frame));
  if (!object.is(Value::Kind::kNamespace)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", target.name, "' is no namespace, so its attributes cannot be set"));
  }
  if (target.attribute[0] == '_') {
    return absl::InvalidArgumentError("a namespace keeps no names that begin with '_'");
  }
  object.names()->values[target.attribute] = value;
  return absl::OkStatus();
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const Set& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value value, Eval(*node.value, frame));
  RETURN_IF_ERROR(Assign(node.target, value, frame));
  return Flow::kNext;
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const SetBlock& node, Frame* frame) {
  ASSIGN_OR_RETURN(Frame* const inner, runtime_.heap.NewFrame(frame));
  ASSIGN_OR_RETURN(const Value text, Capture(node.body, inner));
  ASSIGN_OR_RETURN(const Value value, ApplyFilters(node.filters, text, inner));
  RETURN_IF_ERROR(Assign(node.target, value, frame));
  return Flow::kNext;
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const Macro& node, Frame* frame) {
  ASSIGN_OR_RETURN(frame->values[node.name],
                   runtime_.heap.Make(Callable{node.name, nullptr, Value(), &node, frame}));
  return Flow::kNext;
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const CallBlock& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value caller, runtime_.heap.Make(Callable{node.caller.name, nullptr,
                                                                   Value(), &node.caller, frame}));
  const Call& call = std::get<Call>(node.call->node);
  ASSIGN_OR_RETURN(const Value callee, Eval(*call.callee, frame));
  ASSIGN_OR_RETURN(Arguments arguments, EvalArguments(call.arguments, frame));
  arguments.named.emplace_back("caller", caller);
  ASSIGN_OR_RETURN(const Value text, CallValue(callee, arguments));
  RETURN_IF_ERROR(Write(text));
  return Flow::kNext;
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const FilterBlock& node, Frame* frame) {
  ASSIGN_OR_RETURN(Frame* const inner, runtime_.heap.NewFrame(frame));
  ASSIGN_OR_RETURN(const Value text, Capture(node.body, inner));
  ASSIGN_OR_RETURN(const Value value, ApplyFilters(node.filters, text, inner));
  RETURN_IF_ERROR(Write(value));
  return Flow::kNext;
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const With& node, Frame* frame) {
  ASSIGN_OR_RETURN(Frame* const inner, runtime_.heap.NewFrame(frame));
  for (const auto& [target, expression] : node.values) {
    ASSIGN_OR_RETURN(const Value value, Eval(*expression, frame));
    RETURN_IF_ERROR(Assign(target, value, inner));
  }
  return Exec(node.body, inner);
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const Generation& node, Frame* frame) {
  ASSIGN_OR_RETURN(Frame* const inner, runtime_.heap.NewFrame(frame));
  const size_t begin = out_->size();
  RETURN_IF_ERROR(Exec(node.body, inner).status());
  if (out_ == &text_) {
    generated_.emplace_back(begin, out_->size());
  } else {
    generated_elsewhere_ = true;
  }
  return Flow::kNext;
}

}  // namespace ropewalk::jinja
