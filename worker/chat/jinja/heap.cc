#include "worker/chat/jinja/heap.h"

#include "services/common/status_macros.h"

namespace ropewalk::jinja {

absl::StatusOr<Value> Heap::String(std::string text) {
  RETURN_IF_ERROR(budget_.Allocate(sizeof(std::string) + text.size()));
  return Value::String(strings_.emplace_back(std::move(text)));
}

absl::StatusOr<Value> Heap::Items(Value::Kind kind, Sequence items) {
  RETURN_IF_ERROR(budget_.Allocate(sizeof(Sequence) + items.items.size() * sizeof(Value)));
  return Value::Of(kind, &sequences_.emplace_back(std::move(items)));
}

absl::StatusOr<Value> Heap::Make(Dict dict) {
  RETURN_IF_ERROR(budget_.Allocate(sizeof(Dict) + dict.entries.size() * 4 * sizeof(Value)));
  return Value::Of(&dicts_.emplace_back(std::move(dict)));
}

absl::StatusOr<Value> Heap::Make(Generator generator) {
  RETURN_IF_ERROR(budget_.Allocate(sizeof(Generator) + generator.items.size() * sizeof(Value)));
  return Value::Of(&generators_.emplace_back(std::move(generator)));
}

absl::StatusOr<Value> Heap::Make(Namespace names) {
  RETURN_IF_ERROR(budget_.Allocate(sizeof(Namespace) + names.values.size() * 3 * sizeof(Value)));
  return Value::Of(&namespaces_.emplace_back(std::move(names)));
}

absl::StatusOr<Value> Heap::Make(Callable callable) {
  RETURN_IF_ERROR(budget_.Allocate(sizeof(Callable)));
  return Value::Of(&callables_.emplace_back(std::move(callable)));
}

absl::StatusOr<Loop*> Heap::NewLoop() {
  RETURN_IF_ERROR(budget_.Allocate(sizeof(Loop)));
  return &loops_.emplace_back();
}

absl::StatusOr<Frame*> Heap::NewFrame(Frame* parent) {
  RETURN_IF_ERROR(budget_.Allocate(sizeof(Frame)));
  Frame& frame = frames_.emplace_back();
  frame.parent = parent;
  return &frame;
}

}  // namespace ropewalk::jinja
