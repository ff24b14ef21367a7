#include "worker/ops/thin_products.h"

#include <algorithm>

#include "worker/ops/depth_steps.h"
#include "worker/ops/scratch.h"
#include "worker/ops/tile_product.h"
#include "worker/tensor/aligned_memory.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Of y, in the second-level cache at a time; and of those, columns that are packed at a time.
constexpr int64_t kBlockRows = 256;
constexpr int64_t kBlockColumns = 512;
constexpr int64_t kPanelColumns = 4 * kTile;

// A block of y as planes, row-major, rounded up to whole tiles with zeros.
struct Block {
  const Bfloat16* values;
  int64_t stride;
  int64_t plane;
  int64_t rows, columns;  // that y has
};

// Room for a block that cannot stay where it is, filled with zeros beyond its rows and columns.
Bfloat16* PaddedRoom(int64_t rows, int64_t columns, int planes, Block* block) {
  static thread_local Scratch<Bfloat16> scratch;
  const int64_t wanted = RoundUpToTile(rows), stride = RoundUpToTile(columns) + kTile;
  Bfloat16* const room = scratch.Get(planes * wanted * stride);
  for (int64_t i = 0; i < planes * wanted; ++i) {
    const int64_t filled = i % wanted < rows ? columns : 0;
    std::fill_n(room + i * stride + filled, stride - filled, Bfloat16{0});
  }
  *block = {room, stride, wanted * stride, rows, columns};
  return room;
}

Block Load(const Bfloat16* y, int64_t stride, int64_t rows, int64_t columns, int) {
  if (rows % kTile == 0 && columns % kTile == 0) return {y, stride, 0, rows, columns};
  Block block;
  Bfloat16* const room = PaddedRoom(rows, columns, 1, &block);
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(y + i * stride, columns, room + i * block.stride);
  }
  return block;
}

Block Load(const float* y, int64_t stride, int64_t rows, int64_t columns, int planes) {
  Block block;
  Bfloat16* const room = PaddedRoom(rows, columns, planes, &block);
  for (int64_t i = 0; i < rows; ++i) {
    SplitPlanes(columns, y + i * stride, planes, block.plane, room + i * block.stride);
  }
  return block;
}

ROPEWALK_SIMD void Transpose(int64_t rows, int64_t columns, const Bfloat16* x, int64_t x_stride,
                             Bfloat16* y, int64_t y_stride) {
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) y[j * y_stride + i] = x[i * x_stride + j];
  }
}

// u^T in whole tiles; what is missing is 0.
class TransposedRows {
 public:
  explicit TransposedRows(const LowRankRows& u)
      : rank_(u.rank), stride_(RoundUpToTile(u.rows) + kTile) {
    static thread_local Scratch<Bfloat16> scratch;
    Bfloat16* const values = scratch.Get(u.planes * plane());
    std::fill_n(values, u.planes * plane(), Bfloat16{0});
    for (int p = 0; p < u.planes; ++p) {
      Transpose(u.rows, u.rank, u.values + p * u.plane(), u.stride(), values + p * plane(),
                stride_);
    }
    values_ = values;
  }

  int64_t rank() const { return rank_; }
  int64_t stride() const { return stride_; }
  int64_t plane() const { return RoundUpToTile(rank_) * stride_; }

  // Row `row` of u^T's first plane, from u's row `first` on.
  const Bfloat16* Row(int64_t row, int64_t first) const { return values_ + row * stride_ + first; }

 private:
  const int64_t rank_;
  const int64_t stride_;
  const Bfloat16* values_;
};

ROPEWALK_SIMD void Store(int64_t rows, int64_t columns, const float* block, bool accumulate,
                         float* y, int64_t stride) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      y[i * stride + j] = block[i * kTile + j] + (accumulate ? y[i * stride + j] : 0.0f);
    }
  }
}

