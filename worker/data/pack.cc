#include "worker/data/pack.h"

namespace ropewalk {
namespace {

// The target of a token is the next one of its document, if that is learnt.
void AppendTargets(const Document& document, PackedTokens* packed) {
  const size_t first = packed->targets.size();
  packed->targets.resize(first + document.tokens.size(), -1);
  for (const TokenRange& range : document.targets) {
    for (int32_t i = range.begin; i < range.end; ++i) {
      packed->targets[first + i - 1] = document.tokens[i];
    }
  }
  packed->target_count += document.target_count();
}

}  // namespace

PackedTokens Pack(const Dataset& dataset, absl::Span<const int64_t> documents) {
  PackedTokens packed;
  packed.document_starts.push_back(0);
  for (const int64_t d : documents) {
    const Document& document = dataset.document(d);
    const int32_t length = document.tokens.size();
    packed.tokens.insert(packed.tokens.end(), document.tokens.begin(), document.tokens.end());
    for (int32_t i = 0; i < length; ++i) packed.positions.push_back(i);
    AppendTargets(document, &packed);
    packed.document_starts.push_back(packed.tokens.size());
  }
  return packed;
}

}  // namespace ropewalk
