// The part of Evaluator that runs loops.

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/compare.h"
#include "worker/chat/jinja/evaluator.h"
#include "worker/chat/jinja/iterate.h"

namespace ropewalk::jinja {
namespace {

absl::StatusOr<Value> LoopCycle(Runtime& runtime, const Value& self, const Arguments& arguments) {
  if (arguments.positional.empty() || !arguments.named.empty()) {
    return absl::InvalidArgumentError("loop.cycle() takes the values to go round in");
  }
  return arguments.positional[self.loop()->index0 % arguments.positional.size()];
}

absl::StatusOr<Value> LoopChanged(Runtime& runtime, const Value& self, const Arguments& arguments) {
  std::vector<Value>& last = self.loop()->changed;
  bool same = last.size() == arguments.positional.size() && self.loop()->has_changed;
  for (size_t i = 0; same && i < last.size(); ++i) {
    ASSIGN_OR_RETURN(same, Equal(runtime, last[i], arguments.positional[i]));
  }
  last = arguments.positional;
  self.loop()->has_changed = true;
  return Value::Bool(!same);
}

}  // namespace

absl::StatusOr<Loop*> Evaluator::NewLoop(const For& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value iterable, Eval(*node.iterable, frame));
  ASSIGN_OR_RETURN(Loop* const loop, runtime_.heap.NewLoop());
  ASSIGN_OR_RETURN(loop->source, Iterate(runtime_, iterable, &loop->failure));
  RETURN_IF_ERROR(runtime_.budget.Allocate(loop->source.size() * sizeof(Value)));
  loop->statement = &node;
  loop->scope = frame;
  if (node.condition == nullptr) std::swap(loop->items, loop->source);
  return loop;
}

absl::StatusOr<bool> Evaluator::Reach(Loop* loop, size_t index) {
  while (loop->items.size() <= index) {
    if (loop->next_source == loop->source.size()) {
      RETURN_IF_ERROR(loop->failure);
      return false;
    }
    const Value item = loop->source[loop->next_source++];
    ASSIGN_OR_RETURN(Frame* const inner, runtime_.heap.NewFrame(loop->scope));
    RETURN_IF_ERROR(Assign(loop->statement->target, item, inner));
    ASSIGN_OR_RETURN(const Value passes, Eval(*loop->statement->condition, inner));
    if (Truth(passes)) loop->items.push_back(item);
  }
  return true;
}

absl::StatusOr<Evaluator::Flow> Evaluator::ExecNode(const For& node, Frame* frame) {
  ASSIGN_OR_RETURN(Loop* const loop, NewLoop(node, frame));
  bool broken = false;
  size_t index = 0;
  for (; !broken; ++index) {
    ASSIGN_OR_RETURN(const bool there, Reach(loop, index));
    if (!there) break;
    loop->index0 = index;
    ASSIGN_OR_RETURN(Frame* const inner, runtime_.heap.NewFrame(frame));
    inner->values["loop"] = Value::Of(loop);
    RETURN_IF_ERROR(Assign(node.target, loop->items[index], inner));
    ASSIGN_OR_RETURN(const Flow flow, Exec(node.body, inner));
    broken = flow == Flow::kBreak;
  }
  if (index > 0 || broken) return Flow::kNext;
  ASSIGN_OR_RETURN(Frame* const inner, runtime_.heap.NewFrame(frame));
  return Exec(node.otherwise, inner);
}

absl::StatusOr<Value> Evaluator::LoopAttribute(Loop* loop, absl::string_view name) {
  const auto at = static_cast<int64_t>(loop->index0);
  if (name == "index") return Value::Int(at + 1);
  if (name == "index0") return Value::Int(at);
  if (name == "first") return Value::Bool(at == 0);
  // Jinja counts the depth of recursive loops only.
  if (name == "depth") return Value::Int(1);
  if (name == "depth0") return Value::Int(0);
  if (name == "previtem") {
    return at == 0 ? Value::Undefined("there is no previous item") : loop->items[at - 1];
  }
  if (name == "nextitem" || name == "last") {
    ASSIGN_OR_RETURN(const bool there, Reach(loop, at + 1));
    if (name == "last") return Value::Bool(!there);
    return there ? loop->items[at + 1] : Value::Undefined("there is no next item");
  }
  if (name == "length" || name == "revindex" || name == "revindex0") {
    RETURN_IF_ERROR(Reach(loop, SIZE_MAX).status());
    const auto length = static_cast<int64_t>(loop->items.size());
    if (name == "length") return Value::Int(length);
    return Value::Int(length - at - (name == "revindex0"));
  }
  if (name == "cycle" || name == "changed") {
    return runtime_.heap.Make(
        Callable{name, name == "cycle" ? LoopCycle : LoopChanged, Value::Of(loop)});
  }
  return Value::Undefined(name);
}

}  // namespace ropewalk::jinja
