// Filters about what a value holds.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/filters.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;

absl::StatusOr<Value> LengthOf(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("length", arguments, {}).status());
  ASSIGN_OR_RETURN(const int64_t length, Length(runtime, self));
  return Value::Int(length);
}

absl::StatusOr<Value> Default(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("default", arguments, {"default_value", "boolean"}));
  const bool boolean = !a[1].is_absent() && Truth(a[1]);
  if (!self.is(Kind::kUndefined) && (!boolean || Truth(self))) return self;
  return a[0].is_absent() ? Value::String("") : a[0];
}

absl::StatusOr<Value> First(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("first", arguments, {}).status());
  if (self.is(Kind::kGenerator)) {
    Generator& generator = *self.generator();
    if (generator.next < generator.items.size()) return generator.items[generator.next++];
    RETURN_IF_ERROR(generator.failure);
    return Value::Undefined("the first item of nothing");
  }
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, self));
  return items.empty() ? Value::Undefined("the first item of nothing") : items.front();
}

absl::StatusOr<Value> Last(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("last", arguments, {}).status());
  if (self.is(Kind::kGenerator)) {
    return absl::InvalidArgumentError("'last' cannot take a generator; put 'list' before it");
  }
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, self));
  return items.empty() ? Value::Undefined("the last item of nothing") : items.back();
}

absl::StatusOr<Value> List(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("list", arguments, {}).status());
  ASSIGN_OR_RETURN(std::vector<Value> items, Iterate(runtime, self));
  return runtime.heap.List(std::move(items));
}

absl::StatusOr<Value> Items(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("items", arguments, {}).status());
  Generator generator;
  if (self.is(Kind::kDict)) {
    for (const auto& [key, value] : self.dict().entries) {
      ASSIGN_OR_RETURN(generator.items.emplace_back(), runtime.heap.Tuple({key, value}));
    }
  } else if (!self.is(Kind::kUndefined)) {
    generator.failure =
        absl::InvalidArgumentError(absl::StrCat("'items' takes a dict, not a ", TypeName(self)));
  }
  return runtime.heap.Make(std::move(generator));
}

absl::StatusOr<Value> Reverse(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("reverse", arguments, {}).status());
  ASSIGN_OR_RETURN(std::vector<Value> items, Iterate(runtime, self));
  std::reverse(items.begin(), items.end());
  if (self.is_string()) {
    std::string out;
    for (const Value& character : items) absl::StrAppend(&out, character.text());
    return runtime.heap.String(std::move(out));
  }
  if (self.is(Kind::kGenerator)) return runtime.heap.List(std::move(items));
  Generator generator;
  generator.items = std::move(items);
  return runtime.heap.Make(std::move(generator));
}

absl::StatusOr<Value> Batch(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("batch", arguments, {"linecount", "fill_with"}, 1));
  ASSIGN_OR_RETURN(const int64_t size, IntOf("batch", a[0]));
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, self));
  if (size < 1 || size > kMaxRange) return absl::InvalidArgumentError("'batch' takes a size");
  Generator generator;
  for (size_t begin = 0; begin < items.size(); begin += size) {
    const size_t end = std::min(begin + size, items.size());
    std::vector<Value> batch(items.begin() + begin, items.begin() + end);
    const bool fill = !a[1].is_absent() && !a[1].is(Kind::kNone);
    if (fill) batch.resize(size, a[1]);
    ASSIGN_OR_RETURN(generator.items.emplace_back(), runtime.heap.List(std::move(batch)));
  }
  return runtime.heap.Make(std::move(generator));
}

}  // namespace

const NativeTable& SequenceFilters() {
  static const auto* const filters = new NativeTable{
      {"length", LengthOf}, {"count", LengthOf}, {"default", Default}, {"d", Default},
      {"first", First},     {"last", Last},      {"list", List},       {"items", Items},
      {"reverse", Reverse}, {"batch", Batch},
  };
  return *filters;
}

}  // namespace ropewalk::jinja
