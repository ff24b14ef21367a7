#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/generate/kv_cache.h"
#include "worker/generate/row_router.h"
#include "worker/model/rope_rows.h"
#include "worker/model/transformer.h"

namespace ropewalk {

// Tokens that come next in a text.
struct TextPiece {
  absl::Span<const int32_t> tokens;
  KvCache<float>* cache = nullptr;   // of the tokens before
  int adapter = RowRouter::kNoHook;  // looked at if the decoder has a router
};

// The tokens of several pieces, one after another.
struct PackedPieces;

// Runs texts through a transformer piece by piece, several texts in one pass. Keys and values are
// kept, so a new token costs one row. No dropout. Not thread-safe.
class BatchDecoder {
 public:
  // Of prompts' rows; single tokens need none.
  enum class Padding {
    kNone,    // the fastest for one text; its logits' last bits depend on what is beside it
    kSteady,  // a text's logits are the same bits whatever is beside it; see steady_rows.h
  };

  // `router` is the transformer's hook, or null. Both must outlive the decoder.
  BatchDecoder(const Transformer<float>& model, RowRouter* router, Padding padding);

  const ModelConfig& config() const { return model_.config(); }

  // An empty cache for a text of about this many tokens.
  KvCache<float> NewCache(int64_t expected) const;

  // Both take the pieces in and return the logits after the last token of each, [pieces,
  // vocabulary], which are there until the next call. Prefill is for whole prompts, whose caches
  // are empty, Extend for single tokens after them. REQUIRES: tokens that the model has, and
  // positions.
  absl::Span<const float> Prefill(absl::Span<const TextPiece> pieces);
  absl::Span<const float> Extend(absl::Span<const TextPiece> pieces);

 private:
  // In one pass.
  void ExtendTogether(absl::Span<const TextPiece> pieces);
  // Returns the last layer's output [rows, hidden]. attend(layer, activations) fills in `attended`.
  template <typename Attend>
  const float* Forward(const PackedPieces& packed, Attend attend);
  // Appends those of these rows of `hidden`, in a product of `padded` rows, to logits_.
  void AppendLogits(const float* hidden, const std::vector<int64_t>& rows, int64_t padded);
  PackedPieces Pack(absl::Span<const TextPiece> pieces) const;
  int64_t PaddedRows(int64_t rows) const;
  void Reserve(int64_t rows);

  const Transformer<float>& model_;
  RowRouter* const router_;
  const Padding padding_;
  RopeRows<float> rope_;

  Arena arena_;
  int64_t reserved_rows_ = 0;
  LayerActivations<float> activations_;
  LayerScratch<float> scratch_;
  float* output_ = nullptr;  // [rows, hidden]
  std::vector<float> chosen_, normed_, rstd_, logits_;
};

}  // namespace ropewalk
