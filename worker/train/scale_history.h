#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace ropewalk {

// Chooses the fixed-point scales of a step from what the gradients of the last steps measured: per
// block the largest exponent byte of the last kWindow steps plus kMarginBits. Part of the trained
// state, since scales decide how gradients round. Not thread-safe.
class ScaleHistory {
 public:
  static constexpr int kWindow = 16;
  static constexpr int kMarginBits = 4;

  explicit ScaleHistory(int64_t blocks);

  // The scales for the next step; 0 for a block that has only seen zeros, or nothing yet. [blocks].
  std::vector<uint8_t> Scales() const;

  // Remembers the exponents that a finished step measured, forgetting those of kWindow steps ago.
  // [blocks].
  void Record(absl::Span<const uint8_t> exponents);

  // The window, row `step % kWindow` for each step, to be saved and restored. [kWindow * blocks],
  // and the steps recorded so far.
  absl::Span<const uint8_t> window() const { return window_; }
  int64_t recorded() const { return recorded_; }
  void Restore(absl::Span<const uint8_t> window, int64_t recorded);

 private:
  int64_t blocks_;
  int64_t recorded_ = 0;
  std::vector<uint8_t> window_;
};

// Whether every measured exponent is covered by its scale.
bool ScalesCover(absl::Span<const uint8_t> scales, absl::Span<const uint8_t> exponents);

}  // namespace ropewalk
