#pragma once

#include <initializer_list>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/chat/jinja/callable.h"

namespace ropewalk::jinja {

// What natives do with their arguments. `what` names the native in messages; errors are
// INVALID_ARGUMENT.

// Matches arguments with the parameters' names; those not given are absent. Errors: too many,
// unknown or given twice, or one of the first `required` is missing.
absl::StatusOr<std::vector<Value>> Bind(absl::string_view what, const Arguments& arguments,
                                        std::initializer_list<absl::string_view> parameters,
                                        size_t required = 0);

absl::StatusOr<absl::string_view> TextOf(absl::string_view what, const Value& value);
absl::StatusOr<int64_t> IntOf(absl::string_view what, const Value& value);
// `otherwise` if it was not given.
absl::StatusOr<int64_t> IntOr(absl::string_view what, const Value& value, int64_t otherwise);

}  // namespace ropewalk::jinja
