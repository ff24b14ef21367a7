#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace ropewalk {

// A linear checksum of an integer vector: the checksum of a sum of vectors is the sum of their
// checksums, so each rank sends its own along and every rank can tell whether the sum it received
// is the sum of what was sent, whatever lies between (a link, a memory bank, a kernel). Eight
// bytes; both halves modulo 2^32.
struct LinearChecksum {
  // Of the elements, and of (2i + 1) times element i: the odd weights tell a swap, and keep every
  // single flipped bit visible.
  uint32_t sum = 0;
  uint32_t weighted_sum = 0;

  bool operator==(const LinearChecksum&) const = default;

  // Of the elements of both.
  LinearChecksum& operator+=(const LinearChecksum& other) {
    sum += other.sum;
    weighted_sum += other.weighted_sum;
    return *this;
  }
};

// Of a part whose first element is the whole's element `first`.
LinearChecksum ChecksumOf(absl::Span<const int32_t> x, int64_t first = 0);

// Makes the last two elements the checksum of those before, so that it is reduced with them; the
// second is for one who has it already.
void PutChecksum(absl::Span<int32_t> x);
void PutChecksum(const LinearChecksum& checksum, absl::Span<int32_t> x);

// What came out of a sum of vectors with checksums. INTERNAL: it is not the sum of what went in.
absl::Status VerifyChecksum(absl::Span<const int32_t> sum);

}  // namespace ropewalk
