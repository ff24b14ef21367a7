#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "absl/types/span.h"
#include "worker/ops/attention.h"
#include "worker/ops/attention_packing.h"
#include "worker/ops/elementwise.h"
#include "worker/ops/scratch.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {

// How attention is cut into units of work, whatever computes them: a Head, which is made on one
// thread for the queries of a document under one key head, takes Head::kQueries of them at a time.

// Queries of one head under a document's key head, of which `count` exist. Rows are as far apart as
// in q of attention.h.
template <typename T>
struct AttentionQueries {
  int64_t first, count;
  const T *q, *out, *dout;
  const float* log_sum;
  T* dq;
};

// make_head(length, k, v) gives a Head whose Run(query, q, out, log_sum, next_q, next_out) computes
// kQueries queries from `query` on, or as many as are left; next_q and next_out are those of the
// next call, or null.
template <typename T, typename MakeHead>
void AttentionForwardByParts(const AttentionShape& shape, absl::Span<const int32_t> starts,
                             const T* q, const T* k, const T* v, T* out, float* log_sum,
                             MakeHead make_head) {
  constexpr int64_t kQueries = decltype(make_head(0, k, v))::kQueries;
  const int64_t heads = (static_cast<int64_t>(starts.size()) - 1) * shape.kv_heads;
  if (heads <= 0) return;
  // Queries do not depend on one another: they are cut into parts where threads would have
  // nothing to do.
  const int64_t parts = (3 * omp_get_max_threads() + heads - 1) / heads;
  ParallelForEach(heads * parts, [&](int64_t unit) {
    const int64_t part = unit % parts, kv_head = unit / parts % shape.kv_heads;
    const int64_t document = unit / parts / shape.kv_heads, start = starts[document];
    const int64_t length = starts[document + 1] - start;
    const int64_t group = shape.heads / shape.kv_heads;
    const int64_t items = (length + kQueries - 1) / kQueries * group;
    if (part >= items) return;
    const int64_t kv_at = (start * shape.kv_heads + kv_head) * shape.head_dim;
    auto head = make_head(length, k + kv_at, v + kv_at);
    const auto row_of = [&](int64_t item) {
      return (start + item / group * kQueries) * shape.heads + kv_head * group + item % group;
    };
    for (int64_t item = part; item < items; item += parts) {
      const int64_t at = row_of(item) * shape.head_dim;
      const int64_t next = item + parts < items ? row_of(item + parts) * shape.head_dim : -1;
      head.Run(item / group * kQueries, q + at, out + at, log_sum + row_of(item),
               next < 0 ? nullptr : q + next, next < 0 ? nullptr : out + next);
    }
  });
}

// A unit is a document under a key head and, where these are few, one of the parts of its query
// heads. Parts' sums are kept apart and added afterwards, so what a sum is made of depends on the
// shape alone.
template <typename T, typename MakeHead>
class AttentionBackwardParts {
 public:
  AttentionBackwardParts(const AttentionShape& shape, absl::Span<const int32_t> starts,
                         const MakeHead& make_head)
      : shape_(shape),
        starts_(starts),
        make_head_(make_head),
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
    auto head = make_head_(length(slice), k + kv_at(slice), v + kv_at(slice), sums,
                           sums + SumsSize(slice) / 2);
    constexpr int64_t kQueries = decltype(head)::kQueries;
    for (int64_t h = group_ * part / parts_; h < group_ * (part + 1) / parts_; ++h) {
      for (int64_t i = 0; i < length(slice); i += kQueries) {
        const int64_t row = (start(slice) + i) * shape_.heads + kv_head(slice) * group_ + h;
        const int64_t at = row * shape_.head_dim;
        head.Run({i, std::min(kQueries, length(slice) - i), q + at, out + at, dout + at,
                  log_sum + row, dq + at});
      }
    }
  }

  float* AddParts(int64_t slice, float* sums) const {
    for (int64_t part = 1; part < parts_; ++part) {
      Add(SumsSize(slice), sums + part * SumsSize(slice), sums);
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

  const AttentionShape& shape_;
  const absl::Span<const int32_t> starts_;
  const MakeHead& make_head_;
  const int64_t group_, slices_, parts_;
};

// make_head(length, k, v, dk, dv) gives a Head whose Run(AttentionQueries<T>) writes dq and adds
// to dk and dv [length, head_dim], rows and columns padded to kTile, once it has made them 0. dk is
// multiplied by the scale afterwards.
template <typename T, typename MakeHead>
void AttentionBackwardByParts(const AttentionShape& shape, absl::Span<const int32_t> starts,
                              const T* q, const T* k, const T* v, const T* out,
                              const float* log_sum, const T* dout, T* dq, T* dk, T* dv,
                              const MakeHead& make_head) {
  AttentionBackwardParts<T, MakeHead>(shape, starts, make_head)
      .Run(q, k, v, out, log_sum, dout, dq, dk, dv);
}

}  // namespace ropewalk
