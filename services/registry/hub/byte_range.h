#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace ropewalk {

// The part of a body that a request asks for.
struct ByteRange {
  int64_t offset = 0;
  int64_t length = 0;
  // The whole body: no range was asked for, or one that may be ignored (RFC 9110, 14.2).
  bool whole = false;
};

// What the header "Range" says of a body of `size` bytes: "bytes=0-99", "bytes=100-", "bytes=-50".
// Several ranges and other units count as none. Nothing: none of it is there, which is 416. Pure.
std::optional<ByteRange> ParseByteRange(absl::string_view header, int64_t size);

}  // namespace ropewalk
