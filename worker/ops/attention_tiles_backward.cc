#include <algorithm>
#include <utility>

#include "worker/ops/attention_packing.h"
#include "worker/ops/attention_tiles.h"
#include "worker/ops/score_loops.h"
#include "worker/ops/scratch.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Queries and keys whose probabilities are held at once.
constexpr int64_t kQueryBlock = 256;
constexpr int64_t kKeyBlock = 64;

ROPEWALK_SIMD void AddTo(int64_t n, const float* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

// Memory of a thread, cut into parts.
class Memory {
 public:
  Memory(Scratch<Bfloat16>* scratch, int64_t count) : next_(scratch->Get(count)) {}
  Bfloat16* Take(int64_t count) { return std::exchange(next_, next_ + count); }

 private:
  Bfloat16* next_;
};

// kQueryBlock queries of one head, of which `count` exist.
template <typename T>
struct QueryBlock {
  int64_t first, count;
  const T *q, *out, *dout;
  const float* log_sum;
  T* dq;

  int64_t end() const { return first + RoundUpToTile(count); }
};

// A document's queries of some heads under one key head, and what they add to its gradients.
template <typename T>
class BackwardHead {
 public:
  BackwardHead(const TileKernel& kernel, const AttentionShape& attention, int64_t length,
               const T* k, const T* v, float* dk, float* dv)
      : kernel_(kernel),
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
      *panel = memory_.Take(kPlanes * kQueryBlock * shape_.depth());
    }
    for (Bfloat16** block : {&p_, &ds_, &ds_panels_}) *block = memory_.Take(kPlanes * kBlock);
    dq_ = float_memory_.Get(kQueryBlock * shape_.depth());
    std::fill_n(dk_, shape_.rows() * shape_.depth(), 0.0f);
    std::fill_n(dv_, shape_.rows() * shape_.depth(), 0.0f);
  }

  void Run(const QueryBlock<T>& queries) {
    Pack(queries);
    const int64_t first = shape_.FirstSeenTile(queries.first);
    for (int64_t key = first; key < queries.end(); key += kKeyBlock) {
      const int64_t end = std::min(queries.end(), key + kKeyBlock);
      for (int64_t query = queries.first; query < queries.end(); query += kTile) {
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
  static constexpr int64_t kBlock = kKeyBlock * kQueryBlock;  // one plane of a block

  static int64_t Bfloat16Count(const DocumentShape& shape) {
    return 2 * LeftRows<T>::Size(shape) + LeftColumns<T>::Size(shape) +
           kPlanes * (4 * kQueryBlock * shape.depth() + 3 * kBlock);
  }

  // The queries and what belongs to them, each of two ways: a tile of queries as columns, and all
  // as rows for a tile of columns.
  void Pack(const QueryBlock<T>& queries) {
    for (int64_t i = 0; i < queries.count; i += kTile) {
      const int64_t rows = std::min(kTile, queries.count - i), at = kPlanes * i * shape_.depth();
      PackRowsAsColumns(shape_.dim, rows, queries.q + i * q_stride_, q_stride_, q_columns_ + at);
      PackRowsAsColumns(shape_.dim, rows, queries.dout + i * q_stride_, q_stride_,
                        dout_columns_ + at);
    }
    for (int64_t d = 0; d < shape_.dim; d += kTile) {
      const int64_t columns = std::min(kTile, shape_.dim - d), at = kPlanes * d * kQueryBlock;
      PackColumns(queries.count, columns, queries.q + d, q_stride_, q_rows_ + at);
      PackColumns(queries.count, columns, queries.dout + d, q_stride_, dout_rows_ + at);
    }
    std::fill_n(log_sum2_, kQueryBlock, 0.0f);
    std::fill_n(own_, kQueryBlock, 0.0f);
    for (int64_t i = 0; i < queries.count; ++i) {
      log_sum2_[i] = queries.log_sum[i * attention_.heads] * static_cast<float>(kLog2E);
    }
    RowDots(queries.count, shape_.dim, queries.dout, queries.out, q_stride_, own_);
  }

  RightPlanes Columns(const Bfloat16* panels, int64_t i) const {
    return {panels + kPlanes * i * shape_.depth(), shape_.depth() * kTile};
  }
  RightPlanes Rows(const QueryBlock<T>& queries, const Bfloat16* panels, int64_t tile) const {
    return {panels + kPlanes * tile * kTile * kQueryBlock, RoundUpToTile(queries.count) * kTile};
  }

  void Multiply(const BlockTerms& terms, bool accumulate, float* sums, int64_t stride) const {
    kernel_.multiply(terms.terms(), kTile, accumulate, sums, stride);
  }

  // Scores and gradients of the tile of queries at `query` and those of the keys [key, end) that it
  // sees, and the part of dq that comes of them.
  void AddToQueries(const QueryBlock<T>& queries, int64_t query, int64_t key, int64_t end) {
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
    const int64_t at = row * kQueryBlock + i;
    loops_.gradient(
        kPlanes, static_cast<float>(attention_.scale * kLog2E), scores, dp, log_sum2_ + i, own_ + i,
        {{p_ + at, kBlock}, {ds_ + at, kBlock}, kQueryBlock, {ds_panel, kKeyBlock * kTile}});
  }

  // What those of the queries that see the tile of keys at `tile` add to its gradients.
  void AddToKeys(const QueryBlock<T>& queries, int64_t tile, int64_t key) {
    const int64_t first = std::max(queries.first, tile);
    int64_t last = first;
    while (last < queries.end() && shape_.FirstSeenTile(last) <= tile) last += kTile;
    if (first >= last) return;
    const int64_t i = first - queries.first, at = (tile - key) * kQueryBlock + i;
    for (int64_t d = 0; d < shape_.dim_tiles(); ++d) {
      BlockTerms dk_terms(kPlanes), dv_terms(kPlanes);
      const int64_t to = tile * shape_.depth() + d * kTile;
      dk_terms.Add(last - first, {ds_ + at, kQueryBlock, kBlock},
                   Rows(queries, q_rows_, d).From(i));
      Multiply(dk_terms, true, dk_ + to, shape_.depth());
      dv_terms.Add(last - first, {p_ + at, kQueryBlock, kBlock},
                   Rows(queries, dout_rows_, d).From(i));
      Multiply(dv_terms, true, dv_ + to, shape_.depth());
    }
  }

  static thread_local Scratch<Bfloat16> bfloat16_memory_;
  static thread_local Scratch<float> float_memory_;

  const TileKernel& kernel_;
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
  alignas(kCacheLine) float log_sum2_[kQueryBlock], own_[kQueryBlock];
};

template <typename T>
thread_local Scratch<Bfloat16> BackwardHead<T>::bfloat16_memory_;
template <typename T>
thread_local Scratch<float> BackwardHead<T>::float_memory_;

// How a batch is cut into units of work: a document under a key head and, where these are few, one
// of the parts of its query heads. Parts' sums are kept apart and added afterwards, so what a sum
// is made of depends on the shape alone.
template <typename T>
class Backward {
 public:
  Backward(const TileKernel& kernel, const AttentionShape& shape, absl::Span<const int32_t> starts)
      : kernel_(kernel),
        shape_(shape),
        starts_(starts),
        group_(shape.heads / shape.kv_heads),
        slices_((static_cast<int64_t>(starts.size()) - 1) * shape.kv_heads),
        parts_(slices_ > 0 ? std::min(group_, (kEnoughUnits + slices_ - 1) / slices_) : 1) {}

  void Run(const T* q, const T* k, const T* v, const T* out, const float* log_sum, const T* dout,
           T* dq, T* dk, T* dv) const {
    static thread_local Scratch<float> shared_memory;
    float* const shared = parts_ > 1 ? shared_memory.Get(parts_ * SumsBefore(slices_)) : nullptr;
    ParallelForEach(slices_ * parts_, [&](int64_t unit) {
      static thread_local Scratch<float> own_memory;
      const int64_t slice = unit / parts_, part = unit % parts_, size = SumsSize(slice);
      float* const sums =
          parts_ > 1 ? shared + parts_ * SumsBefore(slice) + part * size : own_memory.Get(size);
      RunPart(slice, part, q, k, v, out, log_sum, dout, dq, sums);
      if (parts_ == 1) Store(slice, sums, dk, dv);
    });
    if (parts_ == 1) return;
    ParallelForEach(slices_, [&](int64_t slice) {
      Store(slice, AddParts(slice, shared + parts_ * SumsBefore(slice)), dk, dv);
    });
  }

 private:
  static constexpr int64_t kEnoughUnits = 8;

  int64_t document(int64_t slice) const { return slice / shape_.kv_heads; }
  int64_t kv_head(int64_t slice) const { return slice % shape_.kv_heads; }
  int64_t start(int64_t slice) const { return starts_[document(slice)]; }
  int64_t length(int64_t slice) const { return starts_[document(slice) + 1] - start(slice); }
  int64_t kv_at(int64_t slice) const {
    return (start(slice) * shape_.kv_heads + kv_head(slice)) * shape_.head_dim;
  }

  // A part's dk and dv, rows and columns padded, and those of the slices before.
  int64_t SumsSize(int64_t slice) const {
    return 2 * RoundUpToTile(length(slice)) * RoundUpToTile(shape_.head_dim);
  }
  int64_t SumsBefore(int64_t slice) const {
    int64_t sums = 0;
    for (int64_t before = 0; before < slice; ++before) sums += SumsSize(before);
    return sums;
  }

  void RunPart(int64_t slice, int64_t part, const T* q, const T* k, const T* v, const T* out,
               const float* log_sum, const T* dout, T* dq, float* sums) const {
    const TileSession session(kernel_);
    BackwardHead<T> work(kernel_, shape_, length(slice), k + kv_at(slice), v + kv_at(slice), sums,
                         sums + SumsSize(slice) / 2);
    for (int64_t h = group_ * part / parts_; h < group_ * (part + 1) / parts_; ++h) {
      for (int64_t i = 0; i < length(slice); i += kQueryBlock) {
        const int64_t row = (start(slice) + i) * shape_.heads + kv_head(slice) * group_ + h;
        const int64_t at = row * shape_.head_dim;
        work.Run({i, std::min(kQueryBlock, length(slice) - i), q + at, out + at, dout + at,
                  log_sum + row, dq + at});
      }
    }
  }

  float* AddParts(int64_t slice, float* sums) const {
    for (int64_t part = 1; part < parts_; ++part) {
      AddTo(SumsSize(slice), sums + part * SumsSize(slice), sums);
    }
    return sums;
  }

  void Store(int64_t slice, const float* sums, T* dk, T* dv) const {
    const int64_t sum_stride = RoundUpToTile(shape_.head_dim);
    const int64_t stride = shape_.kv_heads * shape_.head_dim;
    StoreScaled(length(slice), shape_.head_dim, static_cast<float>(shape_.scale), sums, sum_stride,
                dk + kv_at(slice), stride);
    StoreScaled(length(slice), shape_.head_dim, 1.0f, sums + SumsSize(slice) / 2, sum_stride,
                dv + kv_at(slice), stride);
  }

  const TileKernel& kernel_;
  const AttentionShape& shape_;
  const absl::Span<const int32_t> starts_;
  const int64_t group_, slices_, parts_;
};

}  // namespace

template <typename T>
void TileAttentionBackward(const TileKernel& kernel, const AttentionShape& shape,
                           absl::Span<const int32_t> document_starts, const T* q, const T* k,
                           const T* v, const T* out, const float* log_sum, const T* dout, T* dq,
                           T* dk, T* dv) {
  Backward<T>(kernel, shape, document_starts).Run(q, k, v, out, log_sum, dout, dq, dk, dv);
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
