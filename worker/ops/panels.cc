#include "worker/ops/panels.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "worker/ops/lanes.h"
#include "worker/ops/scratch.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Two neighbours of a column.
using Pair = uint32_t;

// A row of a panel's pairs from two rows of w.
ROPEWALK_INLINE void Interleave(int64_t n, const Bfloat16* upper, const Bfloat16* lower,
                                Pair* pairs) {
  for (int64_t j = 0; j < n; ++j) pairs[j] = upper[j] | static_cast<Pair>(lower[j]) << 16;
}

// Rows of w that are asked for before they are needed: the processor itself does not foresee the
// next row of a few columns.
constexpr int64_t kRowsAhead = 24;

// Whole panels, a row of all of them at a time, so that w is read along its rows.
ROPEWALK_SIMD void InterleaveRows(int64_t pairs, int64_t panels, const Bfloat16* w, int64_t stride,
                                  int64_t panel_pairs, Pair* out) {
  for (int64_t k = 0; k < pairs; ++k, w += 2 * stride, out += kTile) {
    for (int64_t p = 0; p < panels; ++p) {
      __builtin_prefetch(w + kRowsAhead * stride + p * kTile);
      __builtin_prefetch(w + (kRowsAhead + 1) * stride + p * kTile);
      Interleave(kTile, w + p * kTile, w + stride + p * kTile, out + p * panel_pairs);
    }
  }
}

// As many pairs as a register holds, from as many rows.
inline constexpr int64_t kTranspose = 16;
typedef Pair PairVec __attribute__((vector_size(4 * kTranspose), aligned(4), may_alias));

// Exchanges, between rows that are `kStep` apart, the parts of kStep elements that are on the wrong
// side of the diagonal.
template <int kStep, int... kLane>
ROPEWALK_INLINE void ExchangeParts(PairVec* rows, std::integer_sequence<int, kLane...>) {
  for (int64_t i = 0; i < kTranspose; ++i) {
    if (i & kStep) continue;
    const PairVec upper = rows[i], lower = rows[i + kStep];
    rows[i] = __builtin_shufflevector(
        upper, lower, ((kLane & kStep) == 0 ? kLane : kTranspose + kLane - kStep)...);
    rows[i + kStep] = __builtin_shufflevector(
        upper, lower, ((kLane & kStep) == 0 ? kLane + kStep : kTranspose + kLane)...);
  }
}

ROPEWALK_INLINE void TransposePairs(const Bfloat16* w, int64_t stride, Pair* panel) {
  constexpr auto kLanesOfRow = std::make_integer_sequence<int, kTranspose>();
  PairVec rows[kTranspose];
  for (int64_t i = 0; i < kTranspose; ++i) std::memcpy(&rows[i], w + i * stride, sizeof(PairVec));
  ExchangeParts<8>(rows, kLanesOfRow);
  ExchangeParts<4>(rows, kLanesOfRow);
  ExchangeParts<2>(rows, kLanesOfRow);
  ExchangeParts<1>(rows, kLanesOfRow);
  for (int64_t i = 0; i < kTranspose; ++i)
    std::memcpy(panel + i * kTile, &rows[i], sizeof(PairVec));
}

// Terms of each row that are asked for before they are needed.
constexpr int64_t kTermsAhead = 4 * kTile;

// A whole panel from kTile rows of `depth`, a multiple of kTile.
ROPEWALK_SIMD void TransposeRows(int64_t depth, const Bfloat16* w, int64_t stride, Pair* panel) {
  for (int64_t k = 0; k < depth; k += kTile, panel += kTile * kTranspose) {
    for (int64_t i = 0; i < kTile; ++i) __builtin_prefetch(w + i * stride + k + kTermsAhead);
    TransposePairs(w + k, stride, panel);
    TransposePairs(w + k + kTranspose * stride, stride, panel + kTranspose);
  }
}

// The same of the panel's first half, from kTranspose rows.
ROPEWALK_SIMD void TransposeHalf(int64_t depth, const Bfloat16* w, int64_t stride, Pair* panel) {
  for (int64_t k = 0; k < depth; k += kTile, panel += kTile * kTranspose) {
    TransposePairs(w + k, stride, panel);
  }
}

ROPEWALK_SIMD void RoundTo(int64_t n, const float* x, Bfloat16* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = ToBfloat16(x[i]);
}

// What is left of x once it is rounded is a float32 number itself, as is what is left of that.
ROPEWALK_SIMD void Split(int64_t n, const float* x, Bfloat16* high, Bfloat16* middle,
                         Bfloat16* low) {
  for (int64_t i = 0; i < n; ++i) {
    high[i] = ToBfloat16(x[i]);
    const float rest = x[i] - FromBfloat16(high[i]);
    middle[i] = ToBfloat16(rest);
    low[i] = ToBfloat16(rest - FromBfloat16(middle[i]));
  }
}

// w [rows, columns], made [rows_wanted, columns_wanted] with zeros.
const Bfloat16* Padded(int64_t rows, int64_t columns, const Bfloat16* w, int64_t stride,
                       int64_t rows_wanted, int64_t columns_wanted) {
  static thread_local Scratch<Bfloat16> scratch;
  Bfloat16* const out = scratch.Get(rows_wanted * columns_wanted);
  std::fill_n(out, rows_wanted * columns_wanted, Bfloat16{0});
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(w + i * stride, columns, out + i * columns_wanted);
  }
  return out;
}

// w [rows, columns] as planes without gaps.
const Bfloat16* Planes(int64_t rows, int64_t columns, const float* w, int64_t stride, int planes) {
  static thread_local Scratch<Bfloat16> scratch;
  Bfloat16* const out = scratch.Get(planes * rows * columns);
  for (int64_t i = 0; i < rows; ++i) {
    SplitPlanes(columns, w + i * stride, planes, rows * columns, out + i * columns);
  }
  return out;
}

