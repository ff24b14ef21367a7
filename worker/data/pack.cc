#include "worker/data/pack.h"

namespace ropewalk {

PackedTokens Pack(const Dataset& dataset, absl::Span<const int64_t> documents) {
  PackedTokens packed;
  packed.document_starts.push_back(0);
  for (const int64_t d : documents) {
    const Document& document = dataset.document(d);
    const int32_t length = document.tokens.size();
    for (int32_t i = 0; i < length; ++i) {
      const bool learnt = i + 1 < length && i + 1 >= document.first_target;
      packed.tokens.push_back(document.tokens[i]);
      packed.positions.push_back(i);
      packed.targets.push_back(learnt ? document.tokens[i + 1] : -1);
      packed.target_count += learnt ? 1 : 0;
    }
    packed.document_starts.push_back(packed.tokens.size());
  }
  return packed;
}

}  // namespace ropewalk
