#pragma once

#include <cstdint>
#include <vector>

namespace ropewalk {

// Documents laid one after another, without padding. T tokens in all; attention does not cross a
// document's border.
struct PackedTokens {
  std::vector<int32_t> tokens;           // [T]
  std::vector<int32_t> positions;        // [T], counted within the document
  std::vector<int32_t> targets;          // [T], the next token, or -1 where no loss is taken
  std::vector<int32_t> document_starts;  // [documents + 1], offsets, the first 0 and the last T
  int64_t target_count = 0;              // targets that are not -1
};

}  // namespace ropewalk
