#include "worker/generate/sampling.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/ops/elementwise.h"
#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

absl::Status CheckRange(bool good, absl::string_view name, double value, absl::string_view wanted) {
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " is ", value, "; it must be ", wanted));
}

// A damaged model gives infinities and NaNs; what sorts and exponentiates needs numbers.
float Finite(float score) {
  constexpr float kMax = std::numeric_limits<float>::max();
  if (std::isnan(score)) return -kMax;
  return std::clamp(score, -kMax, kMax);
}

// In [0, 1), in steps of 2^-53.
double RandomNumber(uint64_t seed, uint64_t sequence, uint64_t position) {
  const PhiloxCounter bits =
      Philox({static_cast<uint32_t>(position), static_cast<uint32_t>(position >> 32),
              static_cast<uint32_t>(sequence), static_cast<uint32_t>(sequence >> 32)},
             seed);
  return static_cast<double>((uint64_t{bits[0]} << 32 | bits[1]) >> 11) * 0x1p-53;
}

}  // namespace

absl::Status CheckSampling(const SamplingOptions& options) {
  const auto at_least = [](double value, double least) {
    return std::isfinite(value) && value >= least;
  };
  RETURN_IF_ERROR(CheckRange(at_least(options.temperature, 0), "temperature", options.temperature,
                             "0 (greedy) or more"));
  RETURN_IF_ERROR(CheckRange(options.top_k >= 0, "top_k", options.top_k, "0 (all) or more"));
  RETURN_IF_ERROR(CheckRange(options.top_p > 0 && options.top_p <= 1, "top_p", options.top_p,
                             "above 0 and at most 1 (all)"));
  RETURN_IF_ERROR(CheckRange(options.min_p >= 0 && options.min_p <= 1, "min_p", options.min_p,
                             "between 0 (all) and 1"));
  return CheckRange(at_least(options.repetition_penalty, 1e-6), "repetition_penalty",
                    options.repetition_penalty, "above 0; 1 is none");
}

int32_t Sampler::Pick(const SamplingOptions& options, absl::Span<const float> logits,
                      absl::Span<const int32_t> text) {
  if (options.temperature == 0) {
    if (options.repetition_penalty == 1) return ArgMax(logits.size(), logits.data());
    Penalize(options.repetition_penalty, logits, text);
    return ArgMax(scores_.size(), scores_.data());
  }
  const absl::Span<const Candidate> candidates = Distribution(options, logits, text);
  const double goal = RandomNumber(options.seed, options.sequence, text.size());
  double sum = 0;
  for (const Candidate& candidate : candidates) {
    sum += candidate.probability;
    if (sum > goal) return candidate.token;
  }
  return candidates.back().token;  // the probabilities' sum is rounded
}

absl::Span<const Sampler::Candidate> Sampler::Distribution(const SamplingOptions& options,
                                                           absl::Span<const float> logits,
                                                           absl::Span<const int32_t> text) {
  Penalize(options.repetition_penalty, logits, text);
  candidates_.clear();
  for (size_t token = 0; token < scores_.size(); ++token) {
    const float score = Finite(scores_[token] / static_cast<float>(options.temperature));
    candidates_.push_back({static_cast<int32_t>(token), score, 0});
  }
  if (options.top_k > 0) KeepTopK(options.top_k);
  if (options.top_p < 1) KeepTopP(options.top_p);
  if (options.min_p > 0) KeepMinP(options.min_p);
  Normalize();
  return candidates_;
}

// From the logits each time, so a token that comes twice is penalised once.
void Sampler::Penalize(double penalty, absl::Span<const float> logits,
                       absl::Span<const int32_t> text) {
  scores_.assign(logits.begin(), logits.end());
  if (penalty == 1) return;
  const float factor = static_cast<float>(penalty);
  for (const int32_t token : text) {
    const float logit = logits[token];
    scores_[token] = logit < 0 ? logit * factor : logit / factor;
  }
}

void Sampler::KeepTopK(int64_t k) {
  if (k >= static_cast<int64_t>(candidates_.size())) return;
  for (size_t i = 0; i < candidates_.size(); ++i) scores_[i] = candidates_[i].score;
  const auto last = scores_.begin() + (k - 1);
  std::nth_element(scores_.begin(), last, scores_.end(), std::greater<float>());
  const float least = *last;
  std::erase_if(candidates_, [&](const Candidate& c) { return c.score < least; });
}

// Takes away the least likely while what is taken away has at most 1 - p together; of equals, the
// lower token first.
void Sampler::KeepTopP(double p) {
  Normalize();
  const double budget = 1 - p;
  // Tokens this unlikely are all among them, as even together they stay within the budget: most of
  // a vocabulary need not be sorted.
  const double negligible = budget / static_cast<double>(candidates_.size());
  double removed = 0;
  std::erase_if(candidates_, [&](const Candidate& c) {
    if (c.probability >= negligible) return false;
    removed += c.probability;
    return true;
  });
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score < b.score : a.token < b.token;
  });
  size_t first = 0;
  while (first + 1 < candidates_.size() && removed + candidates_[first].probability <= budget) {
    removed += candidates_[first++].probability;
  }
  candidates_.erase(candidates_.begin(), candidates_.begin() + first);
  std::sort(candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) { return a.token < b.token; });
}

void Sampler::KeepMinP(double p) {
  const float highest = Normalize();
  std::erase_if(candidates_,
                [&](const Candidate& c) { return std::exp(double{c.score} - highest) < p; });
}

float Sampler::Normalize() {
  float highest = candidates_.front().score;
  for (const Candidate& candidate : candidates_) highest = std::max(highest, candidate.score);
  double sum = 0;
  for (Candidate& candidate : candidates_) {
    candidate.probability = std::exp(double{candidate.score} - highest);
    sum += candidate.probability;
  }
  for (Candidate& candidate : candidates_) candidate.probability /= sum;
  return highest;
}

}  // namespace ropewalk
