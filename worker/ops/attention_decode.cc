#include <numeric>

#include "worker/ops/attention.h"
#include "worker/ops/lanes.h"
#include "worker/ops/score_lanes.h"
#include "worker/ops/scratch.h"
#include "worker/ops/weighted_rows.h"
#include "worker/tensor/element.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// One query of one head over the keys and values of a sequence, whose rows are `stride` apart.
template <typename T>
struct Cached {
  int64_t length;
  int64_t dim;
  int64_t stride;
  Wide<T> scale;
  const T* k;
  const T* v;
};

// p[j] = query . key j, from some j on.
template <typename T>
ROPEWALK_INLINE void ScoreKeys(const Cached<T>& s, const Wide<T>* query, int64_t j, Wide<T>* p) {
  for (; j < s.length; ++j) {
    const T* const key = s.k + j * s.stride;
    p[j] = Sum<Wide<T>>(s.dim, [=](int64_t d) { return query[d] * Widen(key[d]); });
  }
}

template <typename T>
ROPEWALK_INLINE void Scores(const Cached<T>& s, const Wide<T>* query, Wide<T>* p) {
  ScoreKeys(s, query, 0, p);
}
ROPEWALK_INLINE void Scores(const Cached<float>& s, const float* query, float* p) {
  int64_t j = 0;
  for (; s.dim % kLanes == 0 && j + kLanes <= s.length; j += kLanes) {
    DotRows(s.dim, query, s.k + j * s.stride, s.stride, p + j);
  }
  ScoreKeys(s, query, j, p);
}

// scratch [length + 2 * dim].
template <typename T>
ROPEWALK_INLINE void DecodeLoop(const Cached<T>& s, const T* q, T* out, Wide<T>* scratch) {
  Wide<T>* const query = scratch;
  Wide<T>* const sums = query + s.dim;
  Wide<T>* const p = sums + s.dim;
  for (int64_t d = 0; d < s.dim; ++d) query[d] = Widen(q[d]);
  Scores(s, query, p);
  Exponentials(s.length, s.scale, s.scale * Max(s.length, p), p);
  const Wide<T> sum = Sum<Wide<T>>(s.length, [=](int64_t j) { return p[j]; });
  WeightedRows(s.length, s.dim, s.stride, p, s.v, sums);
  ScaleRow(s.dim, Wide<T>{1} / sum, sums);
  for (int64_t d = 0; d < s.dim; ++d) out[d] = Narrow<T>(sums[d]);
}

ROPEWALK_SIMD void Decode(const Cached<Bfloat16>& s, const Bfloat16* q, Bfloat16* out,
                          float* scratch) {
  DecodeLoop(s, q, out, scratch);
}
ROPEWALK_SIMD void Decode(const Cached<float>& s, const float* q, float* out, float* scratch) {
  DecodeLoop(s, q, out, scratch);
}
void Decode(const Cached<double>& s, const double* q, double* out, double* scratch) {
  DecodeLoop(s, q, out, scratch);
}

}  // namespace

template <typename T>
void AttentionDecode(const AttentionShape& shape, absl::Span<const int64_t> lengths, const T* q,
                     absl::Span<const T* const> keys, absl::Span<const T* const> values, T* out) {
  const int64_t group = shape.heads / shape.kv_heads, dim = shape.head_dim;
  const auto attend = [&](int64_t unit) {
    static thread_local Scratch<Wide<T>> scratch;
    const int64_t s = unit / shape.kv_heads, kv_head = unit % shape.kv_heads;
    const Cached<T> cached = {lengths[s],
                              dim,
                              shape.kv_heads * dim,
                              static_cast<Wide<T>>(shape.scale),
                              keys[s] + kv_head * dim,
                              values[s] + kv_head * dim};
    for (int64_t h = 0; h < group; ++h) {
      const int64_t at = (unit * group + h) * dim;
      Decode(cached, q + at, out + at, scratch.Get(lengths[s] + 2 * dim));
    }
  };
  const int64_t units = static_cast<int64_t>(lengths.size()) * shape.kv_heads;
  const int64_t keys_seen = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
  if (keys_seen * shape.heads * dim >= kFewElements) return ParallelForEach(units, attend);
  for (int64_t unit = 0; unit < units; ++unit) attend(unit);
}

template void AttentionDecode(const AttentionShape&, absl::Span<const int64_t>, const Bfloat16*,
                              absl::Span<const Bfloat16* const>, absl::Span<const Bfloat16* const>,
                              Bfloat16*);
template void AttentionDecode(const AttentionShape&, absl::Span<const int64_t>, const float*,
                              absl::Span<const float* const>, absl::Span<const float* const>,
                              float*);
template void AttentionDecode(const AttentionShape&, absl::Span<const int64_t>, const double*,
                              absl::Span<const double* const>, absl::Span<const double* const>,
                              double*);

}  // namespace ropewalk
