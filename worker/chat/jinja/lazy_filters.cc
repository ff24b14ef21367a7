// Filters that give generators: map, select and its kin.

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/attributes.h"
#include "worker/chat/jinja/filters.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/value_tests.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;

// Whether an error is one of the template, which only who comes so far meets, or of the budget.
absl::StatusOr<Value> Finish(Runtime& runtime, Generator generator, absl::Status failure) {
  RETURN_IF_ERROR(runtime.budget.Step());
  generator.failure = std::move(failure);
  return runtime.heap.Make(std::move(generator));
}

absl::Status MapItems(Runtime& runtime, const Value& self, const Arguments& arguments,
                      std::vector<Value>* out) {
  if (!Truth(self)) return absl::OkStatus();
  Native function = nullptr;
  Arguments rest = arguments;
  std::vector<Value> by(2, Value::Absent());
  if (arguments.positional.empty()) {
    ASSIGN_OR_RETURN(by, Bind("map", arguments, {"attribute", "default"}, 1));
  } else {
    ASSIGN_OR_RETURN(const absl::string_view name, TextOf("map", arguments.positional[0]));
    function = FindFilter(name);
    if (function == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("the filter '", name, "' is not supported; supported: ", FilterNames()));
    }
    rest.positional.erase(rest.positional.begin());
  }
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, self));
  for (const Value& item : items) {
    RETURN_IF_ERROR(runtime.budget.Scan(item.is_string() ? item.text().size() : 0));
    ASSIGN_OR_RETURN(const Value value, function != nullptr ? function(runtime, item, rest)
                                                            : GetPath(runtime, item, by[0], by[1]));
    out->push_back(value);
  }
  return absl::OkStatus();
}

absl::StatusOr<Value> Map(Runtime& runtime, const Value& self, const Arguments& arguments) {
  Generator generator;
  absl::Status status = MapItems(runtime, self, arguments, &generator.items);
  return Finish(runtime, std::move(generator), std::move(status));
}

template <bool kByAttribute, bool kWanted>
absl::Status SelectItems(Runtime& runtime, const Value& self, Arguments arguments,
                         std::vector<Value>* out) {
  if (!Truth(self)) return absl::OkStatus();
  std::vector<Value>& given = arguments.positional;
  Value attribute = Value::Absent();
  if (kByAttribute) {
    if (given.empty()) return absl::InvalidArgumentError("an attribute's name is missing");
    attribute = given[0];
    given.erase(given.begin());
  }
  Native test = nullptr;
  if (!given.empty()) {
    ASSIGN_OR_RETURN(const absl::string_view name, TextOf("select", given[0]));
    test = FindTest(name);
    if (test == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("the test '", name, "' is not supported; supported: ", TestNames()));
    }
    given.erase(given.begin());
  }
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, self));
  for (const Value& item : items) {
    RETURN_IF_ERROR(runtime.budget.Scan(item.is_string() ? item.text().size() : 0));
    ASSIGN_OR_RETURN(Value value, GetPath(runtime, item, attribute));
    if (test != nullptr) {
      ASSIGN_OR_RETURN(value, test(runtime, value, arguments));
    }
    if (Truth(value) == kWanted) out->push_back(item);
  }
  return absl::OkStatus();
}

template <bool kByAttribute, bool kWanted>
absl::StatusOr<Value> Select(Runtime& runtime, const Value& self, const Arguments& arguments) {
  Generator generator;
  absl::Status status =
      SelectItems<kByAttribute, kWanted>(runtime, self, arguments, &generator.items);
  return Finish(runtime, std::move(generator), std::move(status));
}

}  // namespace

const NativeTable& LazyFilters() {
  static const auto* const filters = new NativeTable{{"map", Map},
                                                     {"select", Select<false, true>},
                                                     {"reject", Select<false, false>},
                                                     {"selectattr", Select<true, true>},
                                                     {"rejectattr", Select<true, false>}};
  return *filters;
}

}  // namespace ropewalk::jinja
