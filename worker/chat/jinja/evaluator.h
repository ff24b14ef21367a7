#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/chat/jinja/ast.h"
#include "worker/chat/jinja/runtime.h"

namespace ropewalk::jinja {

// Runs a template once. Errors: INVALID_ARGUMENT; line() says where.
class Evaluator {
 public:
  // The names that `globals` holds are hidden by what the template sets.
  Evaluator(Runtime* runtime, Frame* globals) : runtime_(*runtime), globals_(globals) {}

  absl::Status Run(const Ast& ast);

  const std::string& text() const { return text_; }
  // Where in it {% generation %} blocks wrote: begin and end of each.
  const std::vector<std::pair<size_t, size_t>>& generated() const { return generated_; }
  // Such a block wrote into a variable or a macro's result, so that its place is not known.
  bool generated_elsewhere() const { return generated_elsewhere_; }
  int line() const { return line_; }

 private:
  enum class Flow { kNext, kBreak, kContinue };
  class Nesting;

  // Expressions.
  absl::StatusOr<Value> Eval(const Expr& expression, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Literal& node, Frame* frame) { return node.value; }
  absl::StatusOr<Value> EvalNode(const Name& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Unary& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Binary& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Concat& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Comparison& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Conditional& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Attribute& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Subscript& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Slice& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Call& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Filter& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const Test& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const ListDisplay& node, Frame* frame);
  absl::StatusOr<Value> EvalNode(const DictDisplay& node, Frame* frame);
  // Absent if there is no expression.
  absl::StatusOr<Value> EvalOptional(const ExprPtr& expression, Frame* frame);
  absl::StatusOr<Arguments> EvalArguments(const CallArguments& arguments, Frame* frame);

  // Calls.
  absl::StatusOr<Value> CallValue(const Value& callee, const Arguments& arguments);
  absl::StatusOr<Value> CallNative(Native function, const Value& self, const Arguments& arguments);
  absl::StatusOr<Value> CallMacro(const Callable& callable, Arguments arguments);
  absl::Status BindParameters(const Macro& macro, Arguments arguments, Frame* frame);
  absl::Status BindSpecialNames(const Macro& macro, Arguments rest, Frame* frame);
  // Applies the filters of a block to what it wrote.
  absl::StatusOr<Value> ApplyFilters(const std::vector<ExprPtr>& filters, Value value,
                                     Frame* frame);

  // Statements.
  absl::StatusOr<Flow> Exec(const Block& block, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const Text& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const Output& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const If& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const For& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const Set& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const SetBlock& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const Macro& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const CallBlock& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const FilterBlock& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const With& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const Generation& node, Frame* frame);
  absl::StatusOr<Flow> ExecNode(const Break&, Frame*) { return Flow::kBreak; }
  absl::StatusOr<Flow> ExecNode(const Continue&, Frame*) { return Flow::kContinue; }
  absl::Status Assign(const Target& target, const Value& value, Frame* frame);
  // Runs the block with its output put aside, and returns that as a string.
  absl::StatusOr<Value> Capture(const Block& block, Frame* frame);
  absl::Status Write(const Value& value);

  // Loops.
  absl::StatusOr<Loop*> NewLoop(const For& node, Frame* frame);
  // Whether there is an item `index`; finds it if that is not known yet.
  absl::StatusOr<bool> Reach(Loop* loop, size_t index);
  absl::StatusOr<Value> LoopAttribute(Loop* loop, absl::string_view name);

  Runtime& runtime_;
  Frame* const globals_;
  std::string text_;
  std::string* out_ = &text_;
  std::vector<std::pair<size_t, size_t>> generated_;
  bool generated_elsewhere_ = false;
  int depth_ = 0;
  int line_ = 0;
};

}  // namespace ropewalk::jinja
