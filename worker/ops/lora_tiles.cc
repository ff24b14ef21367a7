#include "worker/ops/lora_tiles.h"

#include <algorithm>
#include <type_traits>

#include "worker/ops/block_sinks.h"
#include "worker/ops/elementwise.h"
#include "worker/ops/op_timer.h"
#include "worker/ops/scratch.h"
#include "worker/ops/transposed_product.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

ROPEWALK_SIMD void ScaleRow(int64_t n, float factor, const float* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = factor * x[i];
}

// u = factor x W, x [rows, depth] and W's panels by `pack`.
template <typename T>
void Project(int64_t depth, double factor, const T* x, PackColumns pack, const LowRankRows& u) {
  PanelProduct<T>({u.rows, u.rank, depth}, {x, depth, u.planes}, u.planes, pack,
                  [&](const ProductBlock& block) {
                    for (int64_t i = 0; i < block.rows; ++i) {
                      float row[kTile] = {};
                      ScaleRow(block.columns, factor, block.values + i * kTile, row);
                      SplitPlanes(kTile, row, u.planes, u.plane(),
                                  u.values + (block.row + i) * u.stride() + block.column);
                    }
                  });
}

// f(column, panel) for every panel of a term.
template <typename F>
void PackTerm(int64_t columns, int64_t rank, int planes, Bfloat16* panels, F f) {
  ParallelFor((columns + kTile - 1) / kTile, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) f(p * kTile, panels + p * PanelSize(rank, planes));
  });
}

// The numbers whose planes u has, without gaps, good until this thread's next call.
const float* Joined(const LowRankRows& u) {
  static thread_local Scratch<float> scratch;
  float* const out = scratch.Get(u.rows * u.rank);
  for (int64_t i = 0; i < u.rows; ++i) {
    for (int64_t j = 0; j < u.rank; ++j) {
      float sum = 0;
      for (int p = u.planes - 1; p >= 0; --p) {
        sum += FromBfloat16(u.values[p * u.plane() + i * u.stride() + j]);
      }
      out[i * u.rank + j] = sum;
    }
  }
  return out;
}

// u^T b, b [rows, columns].
template <typename T>
void TransposedLowRank(const LowRankRows& u, int64_t columns, const T* b, TakeBlock take) {
  if constexpr (std::is_same_v<T, float>) {
    TransposedProduct<T>(u.rows, u.rank, columns, Joined(u), u.rank, b, columns, u.planes, take);
  } else {
    TransposedProduct<T>(u.rows, u.rank, columns, u.values, u.stride(), b, columns, 1, take);
  }
}

// A matrix [depth, columns] packed once, for several products. One at a time on a thread.
class PackedColumns {
 public:
  PackedColumns(int64_t depth, int64_t columns, int planes, const float* w)
      : depth_(depth), planes_(planes) {
    static thread_local Scratch<Bfloat16> scratch;
    Bfloat16* const panels = scratch.Get(TermPanelsSize(columns, depth, planes));
    PackPanels(depth, columns, w, columns, planes, panels);
    panels_ = panels;
  }

  // As PackColumns: whole depth, or parts of it that begin at a multiple of kTile.
  void operator()(int64_t column, int64_t columns, int64_t first, int64_t count,
                  Bfloat16* panels) const {
    const int64_t plane = PanelSize(depth_, 1), part = PanelSize(count, 1);
    const int64_t n = planes_ * ((columns + kTile - 1) / kTile);
    const Bfloat16* const from = panels_ + column / kTile * planes_ * plane + first * kTile;
    for (int64_t i = 0; i < n; ++i) std::copy_n(from + i * plane, part, panels + i * part);
  }

 private:
  const int64_t depth_;
  const int planes_;
  const Bfloat16* panels_;
};

// Tokens are taken in chunks whose rows stay in a thread's cache for all that is done with them;
// gradients are summed over them in their order. So many of them at most, because each has sums of
// its own.
constexpr int64_t kLeastChunk = 256;
constexpr int64_t kMostChunks = 32;

int64_t ChunkOf(int64_t rows) {
  return std::max(kLeastChunk, RoundUpToTile((rows + kMostChunks - 1) / kMostChunks));
}

// Rows that a thread's cache keeps from one use of them to the next.
int64_t CachedRows(int64_t row_bytes) {
  constexpr int64_t kBytes = 768 << 10;
  return std::clamp<int64_t>(kBytes / row_bytes / kTile * kTile, kTile, kLeastChunk);
}

ROPEWALK_SIMD void AddRange(int64_t n, int64_t chunks, int64_t stride, const float* sums,
                            float* total) {
  for (int64_t c = 0; c < chunks; ++c, sums += stride) {
    for (int64_t i = 0; i < n; ++i) total[i] += sums[i];
  }
}

