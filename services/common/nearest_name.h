#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ropewalk {

// The known name with the least edit distance (insert, delete, replace, swap neighbours) to
// `given`, the first of several; empty if none is near enough to be meant. Pure.
std::string NearestName(absl::string_view given, const std::vector<std::string>& known);

// " (did you mean 'x'?)", or nothing if no known name is near: the end of an error message. Pure.
std::string DidYouMean(absl::string_view given, const std::vector<std::string>& known);

}  // namespace ropewalk
