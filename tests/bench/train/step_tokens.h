#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ropewalk {

// A step's documents from a file: JSON, a list of token ids on each line.
// NOT_FOUND or INVALID_ARGUMENT: no such file, or something else in it.
absl::StatusOr<std::vector<std::vector<int32_t>>> ReadDocuments(const std::string& path);

// So many random tokens of a vocabulary, in documents of `sequence` tokens, the last one shorter if
// it must be.
std::vector<std::vector<int32_t>> RandomDocuments(int64_t tokens, int64_t sequence,
                                                  int64_t vocabulary);

}  // namespace ropewalk
