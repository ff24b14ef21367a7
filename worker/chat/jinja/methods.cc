#include "worker/chat/jinja/methods.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/compare.h"
#include "worker/chat/jinja/filters.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/runtime.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;

absl::StatusOr<Value> DictGet(Runtime& runtime, const Value& self, const Arguments& arguments) {
  if (!arguments.named.empty()) return absl::InvalidArgumentError("'get' takes no named arguments");
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("get", arguments, {"key", "default"}, 1));
  RETURN_IF_ERROR(CheckHashable(a[0]));
  RETURN_IF_ERROR(runtime.budget.Step(a[0].is_string() ? 1 : self.dict().entries.size()));
  const Value* const found = self.dict().Find(a[0]);
  if (found != nullptr) return *found;
  return a[1].is_absent() ? Value::None() : a[1];
}

absl::StatusOr<Value> DictKeys(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("keys", arguments, {}).status());
  std::vector<Value> keys;
  for (const auto& [key, value] : self.dict().entries) keys.push_back(key);
  return runtime.heap.Items(Kind::kView, {std::move(keys), "dict_keys"});
}

absl::StatusOr<Value> DictValues(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("values", arguments, {}).status());
  std::vector<Value> values;
  for (const auto& [key, value] : self.dict().entries) values.push_back(value);
  return runtime.heap.Items(Kind::kView, {std::move(values), "dict_values"});
}

absl::StatusOr<Value> DictItems(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("items", arguments, {}).status());
  std::vector<Value> items;
  for (const auto& [key, value] : self.dict().entries) {
    ASSIGN_OR_RETURN(items.emplace_back(), runtime.heap.Tuple({key, value}));
  }
  return runtime.heap.Items(Kind::kView, {std::move(items), "dict_items"});
}

absl::StatusOr<Value> Copy(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("copy", arguments, {}).status());
  return self;  // nothing changes either
}

absl::StatusOr<Value> Count(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("count", arguments, {"value"}, 1));
  int64_t count = 0;
  for (const Value& item : self.sequence().items) {
    ASSIGN_OR_RETURN(const bool same, Equal(runtime, item, a[0]));
    count += same;
  }
  return Value::Int(count);
}

absl::StatusOr<Value> Index(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("index", arguments, {"value"}, 1));
  for (size_t i = 0; i < self.sequence().items.size(); ++i) {
    ASSIGN_OR_RETURN(const bool same, Equal(runtime, self.sequence().items[i], a[0]));
    if (same) return Value::Int(static_cast<int64_t>(i));
  }
  return absl::InvalidArgumentError("'index' finds no such value");
}

bool IsOneOf(absl::string_view name, std::initializer_list<absl::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Method Known(const NativeTable& table, absl::string_view name) {
  const auto found = table.find(name);
  return found == table.end() ? Method{} : Method{true, found->second};
}

}  // namespace

absl::StatusOr<Method> FindMethod(const Value& object, absl::string_view name) {
  static const auto* const dict_methods = new NativeTable{{"get", DictGet},
                                                          {"keys", DictKeys},
                                                          {"values", DictValues},
                                                          {"items", DictItems},
                                                          {"copy", Copy}};
  static const auto* const list_methods =
      new NativeTable{{"count", Count}, {"index", Index}, {"copy", Copy}};
  const Method blocked{true, nullptr};
  switch (object.kind()) {
    case Kind::kDict:
      if (IsOneOf(name, {"clear", "pop", "popitem", "setdefault", "update"})) return blocked;
      return Known(*dict_methods, name);
    case Kind::kList:
      if (IsOneOf(name,
                  {"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"})) {
        return blocked;
      }
      return Known(*list_methods, name);
    case Kind::kTuple:
    case Kind::kRange:
      return name == "copy" ? Method{} : Known(*list_methods, name);
    case Kind::kString: {
      const Native function = FindStringMethod(name);
      if (function != nullptr) return Method{true, function};
      if (IsOneOf(name, {"encode", "expandtabs", "format_map", "maketrans", "translate",
                         "isidentifier"})) {
        return absl::InvalidArgumentError(
            absl::StrCat("the method '", name, "' of strings is not supported"));
      }
      return Method{};
    }
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kFloat:
      if (IsOneOf(name, {"real", "imag", "numerator", "denominator", "conjugate", "bit_length",
                         "bit_count", "to_bytes", "from_bytes", "as_integer_ratio", "is_integer",
                         "hex", "fromhex"})) {
        return absl::InvalidArgumentError(
            absl::StrCat("the attribute '", name, "' of numbers is not supported"));
      }
      return Method{};
    default:
      return Method{};
  }
}

}  // namespace ropewalk::jinja
