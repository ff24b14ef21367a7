#include "worker/ops/lora_tiles.h"

#include <algorithm>

#include "worker/ops/op_timer.h"
#include "worker/ops/scratch.h"
#include "worker/ops/thin_products.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// f(column, panel) for every panel of a term.
template <typename F>
void PackTerm(int64_t columns, int64_t rank, int planes, Bfloat16* panels, F f) {
  ParallelFor((columns + kTile - 1) / kTile, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) f(p * kTile, panels + p * PanelSize(rank, planes));
  });
}

// A matrix [depth, columns] in panels, good until this thread's next call.
const Bfloat16* PackedColumns(int64_t depth, int64_t columns, int planes, const float* w) {
  static thread_local Scratch<Bfloat16> scratch;
  constexpr int64_t kPart = 8 * kTile;
  const int64_t matrices = planes * ((columns + kTile - 1) / kTile);
  Bfloat16* const panels = scratch.Get(TermPanelsSize(columns, depth, planes));
  ParallelForRows((depth + kPart - 1) / kPart, kPart * columns, [&](int64_t begin, int64_t end) {
    static thread_local Scratch<Bfloat16> part_scratch;
    Bfloat16* const part = part_scratch.Get(TermPanelsSize(columns, kPart, planes));
    for (int64_t first = begin * kPart; first < std::min(depth, end * kPart); first += kPart) {
      const int64_t count = std::min(kPart, depth - first), size = PanelSize(count, 1);
      PackPanels(count, columns, w + first * columns, columns, planes, part);
      for (int64_t i = 0; i < matrices; ++i) {
        std::copy_n(part + i * size, size, panels + i * PanelSize(depth, 1) + first * kTile);
      }
    }
  });
  return panels;
}

// The transposed matrix of w [columns, depth] in panels, good until this thread's next call.
const Bfloat16* PackedRows(int64_t depth, int64_t columns, int planes, const float* w) {
  static thread_local Scratch<Bfloat16> scratch;
  Bfloat16* const panels = scratch.Get(TermPanelsSize(columns, depth, planes));
  for (int64_t column = 0; column < columns; column += kTile) {
    const int64_t count = std::min(kTile, columns - column);
    using Pack = void (*)(int64_t, int64_t, const float*, int64_t, int, Bfloat16*);
    const Pack pack = count > kTile / 2 ? Pack{PackPanelsOfRows} : Pack{PackHalfPanelOfRows};
    pack(depth, count, w + column * depth, depth, planes,
         panels + column / kTile * PanelSize(depth, planes));
  }
  return panels;
}

// Tokens are taken in chunks whose rows stay in a thread's cache for all that is done with them;
// gradients are summed over them in their order. So many of them at most, because each has sums of
// its own.
constexpr int64_t kLeastChunk = 256;
constexpr int64_t kMostChunks = 32;

int64_t ChunkOf(int64_t rows) {
  return std::max(kLeastChunk, RoundUpToTile((rows + kMostChunks - 1) / kMostChunks));
}

// y [count, columns] += the transposed sum of `chunks` matrices x [columns, count], rows `x_stride`
// and matrices `chunk_stride` apart. At most kTile of count.
ROPEWALK_SIMD void AddTransposedSum(int64_t count, int64_t columns, int64_t chunks, const float* x,
                                    int64_t x_stride, int64_t chunk_stride, float* y) {
  for (int64_t j = 0; j < columns; ++j) {
    float sums[kTile] = {};
    for (int64_t c = 0; c < chunks; ++c) {
      const float* const row = x + c * chunk_stride + j * x_stride;
      for (int64_t i = 0; i < count; ++i) sums[i] += row[i];
    }
    for (int64_t i = 0; i < count; ++i) y[i * columns + j] += sums[i];
  }
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
  const Bfloat16* const packed_a = PackedRows(shape.in, shape.rank, xa.planes, a);
  ParallelForRows((xa.rows + kTile - 1) / kTile, kTile * shape.in, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * kTile, rows = std::min(xa.rows, end * kTile) - first;
    ThinProduct<T>(shape.in, x + first * shape.in, shape.in,
                   {packed_a, static_cast<float>(shape.scale), xa.Slice(first, rows)});
  });
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
  static thread_local Scratch<float> scratch;
  const Bfloat16* const packed_b = PackedColumns(shape.out, shape.rank, g.planes, b);
  const int64_t n = shape.rank * shape.out;
  const int64_t chunk = ChunkOf(g.rows), chunks = (g.rows + chunk - 1) / chunk;
  float* const sums = scratch.Get(chunks * n);
  ParallelForEach(chunks, [&](int64_t c) {
    const int64_t first = c * chunk, rows = std::min(chunk, g.rows - first);
    const ThinRight right = {packed_b, static_cast<float>(shape.scale), g.Slice(first, rows)};
    ThinProducts<T>(xa.Slice(first, rows), shape.out, dy + first * shape.out, shape.out, &right,
                    /*accumulate=*/false, sums + c * n, shape.out);
  });
  ParallelForRows(
      (shape.out + kTile - 1) / kTile, kTile * shape.rank, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin * kTile; i < std::min(shape.out, end * kTile); i += kTile) {
          AddTransposedSum(std::min(kTile, shape.out - i), shape.rank, chunks, sums + i, shape.out,
                           n, db + i * shape.rank);
        }
      });
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
  constexpr int64_t kColumns = 2 * kTile;
  ParallelForRows(
      (shape.in + kColumns - 1) / kColumns, kColumns * g.rows, [&](int64_t begin, int64_t end) {
        const int64_t column = begin * kColumns;
        ThinProducts<T>(g, std::min(shape.in, end * kColumns) - column, x + column, shape.in,
                        /*right=*/nullptr, /*accumulate=*/true, da + column, shape.in);
      });
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
