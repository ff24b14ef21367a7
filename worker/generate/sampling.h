#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace ropewalk {

// How the next token is chosen; the names and meanings are those of transformers' GenerationConfig.
struct SamplingOptions {
  double temperature = 0;         // 0: always the likeliest token
  int64_t top_k = 0;              // only the k likeliest, and those as likely as the last; 0: all
  double top_p = 1;               // only the likeliest that together have this probability; 1: all
  double min_p = 0;               // only those with this share of the likeliest's probability
  double repetition_penalty = 1;  // on tokens that the text has already; 1: none
  uint64_t seed = 0;
  uint64_t sequence = 0;  // tells texts with the same seed apart
};

// INVALID_ARGUMENT: a value out of range; the message names it.
absl::Status CheckSampling(const SamplingOptions& options);

// Not thread-safe: keeps its room between tokens.
class Sampler {
 public:
  struct Candidate {
    int32_t token = 0;
    float score = 0;         // the logit, penalised and divided by the temperature
    double probability = 0;  // among the candidates
  };

  // The tokens that may come next, ascending, with their probabilities. `text` is the prompt and
  // what has been generated; its tokens must be below logits.size(). Processors in transformers'
  // order: repetition penalty (Keskar et al., 2019), temperature, top-k, top-p (Holtzman et al.,
  // 2020), min-p (Nguyen et al., 2024); at least one token stays. REQUIRES: temperature > 0.
  absl::Span<const Candidate> Distribution(const SamplingOptions& options,
                                           absl::Span<const float> logits,
                                           absl::Span<const int32_t> text);

  // The next token: the likeliest after the penalty (the lowest of equals) at temperature 0, else
  // one of that distribution. The random number is a function of seed, sequence and the text's
  // length alone.
  int32_t Pick(const SamplingOptions& options, absl::Span<const float> logits,
               absl::Span<const int32_t> text);

 private:
  void Penalize(double penalty, absl::Span<const float> logits, absl::Span<const int32_t> text);
  void KeepTopK(int64_t k);
  void KeepTopP(double p);
  void KeepMinP(double p);
  // Fills in the probabilities; returns the highest score.
  float Normalize();

  std::vector<float> scores_;  // by token
  std::vector<Candidate> candidates_;
};

}  // namespace ropewalk
