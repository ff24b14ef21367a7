#include "worker/train/checksum.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

constexpr int64_t kBlock = 4096;

// `first` is the weight of x[0].
ROPEWALK_SIMD void AddUp(int64_t n, const int32_t* x, uint32_t first, LinearChecksum* checksum) {
  uint32_t sum = 0, weighted_sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t value = static_cast<uint32_t>(x[i]);
    sum += value;
    weighted_sum += (first + 2 * static_cast<uint32_t>(i)) * value;
  }
  *checksum = {sum, weighted_sum};
}

}  // namespace

LinearChecksum ChecksumOf(absl::Span<const int32_t> x, int64_t first) {
  const int64_t n = x.size();
  std::vector<LinearChecksum> of_blocks((n + kBlock - 1) / kBlock);
  ParallelFor(of_blocks.size(), [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const int64_t at = b * kBlock;
      AddUp(std::min(kBlock, n - at), &x[at], static_cast<uint32_t>(2 * (first + at) + 1),
            &of_blocks[b]);
    }
  });
  LinearChecksum checksum;
  for (const LinearChecksum& block : of_blocks) checksum += block;
  return checksum;
}

void PutChecksum(absl::Span<int32_t> x) { PutChecksum(ChecksumOf(x.first(x.size() - 2)), x); }

void PutChecksum(const LinearChecksum& checksum, absl::Span<int32_t> x) {
  x[x.size() - 2] = static_cast<int32_t>(checksum.sum);
  x[x.size() - 1] = static_cast<int32_t>(checksum.weighted_sum);
}

absl::Status VerifyChecksum(absl::Span<const int32_t> sum) {
  const LinearChecksum of_sum = ChecksumOf(sum.first(sum.size() - 2));
  const LinearChecksum sum_of{static_cast<uint32_t>(sum[sum.size() - 2]),
                              static_cast<uint32_t>(sum[sum.size() - 1])};
  if (of_sum == sum_of) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("the sum that arrived is not the sum of what the ranks sent (checksum ",
                   absl::Hex(of_sum.sum), " instead of ", absl::Hex(sum_of.sum),
                   "): a link, memory or processor is faulty"));
}

}  // namespace ropewalk
