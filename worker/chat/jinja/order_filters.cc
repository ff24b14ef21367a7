// Filters that compare: sort, unique, min, max, sum.

#include <utility>

#include "absl/strings/str_split.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/arithmetic.h"
#include "worker/chat/jinja/attributes.h"
#include "worker/chat/jinja/compare.h"
#include "worker/chat/jinja/filters.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/order.h"
#include "worker/chat/jinja/runtime.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;

bool IsTrue(const Value& value) { return !value.is_absent() && Truth(value); }

// What `sort` compares an item by: a list of itself, of an attribute, or for "a,b" of two. Being in
// a list, what is equal needs no order.
absl::StatusOr<Value> KeyOf(Runtime& runtime, const Value& item, const Value& attribute,
                            bool case_sensitive) {
  std::vector<Value> keys;
  if (attribute.is_string()) {
    for (const absl::string_view path : absl::StrSplit(attribute.text(), ',')) {
      ASSIGN_OR_RETURN(const Value value, GetPath(runtime, item, Value::String(path)));
      ASSIGN_OR_RETURN(keys.emplace_back(), CaseKey(runtime, value, case_sensitive));
    }
  } else {
    ASSIGN_OR_RETURN(const Value value, GetPath(runtime, item, attribute));
    ASSIGN_OR_RETURN(keys.emplace_back(), CaseKey(runtime, value, case_sensitive));
  }
  return runtime.heap.List(std::move(keys));
}

absl::StatusOr<std::vector<Value>> KeysOf(Runtime& runtime, const std::vector<Value>& items,
                                          const Value& attribute, bool case_sensitive) {
  std::vector<Value> keys;
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(keys.emplace_back(), KeyOf(runtime, item, attribute, case_sensitive));
  }
  return keys;
}

absl::StatusOr<Value> Sorted(Runtime& runtime, const std::vector<Value>& items,
                             const std::vector<Value>& keys, bool reverse) {
  ASSIGN_OR_RETURN(const std::vector<size_t> order, SortedOrder(runtime, keys, reverse));
  std::vector<Value> sorted;
  for (const size_t i : order) sorted.push_back(items[i]);
  return runtime.heap.List(std::move(sorted));
}

absl::StatusOr<Value> Sort(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("sort", arguments, {"reverse", "case_sensitive", "attribute"}));
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, self));
  ASSIGN_OR_RETURN(const std::vector<Value> keys, KeysOf(runtime, items, a[2], IsTrue(a[1])));
  return Sorted(runtime, items, keys, IsTrue(a[0]));
}

absl::StatusOr<Value> DictSort(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("dictsort", arguments, {"case_sensitive", "by", "reverse"}));
  absl::string_view by = "key";
  if (!a[1].is_absent()) {
    ASSIGN_OR_RETURN(by, TextOf("dictsort", a[1]));
  }
  if (!self.is(Kind::kDict) || (by != "key" && by != "value")) {
    return absl::InvalidArgumentError("'dictsort' takes a dict, to be sorted by 'key' or 'value'");
  }
  std::vector<Value> items, keys;
  for (const auto& [key, value] : self.dict().entries) {
    ASSIGN_OR_RETURN(items.emplace_back(), runtime.heap.Tuple({key, value}));
    ASSIGN_OR_RETURN(keys.emplace_back(),
                     CaseKey(runtime, by == "key" ? key : value, IsTrue(a[0])));
  }
  return Sorted(runtime, items, keys, IsTrue(a[2]));
}

template <bool kMax>
absl::StatusOr<Value> Extreme(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind(kMax ? "max" : "min", arguments, {"case_sensitive", "attribute"}));
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, self));
  if (items.empty()) return Value::Undefined("the extreme of nothing");
  std::vector<Value> keys;
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(const Value value, GetPath(runtime, item, a[1]));
    ASSIGN_OR_RETURN(keys.emplace_back(), CaseKey(runtime, value, IsTrue(a[0])));
  }
  size_t best = 0;
  for (size_t i = 1; i < items.size(); ++i) {
    ASSIGN_OR_RETURN(const bool better, kMax ? Less(runtime, keys[best], keys[i])
                                             : Less(runtime, keys[i], keys[best]));
    if (better) best = i;
  }
  return items[best];
}

absl::StatusOr<Value> Sum(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("sum", arguments, {"attribute", "start"}));
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, self));
  Value sum = a[1].is_absent() ? Value::Int(0) : a[1];
  if (sum.is_string()) return absl::InvalidArgumentError("'sum' adds no strings; use 'join'");
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(const Value value, GetPath(runtime, item, a[0]));
    ASSIGN_OR_RETURN(sum, Arithmetic(runtime, Binary::Op::kAdd, sum, value));
  }
  return sum;
}

absl::StatusOr<Value> Unique(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("unique", arguments, {"case_sensitive", "attribute"}));
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, self));
  Dict seen;
  Generator generator;
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(const Value value, GetPath(runtime, item, a[1]));
    ASSIGN_OR_RETURN(const Value key, CaseKey(runtime, value, IsTrue(a[0])));
    if (generator.failure = CheckHashable(key); !generator.failure.ok()) break;
    RETURN_IF_ERROR(runtime.budget.Step(1 + (key.is_string() ? 0 : seen.entries.size())));
    if (seen.Find(key) != nullptr) continue;
    seen.Insert(key, key);
    generator.items.push_back(item);
  }
  return runtime.heap.Make(std::move(generator));
}

}  // namespace

const NativeTable& OrderFilters() {
  static const auto* const filters =
      new NativeTable{{"sort", Sort},         {"dictsort", DictSort}, {"min", Extreme<false>},
                      {"max", Extreme<true>}, {"sum", Sum},           {"unique", Unique}};
  return *filters;
}

}  // namespace ropewalk::jinja
