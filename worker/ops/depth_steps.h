#pragma once

#include <algorithm>
#include <cstdint>

#include "worker/ops/panels.h"

namespace ropewalk {

// The steps in which a product goes through its depth: the order of its sums. Products that are to
// have the same bits take the same steps.
class DepthSteps {
 public:
  DepthSteps(int64_t depth, int left_planes, int right_planes)
      : depth_(depth),
        part_(depth <= kMostDepth / right_planes ? RoundUpToTile(depth) : kDepthPart),
        step_(StepOf(std::min(part_, depth), left_planes)) {}

  // Terms whose sums are finished, or kept, before the next ones are taken; all of them if they are
  // not too many.
  int64_t part() const { return part_; }

  // Terms of the longest step.
  int64_t longest() const { return step_; }

  // f(first, count) for every step, in order; steps begin at multiples of kTile.
  template <typename F>
  void ForEach(F f) const {
    for (int64_t part = 0; part < depth_; part += part_) {
      const int64_t end = std::min(part + part_, depth_);
      for (int64_t first = part; first < end; first += step_) {
        f(first, std::min(step_, end - first));
      }
    }
  }

 private:
  // Depths up to this are multiplied at once; of larger ones a part at a time.
  static constexpr int64_t kMostDepth = 2048;
  static constexpr int64_t kDepthPart = 1024;

  // The most depth of which kTile rows, one plane, stay in the first cache.
  static constexpr int64_t kMostDepthStep = 640;

  static int64_t StepOf(int64_t depth, int planes) {
    const int64_t most = RoundUpToTile(kMostDepthStep / planes - kTile + 1);
    const int64_t steps = (depth + most - 1) / most;
    return RoundUpToTile((depth + steps - 1) / steps);
  }

  int64_t depth_;
  int64_t part_;
  int64_t step_;
};

// f(left, right) for the pairs of planes that a product multiplies, the small ones first: the other
// half of the order of its sums. At most kMaxPlanePairs of them.
inline constexpr int kMaxPlanePairs = kMaxPlanes * (kMaxPlanes + 1) / 2;

template <typename F>
void ForEachPlanePair(int left_planes, int right_planes, F f) {
  for (int below = kMaxPlanes - 1; below >= 0; --below) {
    for (int left = std::min(below, left_planes - 1); left >= 0; --left) {
      if (below - left < right_planes) f(left, below - left);
    }
  }
}

}  // namespace ropewalk
