#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "worker/model/config.h"

namespace ropewalk {

// Writes the frequencies [head_dim / 2] of rotary position embedding for a sequence of `length`
// tokens: at position p the pair i of a head turns by p * frequency[i]. The formulas are those of
// transformers 5 (modeling_rope_utils.py). With d = head_dim and f_i = theta^(-2i / d):
//   default   f_i                                                      (Su et al., 2021)
//   linear    f_i / factor                                             (Chen et al., 2023)
//   dynamic   f_i with theta' = theta * (factor * L / max - (factor - 1))^(d / (d - 2)),
//             max = max_position_embeddings, L = max(length, max)      (NTK-aware scaling)
//   yarn      f_i / factor and f_i, blended by a ramp over the pairs that turn beta_fast to
//             beta_slow times within the original length              (Peng et al., 2023)
//   llama3    f_i / factor for wavelengths above original / low_freq_factor, f_i below original /
//             high_freq_factor, and a blend in between                 (Llama 3.1)
//   longrope  f_i / long_factor_i if length > original, else f_i / short_factor_i
//                                                                      (Ding et al., 2024)
// Only dynamic and longrope look at `length`. Here a sequence is a document: packed documents turn
// as they would alone. transformers looks at the longest position of the whole batch, so that the
// two agree where a batch holds a single sequence. A token that is generated belongs to the
// sequence up to itself; those before it stay as they were turned, as in transformers.
void RopeFrequencies(const ModelConfig& config, int64_t length, absl::Span<double> frequencies);

}  // namespace ropewalk
