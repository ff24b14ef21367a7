#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace ropewalk {

// The text of a JSON file of a model folder. NOT_FOUND: it is missing or cannot be read.
// INVALID_ARGUMENT: it is larger than 256 MiB, more than any tokenizer needs.
absl::StatusOr<std::string> ReadJsonFile(const std::string& path);

}  // namespace ropewalk
