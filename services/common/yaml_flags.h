#pragma once

#include <istream>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ropewalk {

// A flat YAML file of flags: "key: value", or "key: [value, value]". Keys may use '_' for '-'.
// INVALID_ARGUMENT: not YAML, not flat, or a key is not `known`; the message names the nearest.
absl::StatusOr<std::map<std::string, std::vector<std::string>>> ReadYamlFlags(
    std::istream& input, const std::vector<std::string>& known);

}  // namespace ropewalk
