#include <algorithm>
#include <utility>

#include "worker/ops/attention_packing.h"
#include "worker/ops/attention_parts.h"
#include "worker/ops/attention_tiles.h"
#include "worker/ops/score_loops.h"
#include "worker/ops/scratch.h"

namespace ropewalk {
namespace {

// Keys whose probabilities are held at once.
constexpr int64_t kKeyBlock = 64;

// Memory of a thread, cut into parts.
class Memory {
 public:
  Memory(Scratch<Bfloat16>* scratch, int64_t count) : next_(scratch->Get(count)) {}
  Bfloat16* Take(int64_t count) { return std::exchange(next_, next_ + count); }

 private:
  Bfloat16* next_;
};

// A document's queries of some heads under one key head, and what they add to its gradients.
template <typename T>
class BackwardHead {
 public:
  static constexpr int64_t kQueries = 256;

  BackwardHead(const TileKernel& kernel, const AttentionShape& attention, int64_t length,
               const T* k, const T* v, float* dk, float* dv)
      : kernel_(kernel),
        session_(kernel),
        loops_(ScoreLoopsFor(kernel)),
        attention_(attention),
        shape_(attention, length),
        q_stride_(attention.heads * attention.head_dim),
        kv_stride_(attention.kv_heads * attention.head_dim),
        memory_(&bfloat16_memory_, Bfloat16Count(shape_)),
        keys_(shape_, k, kv_stride_, memory_.Take(LeftRows<T>::Size(shape_))),
        values_(shape_, v, kv_stride_, memory_.Take(LeftRows<T>::Size(shape_))),
        key_columns_(shape_, k, kv_stride_, memory_.Take(LeftColumns<T>::Size(shape_))),
        dk_(dk),
        dv_(dv) {
    for (Bfloat16** panel : {&q_columns_, &q_rows_, &dout_columns_, &dout_rows_}) {
      *panel = memory_.Take(kPlanes * kQueries * shape_.depth());
    }
    for (Bfloat16** block : {&p_, &ds_, &ds_panels_}) *block = memory_.Take(kPlanes * kBlock);
    dq_ = float_memory_.Get(kQueries * shape_.depth());
    std::fill_n(dk_, shape_.rows() * shape_.depth(), 0.0f);
    std::fill_n(dv_, shape_.rows() * shape_.depth(), 0.0f);
  }

  void Run(const AttentionQueries<T>& queries) {
    Pack(queries);
    const int64_t first = shape_.FirstSeenTile(queries.first);
    for (int64_t key = first; key < End(queries); key += kKeyBlock) {
      const int64_t end = std::min(End(queries), key + kKeyBlock);
      for (int64_t query = queries.first; query < End(queries); query += kTile) {
        AddToQueries(queries, query, key, end);
      }
      for (int64_t tile = key; tile < end; tile += kTile) AddToKeys(queries, tile, key);
    }
    float scales[kTile];
    std::fill_n(scales, kTile, static_cast<float>(attention_.scale));
    for (int64_t i = 0; i < queries.count; i += kTile) {
      StoreTransposed(std::min(kTile, queries.count - i), shape_.dim, dq_ + i * shape_.depth(),
                      scales, queries.dq + i * q_stride_, q_stride_);
    }
  }

 private:
  static constexpr int kPlanes = kPlanesOf<T>;
  static constexpr int64_t kBlock = kKeyBlock * kQueries;  // one plane of a block

  static int64_t Bfloat16Count(const DocumentShape& shape) {
    return 2 * LeftRows<T>::Size(shape) + LeftColumns<T>::Size(shape) +
           kPlanes * (4 * kQueries * shape.depth() + 3 * kBlock);
  }

  static int64_t End(const AttentionQueries<T>& queries) {
    return queries.first + RoundUpToTile(queries.count);
  }

  // The queries and what belongs to them, each of two ways: a tile of queries as columns, and all
  // as rows for a tile of columns.
  void Pack(const AttentionQueries<T>& queries) {
    for (int64_t i = 0; i < queries.count; i += kTile) {
      const int64_t rows = std::min(kTile, queries.count - i), at = kPlanes * i * shape_.depth();
      PackRowsAsColumns(shape_.dim, rows, queries.q + i * q_stride_, q_stride_, q_columns_ + at);
      PackRowsAsColumns(shape_.dim, rows, queries.dout + i * q_stride_, q_stride_,
                        dout_columns_ + at);
    }
    for (int64_t d = 0; d < shape_.dim; d += kTile) {
      const int64_t columns = std::min(kTile, shape_.dim - d), at = kPlanes * d * kQueries;
      PackColumns(queries.count, columns, queries.q + d, q_stride_, q_rows_ + at);
      PackColumns(queries.count, columns, queries.dout + d, q_stride_, dout_rows_ + at);
    }
    std::fill_n(log_sum2_, kQueries, 0.0f);
    std::fill_n(own_, kQueries, 0.0f);
    for (int64_t i = 0; i < queries.count; ++i) {
      log_sum2_[i] = queries.log_sum[i * attention_.heads] * static_cast<float>(kLog2E);
    }
    RowDots(queries.count, shape_.dim, queries.dout, queries.out, q_stride_, own_);
  }

  RightPlanes Columns(const Bfloat16* panels, int64_t i) const {
    return {panels + kPlanes * i * shape_.depth(), shape_.depth() * kTile};
  }
  RightPlanes Rows(const AttentionQueries<T>& queries, const Bfloat16* panels, int64_t tile) const {
    return {panels + kPlanes * tile * kTile * kQueries, RoundUpToTile(queries.count) * kTile};
  }