// A panel that is not whole.
void PackRest(int64_t depth, int64_t columns, const Bfloat16* w, int64_t stride, Pair* panel) {
  const int64_t padded = RoundUpToTile(depth);
  InterleaveRows(padded / 2, 1, Padded(depth, columns, w, stride, padded, kTile), kTile, 0, panel);
}

void PackRestOfRows(int64_t depth, int64_t columns, const Bfloat16* w, int64_t stride,
                    Pair* panel) {
  const int64_t padded = RoundUpToTile(depth);
  TransposeRows(padded, Padded(columns, depth, w, stride, kTile, padded), padded, panel);
}

// kTranspose rows of `depth` and zeros, which make it a multiple of kTile, with a stride that does
// not put all of them into the same sets of the first cache.
class HalfRows {
 public:
  HalfRows(int64_t depth, int64_t columns, int planes)
      : padded_(RoundUpToTile(depth)),
        stride_(padded_ + kTile),
        rows_(Room(planes * kTranspose * stride_)) {
    for (int64_t i = 0; i < planes * kTranspose; ++i) {
      const int64_t filled = i % kTranspose < columns ? depth : 0;
      std::fill_n(Row(i) + filled, padded_ - filled, Bfloat16{0});
    }
  }

  Bfloat16* Row(int64_t i) const { return rows_ + i * stride_; }
  int64_t plane() const { return kTranspose * stride_; }

  void Pack(int plane, Bfloat16* panel) const {
    TransposeHalf(padded_, rows_ + plane * this->plane(), stride_, reinterpret_cast<Pair*>(panel));
  }

 private:
  static Bfloat16* Room(int64_t size) {
    static thread_local Scratch<Bfloat16> scratch;
    return scratch.Get(size);
  }

  const int64_t padded_;
  const int64_t stride_;
  Bfloat16* const rows_;
};

}  // namespace

void SplitPlanes(int64_t n, const float* x, int planes, int64_t plane_stride, Bfloat16* out) {
  if (planes == 1) return RoundTo(n, x, out);
  Split(n, x, out, out + plane_stride, out + 2 * plane_stride);
}

void PackPanels(int64_t depth, int64_t columns, const Bfloat16* w, int64_t stride,
                Bfloat16* panels) {
  Pair* const pairs = reinterpret_cast<Pair*>(panels);
  const int64_t size = PanelSize(depth, 1) / 2, whole = columns / kTile;
  const int64_t deep = depth / kTile * kTile;
  InterleaveRows(deep / 2, whole, w, stride, size, pairs);
  for (int64_t p = 0; p < whole && deep < depth; ++p) {
    PackRest(depth - deep, kTile, w + deep * stride + p * kTile, stride,
             pairs + p * size + deep / 2 * kTile);
  }
  if (columns == whole * kTile) return;
  PackRest(depth, columns - whole * kTile, w + whole * kTile, stride, pairs + whole * size);
}

void PackPanelsOfRows(int64_t depth, int64_t columns, const Bfloat16* w, int64_t stride,
                      Bfloat16* panels) {
  Pair* const pairs = reinterpret_cast<Pair*>(panels);
  const int64_t size = PanelSize(depth, 1) / 2, whole = columns / kTile;
  const int64_t deep = depth / kTile * kTile;
  for (int64_t p = 0; p < whole; ++p) {
    const Bfloat16* const rows = w + p * kTile * stride;
    TransposeRows(deep, rows, stride, pairs + p * size);
    if (deep == depth) continue;
    PackRestOfRows(depth - deep, kTile, rows + deep, stride, pairs + p * size + deep / 2 * kTile);
  }
  if (columns == whole * kTile) return;
  PackRestOfRows(depth, columns - whole * kTile, w + whole * kTile * stride, stride,
                 pairs + whole * size);
}

void PackPanels(int64_t depth, int64_t columns, const float* w, int64_t stride, int planes,
                Bfloat16* panels) {
  for (int64_t column = 0; column < columns; column += kTile) {
    const int64_t count = std::min(kTile, columns - column);
    const Bfloat16* const split = Planes(depth, count, w + column, stride, planes);
    for (int p = 0; p < planes; ++p, panels += PanelSize(depth, 1)) {
      PackPanels(depth, count, split + p * depth * count, count, panels);
    }
  }
}

void PackPanelsOfRows(int64_t depth, int64_t columns, const float* w, int64_t stride, int planes,
                      Bfloat16* panels) {
  for (int64_t column = 0; column < columns; column += kTile) {
    const int64_t count = std::min(kTile, columns - column);
    const Bfloat16* const split = Planes(count, depth, w + column * stride, stride, planes);
    for (int p = 0; p < planes; ++p, panels += PanelSize(depth, 1)) {
      PackPanelsOfRows(depth, count, split + p * depth * count, depth, panels);
    }
  }
}

void PackHalfPanelOfRows(int64_t depth, int64_t columns, const Bfloat16* w, int64_t stride,
                         Bfloat16* panel) {
  const HalfRows rows(depth, columns, 1);
  for (int64_t i = 0; i < columns; ++i) std::copy_n(w + i * stride, depth, rows.Row(i));
  rows.Pack(0, panel);
}

void PackHalfPanelOfRows(int64_t depth, int64_t columns, const float* w, int64_t stride, int planes,
                         Bfloat16* panel) {
  const HalfRows rows(depth, columns, planes);
  for (int64_t i = 0; i < columns; ++i) {
    SplitPlanes(depth, w + i * stride, planes, rows.plane(), rows.Row(i));
  }
  for (int p = 0; p < planes; ++p) rows.Pack(p, panel + p * PanelSize(depth, 1));
}

}  // namespace ropewalk
