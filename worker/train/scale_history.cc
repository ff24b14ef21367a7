#include "worker/train/scale_history.h"

#include <algorithm>

namespace ropewalk {

ScaleHistory::ScaleHistory(int64_t blocks) : blocks_(blocks), window_(kWindow * blocks, 0) {}

std::vector<uint8_t> ScaleHistory::Scales() const {
  std::vector<uint8_t> scales(blocks_, 0);
  for (int row = 0; row < kWindow; ++row) {
    for (int64_t b = 0; b < blocks_; ++b) {
      scales[b] = std::max(scales[b], window_[row * blocks_ + b]);
    }
  }
  for (uint8_t& scale : scales) {
    if (scale != 0) scale = static_cast<uint8_t>(std::min(254, scale + kMarginBits));
  }
  return scales;
}

void ScaleHistory::Record(absl::Span<const uint8_t> exponents) {
  std::copy(exponents.begin(), exponents.end(), window_.begin() + (recorded_ % kWindow) * blocks_);
  ++recorded_;
}

void ScaleHistory::Restore(absl::Span<const uint8_t> window, int64_t recorded) {
  window_.assign(window.begin(), window.end());
  recorded_ = recorded;
}

bool ScalesCover(absl::Span<const uint8_t> scales, absl::Span<const uint8_t> exponents) {
  return std::equal(scales.begin(), scales.end(), exponents.begin(), exponents.end(),
                    [](uint8_t scale, uint8_t exponent) { return exponent <= scale; });
}

}  // namespace ropewalk
