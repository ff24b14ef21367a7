#include "worker/chat/jinja/arguments.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ropewalk::jinja {

absl::StatusOr<std::vector<Value>> Bind(absl::string_view what, const Arguments& arguments,
                                        std::initializer_list<absl::string_view> parameters,
                                        size_t required) {
  if (arguments.positional.size() > parameters.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", what, "' takes not more than ", parameters.size(), " arguments"));
  }
  std::vector<Value> bound = arguments.positional;
  bound.resize(parameters.size(), Value::Absent());
  for (const auto& [name, value] : arguments.named) {
    const size_t at = std::find(parameters.begin(), parameters.end(), name) - parameters.begin();
    if (at == parameters.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", what, "' takes no argument '", name, "'"));
    }
    if (!bound[at].is_absent()) {
      return absl::InvalidArgumentError(absl::StrCat("'", what, "' is given '", name, "' twice"));
    }
    bound[at] = value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (bound[i].is_absent()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", what, "' lacks its argument '", parameters.begin()[i], "'"));
    }
  }
  return bound;
}

absl::StatusOr<absl::string_view> TextOf(absl::string_view what, const Value& value) {
  if (value.is_string()) return value.text();
  return absl::InvalidArgumentError(
      absl::StrCat("'", what, "' takes a string, not a ", TypeName(value)));
}

absl::StatusOr<int64_t> IntOf(absl::string_view what, const Value& value) {
  if (value.is_integral()) return value.integer();
  return absl::InvalidArgumentError(
      absl::StrCat("'", what, "' takes an integer, not a ", TypeName(value)));
}

absl::StatusOr<int64_t> IntOr(absl::string_view what, const Value& value, int64_t otherwise) {
  if (value.is_absent()) return otherwise;
  return IntOf(what, value);
}

}  // namespace ropewalk::jinja