// Tiles of one thread's products.
class Multiplier {
 public:
  explicit Multiplier(int planes) : planes_(planes), kernel_(BestTileKernel()), session_(kernel_) {}

  // sums = u^T block, or +=; `first` is u's row of the block's first.
  void AddOuter(const TransposedRows& u, int64_t first, const Block& block, bool accumulate,
                float* sums, int64_t stride) const {
    for (int64_t column = 0; column < block.columns; column += kPanelColumns) {
      const int64_t count = std::min(kPanelColumns, block.columns - column);
      const int64_t panel_size = PanelSize(block.rows, 1), panels = (count + kTile - 1) / kTile;
      const Bfloat16* const packed = Pack(block, column, panels);
      for (int64_t p = 0; p < panels; ++p) {
        const Factor right = {packed + p * panel_size, panels * panel_size};
        for (int64_t row = 0; row < u.rank(); row += kTile) {
          AddOuterBlock(u, row, first, block.rows, right, std::min(kTile, count - p * kTile),
                        accumulate, sums + row * stride + column + p * kTile, stride);
        }
      }
    }
  }

  // sums [row block, rank block] of kTile x kTile = block B, or +=, where B's rows from `first` on
  // meet the block's columns; `depth` is all of B's.
  void AddProjection(const Block& block, const ThinRight& right, int64_t first, int64_t depth,
                     bool accumulate, float* sums) const {
    const int64_t rank = right.product.rank, plane = PanelSize(depth, 1);
    for (int64_t row = 0; row < block.rows; row += kTile) {
      for (int64_t r = 0; r < rank; r += kTile, sums += kTile * kTile) {
        const Bfloat16* const panel = right.panels + r / kTile * planes_ * plane + first * kTile;
        const auto multiply = rank - r > kTile / 2 ? kernel_.multiply : kernel_.multiply_half;
        Multiply(multiply, {block.values + row * block.stride, block.plane}, block.stride,
                 {panel, plane}, RoundUpToTile(block.columns), std::min(kTile, block.rows - row),
                 accumulate, sums);
      }
    }
  }

 private:
  // A plane of a factor, and how far the next one is.
  struct Factor {
    const Bfloat16* values;
    int64_t plane;
  };

  // Panels of the block's columns, plane after plane.
  const Bfloat16* Pack(const Block& block, int64_t column, int64_t panels) const {
    static thread_local Scratch<Bfloat16> scratch;
    const int64_t size = panels * PanelSize(block.rows, 1);
    Bfloat16* const packed = scratch.Get(planes_ * size);
    for (int p = 0; p < planes_; ++p) {
      PackPanels(RoundUpToTile(block.rows), panels * kTile, block.values + p * block.plane + column,
                 block.stride, packed + p * size);
    }
    return packed;
  }

  void AddOuterBlock(const TransposedRows& u, int64_t row, int64_t first, int64_t depth,
                     const Factor& right, int64_t columns, bool accumulate, float* sums,
                     int64_t stride) const {
    alignas(kCacheLine) float block[kTile * kTile];
    const int64_t rows = std::min(kTile, u.rank() - row);
    Multiply(kernel_.multiply, {u.Row(row, first), u.plane()}, u.stride(), right,
             RoundUpToTile(depth), rows, /*accumulate=*/false, block);
    Store(rows, columns, block, accumulate, sums, stride);
  }

  template <typename F>
  void Multiply(F multiply, const Factor& left, int64_t left_stride, const Factor& right,
                int64_t depth, int64_t rows, bool accumulate, float* block) const {
    TileTerm terms[kMaxPlanePairs];
    size_t n = 0;
    ForEachPlanePair(planes_, planes_, [&](int l, int r) {
      terms[n++] = {depth, left.values + l * left.plane, left_stride,
                    right.values + r * right.plane};
    });
    multiply({terms, n}, rows, accumulate, block, kTile);
  }

  const int planes_;
  const TileKernel& kernel_;
  const TileSession session_;
};

