#include "worker/train/share.h"

#include <algorithm>
#include <numeric>

namespace ropewalk {
namespace {

std::vector<double> WithUnknownFilled(absl::Span<const double> weights) {
  double sum = 0;
  int known = 0;
  for (const double weight : weights) {
    if (weight > 0) {
      sum += weight;
      ++known;
    }
  }
  const double mean = known > 0 ? sum / known : 1.0;
  std::vector<double> filled(weights.begin(), weights.end());
  for (double& weight : filled) {
    if (!(weight > 0)) weight = mean;
  }
  return filled;
}

}  // namespace

std::vector<int> DealMicroBatches(absl::Span<const int64_t> tokens,
                                  absl::Span<const double> weights) {
  const std::vector<double> speed = WithUnknownFilled(weights);
  std::vector<int64_t> order(tokens.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return tokens[a] > tokens[b]; });

  std::vector<int> rank_of(tokens.size(), 0);
  std::vector<int64_t> load(speed.size(), 0);
  for (const int64_t m : order) {
    int best = 0;
    for (int rank = 1; rank < static_cast<int>(speed.size()); ++rank) {
      if ((load[rank] + tokens[m]) / speed[rank] < (load[best] + tokens[m]) / speed[best])
        best = rank;
    }
    rank_of[m] = best;
    load[best] += tokens[m];
  }
  return rank_of;
}

void FollowSpeeds(absl::Span<const int32_t> tokens_per_second, std::vector<double>* weights) {
  if (tokens_per_second.empty()) return;
  constexpr double kPatience = 8;  // steps
  std::vector<double> old = WithUnknownFilled(*weights);
  double old_sum = 0, new_sum = 0;
  int measured = 0;
  for (size_t rank = 0; rank < old.size(); ++rank) {
    if (tokens_per_second[rank] <= 0) continue;
    ++measured;
    old_sum += old[rank];
    new_sum += tokens_per_second[rank];
  }
  if (measured == 0) return;
  for (size_t rank = 0; rank < old.size(); ++rank) {
    const double before = old[rank] * new_sum / old_sum;
    const double now = tokens_per_second[rank];
    (*weights)[rank] =
        now > 0 ? (before + now) / 2 : before + (new_sum / measured - before) / kPatience;
  }
}

}  // namespace ropewalk
