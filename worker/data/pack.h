#pragma once

#include "absl/types/span.h"
#include "worker/data/dataset.h"
#include "worker/ops/packed_tokens.h"

namespace ropewalk {

// Lays documents of `dataset` one after another. The target of a token is the next one of its
// document, if that is learnt.
PackedTokens Pack(const Dataset& dataset, absl::Span<const int64_t> documents);

}  // namespace ropewalk