// The sums [n] of all that sum(row, rows, sums) makes of each chunk, good until this thread's next
// call.
template <typename SumOf>
const float* SumOfChunks(int64_t rows, int64_t n, SumOf sum) {
  static thread_local Scratch<float> scratch;
  const int64_t chunk = ChunkOf(rows), chunks = (rows + chunk - 1) / chunk;
  float* const sums = scratch.Get(chunks * n);
  ParallelForEach(
      chunks, [&](int64_t c) { sum(c * chunk, std::min(chunk, rows - c * chunk), sums + c * n); });
  ParallelForElements(n, [&](int64_t begin, int64_t end) {
    AddRange(end - begin, chunks - 1, n, sums + n + begin, sums + begin);
  });
  return sums;
}

// y [rows, columns] += x^T, x [columns, rows].
void AddTransposed(int64_t rows, int64_t columns, const float* x, float* y) {
  ParallelForRows(rows, columns, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < columns; ++j) y[i * columns + j] += x[j * rows + i];
    }
  });
}

}  // namespace

int64_t TermPanelsSize(int64_t columns, int64_t rank, int planes) {
  return (columns + kTile - 1) / kTile * PanelSize(rank, planes);
}

template <typename T>
LowRankTerm LoraForwardTerm(const LoraShape& shape, const T* x, const float* a, const float* b,
                            const LowRankRows& xa, Bfloat16* panels) {
  const OpTimer timer("adapter", 2.0 * xa.rows * shape.in * shape.rank,
                      1.0 * xa.rows * shape.in * sizeof(T));
  Project<T>(
      shape.in, shape.scale, x,
      [&](int64_t column, int64_t columns, int64_t first, int64_t count, Bfloat16* panels) {
        PackPanelsOfRows(count, columns, a + column * shape.in + first, shape.in, xa.planes,
                         panels);
      },
      xa);
  PackTerm(shape.out, shape.rank, xa.planes, panels, [&](int64_t column, Bfloat16* panel) {
    PackPanelsOfRows(shape.rank, std::min(kTile, shape.out - column), b + column * shape.rank,
                     shape.rank, xa.planes, panel);
  });
  return {xa, panels};
}

template <typename T>
LowRankTerm LoraBackwardTerm(const LoraShape& shape, const LowRankRows& xa, const T* dy,
                             const float* a, const float* b, const LowRankRows& g, Bfloat16* panels,
                             float* db) {
  const OpTimer timer("adapter gradient", 4.0 * g.rows * shape.out * shape.rank,
                      1.0 * g.rows * shape.out * sizeof(T));
  const PackedColumns packed_b(shape.out, shape.rank, g.planes, b);
  const float* const sums =
      SumOfChunks(g.rows, shape.rank * shape.out, [&](int64_t first, int64_t count, float* sums) {
        const int64_t step = CachedRows(shape.out * sizeof(T));
        for (int64_t row = first; row < first + count; row += step) {
          const int64_t rows = std::min(step, first + count - row);
          const T* const dy_rows = dy + row * shape.out;
          Project<T>(shape.out, shape.scale, dy_rows, packed_b, g.Slice(row, rows));
          TransposedLowRank<T>(xa.Slice(row, rows), shape.out, dy_rows,
                               BlockSink<float>{sums, shape.out, /*accumulate=*/row > first});
        }
      });
  AddTransposed(shape.out, shape.rank, sums, db);
  PackTerm(shape.in, shape.rank, g.planes, panels, [&](int64_t column, Bfloat16* panel) {
    PackPanels(shape.rank, std::min(kTile, shape.in - column), a + column, shape.in, g.planes,
               panel);
  });
  return {g, panels};
}

template <typename T>
void AddLoraInputGradient(const LoraShape& shape, const T* x, const LowRankRows& g, float* da) {
  const OpTimer timer("adapter gradient", 2.0 * g.rows * shape.in * shape.rank,
                      1.0 * g.rows * shape.in * sizeof(T));
  const int64_t n = shape.rank * shape.in;
  const float* const sums = SumOfChunks(g.rows, n, [&](int64_t row, int64_t rows, float* sums) {
    TransposedLowRank<T>(g.Slice(row, rows), shape.in, x + row * shape.in,
                         BlockSink<float>{sums, shape.in, /*accumulate=*/false});
  });
  Add<float>(n, sums, da);
}

#define ROPEWALK_INSTANTIATE(T)                                                                    \
  template LowRankTerm LoraForwardTerm(const LoraShape&, const T*, const float*, const float*,     \
                                       const LowRankRows&, Bfloat16*);                             \
  template LowRankTerm LoraBackwardTerm(const LoraShape&, const LowRankRows&, const T*,            \
                                        const float*, const float*, const LowRankRows&, Bfloat16*, \
                                        float*);                                                   \
  template void AddLoraInputGradient(const LoraShape&, const T*, const LowRankRows&, float*)
ROPEWALK_INSTANTIATE(float);
ROPEWALK_INSTANTIATE(Bfloat16);
#undef ROPEWALK_INSTANTIATE

}  // namespace ropewalk
