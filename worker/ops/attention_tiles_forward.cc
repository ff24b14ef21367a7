#include <algorithm>
#include <cmath>

#include "worker/ops/attention_packing.h"
#include "worker/ops/attention_parts.h"
#include "worker/ops/attention_tiles.h"
#include "worker/ops/score_loops.h"
#include "worker/ops/scratch.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Keys whose scores are taken into the softmax at once: they and their exponentials stay in the
// first cache.
constexpr int64_t kKeyBlock = 64;

// x [rows, kTile] *= factors [kTile].
ROPEWALK_SIMD void ScaleColumns(int64_t rows, const float* factors, float* x) {
  for (int64_t i = 0; i < rows; ++i, x += kTile) {
    for (int64_t j = 0; j < kTile; ++j) x[j] *= factors[j];
  }
}

// A document's queries under one key head.
template <typename T>
class ForwardHead {
 public:
  static constexpr int64_t kQueries = kTile;

  ForwardHead(const TileKernel& kernel, const AttentionShape& attention, int64_t length, const T* k,
              const T* v)
      : kernel_(kernel),
        session_(kernel),
        loops_(ScoreLoopsFor(kernel)),
        attention_(attention),
        shape_(attention, length),
        q_stride_(attention.heads * attention.head_dim),
        scale2_(static_cast<float>(attention.scale * kLog2E)),
        keys_(shape_, k, attention.kv_heads * attention.head_dim,
              key_memory_.Get(LeftRows<T>::Size(shape_))),
        values_(shape_, v, attention.kv_heads * attention.head_dim,
                value_memory_.Get(LeftColumns<T>::Size(shape_))) {
    panels_ = panel_memory_.Get(kPlanes * kTile * (shape_.depth() + kKeyBlock));
    sums_ = sum_memory_.Get(kTile * (shape_.depth() + kKeyBlock));
  }

  // The tile of queries at `query` of one head. q and out of the tile that comes next may be null.
  void Run(int64_t query, const T* q, T* out, float* log_sum, const T* next_q, const T* next_out) {
    const int64_t rows = std::min(kTile, shape_.length - query);
    PackRowsAsColumns(shape_.dim, rows, q, q_stride_, panels_);
    OnlineSoftmax softmax;
    std::fill_n(softmax.max, kTile, kHiddenScore);
    std::fill_n(softmax.sum, kTile, 0.0f);
    const int64_t first = shape_.FirstSeenTile(query), end = query + kTile;
    const int64_t parts = (end - first + kKeyBlock - 1) / kKeyBlock;
    for (int64_t key = first; key < end; key += kKeyBlock) {
      if (next_q != nullptr) {
        const int64_t part = (key - first) / kKeyBlock;
        PrefetchRows(kTile, shape_.dim, next_q, q_stride_, part, parts);
        PrefetchRows(kTile, shape_.dim, next_out, q_stride_, part, parts);
      }
      AddKeys(query, key, std::min(end, key + kKeyBlock), key > first, &softmax);
    }
    for (int64_t i = 0; i < rows; ++i) {
      softmax.factor[i] = 1.0f / softmax.sum[i];
      log_sum[i * attention_.heads] =
          softmax.max[i] * static_cast<float>(attention_.scale) + std::log(softmax.sum[i]);
    }
    StoreTransposed(rows, shape_.dim, sums_, softmax.factor, out, q_stride_);
  }

 private:
  static constexpr int kPlanes = kPlanesOf<T>;

  void AddKeys(int64_t query, int64_t key, int64_t end, bool accumulate, OnlineSoftmax* softmax) {
    float* const scores = sums_ + shape_.depth() * kTile;
    const RightPlanes queries = {panels_, shape_.depth() * kTile};
    Bfloat16* const p = panels_ + kPlanes * shape_.depth() * kTile;
    constexpr int64_t kPlane = kKeyBlock * kTile;
    for (int64_t tile = key; tile < end; tile += kTile) {
      float* const block = scores + (tile - key) * kTile;
      BlockTerms terms(kPlanes);
      terms.Add(shape_.depth(), keys_.From(tile), queries);
      kernel_.multiply(terms.terms(), kTile, false, block, kTile);
      if (shape_.HidesSome(query, tile)) HideScores(shape_, query, tile, block);
    }
    loops_.softmax(kPlanes, end - key, scale2_, scores, softmax, {p, kPlane});
    if (accumulate) ScaleColumns(shape_.depth(), softmax->factor, sums_);
    for (int64_t tile = 0; tile < shape_.dim_tiles(); ++tile) {
      BlockTerms terms(kPlanes);
      values_.AddTerms(tile, key, end, {p, kPlane}, &terms);
      kernel_.multiply(terms.terms(), kTile, accumulate, sums_ + tile * kTile * kTile, kTile);
    }
  }

  static thread_local Scratch<Bfloat16> key_memory_, value_memory_, panel_memory_;
  static thread_local Scratch<float> sum_memory_;

  const TileKernel& kernel_;
  const TileSession session_;
  const ScoreLoops& loops_;
  const AttentionShape& attention_;
  const DocumentShape shape_;
  const int64_t q_stride_;
  const float scale2_;
  const LeftRows<T> keys_;
  const LeftColumns<T> values_;
  Bfloat16* panels_;  // the queries; exponentials
  float* sums_;       // of the values [dim, kTile]; scores
};

template <typename T>
thread_local Scratch<Bfloat16> ForwardHead<T>::key_memory_;
template <typename T>
thread_local Scratch<Bfloat16> ForwardHead<T>::value_memory_;
template <typename T>
thread_local Scratch<Bfloat16> ForwardHead<T>::panel_memory_;
template <typename T>
thread_local Scratch<float> ForwardHead<T>::sum_memory_;

}  // namespace

template <typename T>
void TileAttentionForward(const TileKernel& kernel, const AttentionShape& shape,
                          absl::Span<const int32_t> document_starts, const T* q, const T* k,
                          const T* v, T* out, float* log_sum) {
  AttentionForwardByParts(shape, document_starts, q, k, v, out, log_sum,
                          [&](int64_t length, const T* head_k, const T* head_v) {
                            return ForwardHead<T>(kernel, shape, length, head_k, head_v);
                          });
}

template void TileAttentionForward(const TileKernel&, const AttentionShape&,
                                   absl::Span<const int32_t>, const float*, const float*,
                                   const float*, float*, float*);
template void TileAttentionForward(const TileKernel&, const AttentionShape&,
                                   absl::Span<const int32_t>, const Bfloat16*, const Bfloat16*,
                                   const Bfloat16*, Bfloat16*, float*);

}  // namespace ropewalk