ROPEWALK_SIMD void ScaleRow(int64_t n, float factor, const float* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = factor * x[i];
}

// `right`'s product from the sums of AddProjection.
void FinishProjection(const ThinRight& right, const float* sums) {
  const LowRankRows& product = right.product;
  for (int64_t row = 0; row < product.rows; row += kTile) {
    for (int64_t r = 0; r < product.rank; r += kTile, sums += kTile * kTile) {
      const int64_t columns = std::min(kTile, product.rank - r);
      for (int64_t i = 0; i < std::min(kTile, product.rows - row); ++i) {
        float scaled[kTile] = {};
        ScaleRow(columns, right.factor, sums + i * kTile, scaled);
        SplitPlanes(kTile, scaled, product.planes, product.plane(),
                    product.values + (row + i) * product.stride() + r);
      }
    }
  }
}

// The sums of a ThinRight's product with y, while they are not finished.
class Projection {
 public:
  // Null: none.
  explicit Projection(const ThinRight* right) : right_(right) {
    static thread_local Scratch<float> scratch;
    if (right != nullptr) sums_ = scratch.Get(RoundUpToTile(right->product.rows) * Stride());
  }

  // Adds a block's part, from y's row and column (row, column) of `columns` on.
  void Add(const Multiplier& multiplier, const Block& block, int64_t row, int64_t column,
           int64_t columns) const {
    if (right_ == nullptr) return;
    multiplier.AddProjection(block, *right_, column, columns, column > 0, sums_ + row * Stride());
  }

  void Finish() const {
    if (right_ != nullptr) FinishProjection(*right_, sums_);
  }

 private:
  int64_t Stride() const { return RoundUpToTile(right_->product.rank); }

  const ThinRight* const right_;
  float* sums_ = nullptr;
};

// f(block, row, column) for every block of y [rows, columns].
template <typename T, typename F>
void ForEachBlock(int64_t rows, int64_t columns, const T* y, int64_t stride, int planes, F f) {
  for (int64_t column = 0; column < columns; column += kBlockColumns) {
    for (int64_t row = 0; row < rows; row += kBlockRows) {
      f(Load(y + row * stride + column, stride, std::min(kBlockRows, rows - row),
             std::min(kBlockColumns, columns - column), planes),
        row, column);
    }
  }
}

}  // namespace

template <typename T>
void ThinProducts(const LowRankRows& u, int64_t columns, const T* y, int64_t y_stride,
                  const ThinRight* right, bool accumulate, float* sums, int64_t sums_stride) {
  const Multiplier multiplier(u.planes);
  const TransposedRows transposed(u);
  const Projection projection(right);
  ForEachBlock(u.rows, columns, y, y_stride, u.planes,
               [&](const Block& block, int64_t row, int64_t column) {
                 projection.Add(multiplier, block, row, column, columns);
                 multiplier.AddOuter(transposed, row, block, accumulate || row > 0, sums + column,
                                     sums_stride);
               });
  projection.Finish();
}

template <typename T>
void ThinProduct(int64_t columns, const T* y, int64_t y_stride, const ThinRight& right) {
  const int planes = right.product.planes;
  const Multiplier multiplier(planes);
  const Projection projection(&right);
  ForEachBlock(right.product.rows, columns, y, y_stride, planes,
               [&](const Block& block, int64_t row, int64_t column) {
                 projection.Add(multiplier, block, row, column, columns);
               });
  projection.Finish();
}

#define ROPEWALK_INSTANTIATE(T)                                                                \
  template void ThinProduct(int64_t, const T*, int64_t, const ThinRight&);                     \
  template void ThinProducts(const LowRankRows&, int64_t, const T*, int64_t, const ThinRight*, \
                             bool, float*, int64_t)
ROPEWALK_INSTANTIATE(float);
ROPEWALK_INSTANTIATE(Bfloat16);
#undef ROPEWALK_INSTANTIATE

}  // namespace ropewalk
