#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ropewalk {

// Published models that are measured, by the names people know them by: "smollm2-135m".
std::vector<std::string> ShapeNames();

// The config.json of one, in bfloat16 as they are published. NOT_FOUND: no such shape.
absl::StatusOr<std::string> ShapeConfig(const std::string& name);

}  // namespace ropewalk
