#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/chat/jinja/budget.h"
#include "worker/chat/jinja/callable.h"
#include "worker/chat/jinja/value.h"

namespace ropewalk::jinja {

// Owns all values that a rendering makes, until it ends; nothing is freed before, so no cycle and
// no deep nesting of values can hurt. Each takes its bytes from the budget.
class Heap {
 public:
  explicit Heap(Budget* budget) : budget_(*budget) {}
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  absl::StatusOr<Value> String(std::string text);
  absl::StatusOr<Value> List(std::vector<Value> items) {
    return Items(Value::Kind::kList, {std::move(items), {}, 0, 0, 1});
  }
  absl::StatusOr<Value> Tuple(std::vector<Value> items) {
    return Items(Value::Kind::kTuple, {std::move(items), {}, 0, 0, 1});
  }
  absl::StatusOr<Value> Items(Value::Kind kind, Sequence items);
  absl::StatusOr<Value> Make(Dict dict);
  absl::StatusOr<Value> Make(Generator generator);
  absl::StatusOr<Value> Make(Namespace names);
  absl::StatusOr<Value> Make(Callable callable);
  absl::StatusOr<Loop*> NewLoop();
  absl::StatusOr<Frame*> NewFrame(Frame* parent);

 private:
  Budget& budget_;
  std::deque<std::string> strings_;
  std::deque<Sequence> sequences_;
  std::deque<Dict> dicts_;
  std::deque<Generator> generators_;
  std::deque<Namespace> namespaces_;
  std::deque<Callable> callables_;
  std::deque<Loop> loops_;
  std::deque<Frame> frames_;
};

}  // namespace ropewalk::jinja