  void Multiply(const BlockTerms& terms, bool accumulate, float* sums, int64_t stride) const {
    kernel_.multiply(terms.terms(), kTile, accumulate, sums, stride);
  }

  // Scores and gradients of the tile of queries at `query` and those of the keys [key, end) that it
  // sees, and the part of dq that comes of them.
  void AddToQueries(const AttentionQueries<T>& queries, int64_t query, int64_t key, int64_t end) {
    const int64_t first = std::max(key, shape_.FirstSeenTile(query));
    const int64_t last = std::min(end, query + kTile), i = query - queries.first;
    if (first >= last) return;
    Bfloat16* const panel = ds_panels_ + kPlanes * i * kKeyBlock;
    for (int64_t tile = first; tile < last; tile += kTile) {
      ComputeTile(query, tile, i, tile - key, panel + (tile - first) * kTile);
    }
    for (int64_t tile = 0; tile < shape_.dim_tiles(); ++tile) {
      BlockTerms terms(kPlanes);
      key_columns_.AddTerms(tile, first, last, {panel, kKeyBlock * kTile}, &terms);
      const bool accumulate = first > shape_.FirstSeenTile(query);
      Multiply(terms, accumulate, dq_ + i * shape_.depth() + tile * kTile * kTile, kTile);
    }
  }

  void ComputeTile(int64_t query, int64_t key, int64_t i, int64_t row, Bfloat16* ds_panel) {
    alignas(kCacheLine) float scores[kTile * kTile], dp[kTile * kTile];
    BlockTerms score_terms(kPlanes), dp_terms(kPlanes);
    score_terms.Add(shape_.depth(), keys_.From(key), Columns(q_columns_, i));
    Multiply(score_terms, false, scores, kTile);
    dp_terms.Add(shape_.depth(), values_.From(key), Columns(dout_columns_, i));
    Multiply(dp_terms, false, dp, kTile);
    if (shape_.HidesSome(query, key)) HideScores(shape_, query, key, scores);
    const int64_t at = row * kQueries + i;
    loops_.gradient(
        kPlanes, static_cast<float>(attention_.scale * kLog2E), scores, dp, log_sum2_ + i, own_ + i,
        {{p_ + at, kBlock}, {ds_ + at, kBlock}, kQueries, {ds_panel, kKeyBlock * kTile}});
  }

  // What those of the queries that see the tile of keys at `tile` add to its gradients.
  void AddToKeys(const AttentionQueries<T>& queries, int64_t tile, int64_t key) {
    const int64_t first = std::max(queries.first, tile);
    int64_t last = first;
    while (last < End(queries) && shape_.FirstSeenTile(last) <= tile) last += kTile;
    if (first >= last) return;
    const int64_t i = first - queries.first, at = (tile - key) * kQueries + i;
    for (int64_t d = 0; d < shape_.dim_tiles(); ++d) {
      BlockTerms dk_terms(kPlanes), dv_terms(kPlanes);
      const int64_t to = tile * shape_.depth() + d * kTile;
      dk_terms.Add(last - first, {ds_ + at, kQueries, kBlock}, Rows(queries, q_rows_, d).From(i));
      Multiply(dk_terms, true, dk_ + to, shape_.depth());
      dv_terms.Add(last - first, {p_ + at, kQueries, kBlock}, Rows(queries, dout_rows_, d).From(i));
      Multiply(dv_terms, true, dv_ + to, shape_.depth());
    }
  }

  static thread_local Scratch<Bfloat16> bfloat16_memory_;
  static thread_local Scratch<float> float_memory_;

  const TileKernel& kernel_;
  const TileSession session_;
  const ScoreLoops& loops_;
  const AttentionShape& attention_;
  const DocumentShape shape_;
  const int64_t q_stride_, kv_stride_;
  Memory memory_;
  const LeftRows<T> keys_, values_;
  const LeftColumns<T> key_columns_;
  Bfloat16 *q_columns_, *q_rows_, *dout_columns_, *dout_rows_;
  Bfloat16 *p_, *ds_;    // [keys, queries]
  Bfloat16* ds_panels_;  // for each tile of queries
  float *dk_, *dv_;      // [length, dim], padded
  float* dq_;            // [dim, kTile] for each tile of queries
  alignas(kCacheLine) float log_sum2_[kQueries], own_[kQueries];
};

template <typename T>
thread_local Scratch<Bfloat16> BackwardHead<T>::bfloat16_memory_;
template <typename T>
thread_local Scratch<float> BackwardHead<T>::float_memory_;

}  // namespace

template <typename T>
void TileAttentionBackward(const TileKernel& kernel, const AttentionShape& shape,
                           absl::Span<const int32_t> document_starts, const T* q, const T* k,
                           const T* v, const T* out, const float* log_sum, const T* dout, T* dq,
                           T* dk, T* dv) {
  AttentionBackwardByParts(
      shape, document_starts, q, k, v, out, log_sum, dout, dq, dk, dv,
      [&](int64_t length, const T* head_k, const T* head_v, float* head_dk, float* head_dv) {
        return BackwardHead<T>(kernel, shape, length, head_k, head_v, head_dk, head_dv);
      });
}

template void TileAttentionBackward(const TileKernel&, const AttentionShape&,
                                    absl::Span<const int32_t>, const float*, const float*,
                                    const float*, const float*, const float*, const float*, float*,
                                    float*, float*);
template void TileAttentionBackward(const TileKernel&, const AttentionShape&,
                                    absl::Span<const int32_t>, const Bfloat16*, const Bfloat16*,
                                    const Bfloat16*, const Bfloat16*, const float*, const Bfloat16*,
                                    Bfloat16*, Bfloat16*, Bfloat16*);

}  // namespace ropewalk
