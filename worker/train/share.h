#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace ropewalk {

// Deals the micro-batches of a step to ranks, in proportion to their weights (measured tokens per
// second): each in turn, the largest first, goes to the rank that would be done with it soonest,
// the lower rank on a tie. Returns per micro-batch its rank. Pure: every rank deals for itself and
// gets the same answer. Who computes what does not change the sum, only the time. tokens: [M];
// weights: [ranks], a weight <= 0 counts as the mean of the others. REQUIRES: at least one rank.
std::vector<int> DealMicroBatches(absl::Span<const int64_t> tokens,
                                  absl::Span<const double> weights);

// Brings weights up to date with the speeds that a step has measured, half of the way; 0: the rank
// had nothing to compute. Such a rank slowly comes closer to the others, so that one that was slow
// for a moment is tried again. Only ratios matter, and weights may be in another unit. Pure, as
// above. Both: [ranks]; without measurements weights stay as they are.
void FollowSpeeds(absl::Span<const int32_t> tokens_per_second, std::vector<double>* weights);

}  // namespace ropewalk
