#include "worker/train/checksum.h"

namespace ropewalk {

LinearChecksum ChecksumOf(absl::Span<const int32_t> x) {
  LinearChecksum checksum;
  uint32_t weight = 1;
  for (const int32_t element : x) {
    const uint32_t value = static_cast<uint32_t>(element);
    checksum.sum += value;
    checksum.weighted_sum += weight * value;
    weight += 2;
  }
  return checksum;
}

}  // namespace ropewalk
