#include "worker/optim/newton_schulz.h"

#include <algorithm>
#include <vector>

#include "worker/optim/gradient_norm.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

constexpr int kSteps = 5;
constexpr float kA = 3.4445f, kB = -4.7750f, kC = 2.0315f;
constexpr double kLeastNorm = 1e-7;

constexpr int64_t kTileRows = 4;
constexpr int64_t kTileColumns = 64;

// A tile of c = alpha a b + beta c0; a: [rows, k], b: [k, n]. Columns side by side in vectors and
// the terms of each sum in their order, so vectors of any length give the same bits. Only
// `columns` of the tile's columns are there.
ROPEWALK_SIMD void Tile(int64_t rows, int64_t columns, int64_t k, float alpha,
                        const float* __restrict a, const float* __restrict b, int64_t ldb,
                        float beta, const float* c0, float* c, int64_t ldc) {
  float sums[kTileRows][kTileColumns] = {};
  for (int64_t l = 0; l < k; ++l) {
    for (int64_t i = 0; i < rows; ++i) {
      const float factor = a[i * k + l];
      if (columns == kTileColumns) {
        for (int64_t j = 0; j < kTileColumns; ++j) sums[i][j] += factor * b[l * ldb + j];
      } else {
        for (int64_t j = 0; j < columns; ++j) sums[i][j] += factor * b[l * ldb + j];
      }
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      c[i * ldc + j] = alpha * sums[i][j] + beta * c0[i * ldc + j];
    }
  }
}

// c = alpha a b + beta c0; a: [m, k], b: [k, n], c0 and c, which may be the same: [m, n].
void Product(int64_t m, int64_t n, int64_t k, float alpha, const float* a, const float* b,
             float beta, const float* c0, float* c) {
  const int64_t tiles = (m + kTileRows - 1) / kTileRows;
  const int64_t stripes = (n + kTileColumns - 1) / kTileColumns;
  ParallelFor(tiles * stripes, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const int64_t i = t % tiles * kTileRows;
      const int64_t j = t / tiles * kTileColumns;
      Tile(std::min(kTileRows, m - i), std::min(kTileColumns, n - j), k, alpha, a + i * k, b + j, n,
           beta, c0 + i * n + j, c + i * n + j, n);
    }
  });
}

// to [columns, rows] = fromᵀ.
void CopyTransposed(int64_t rows, int64_t columns, const float* from, float* to) {
  ParallelFor(columns, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      for (int64_t i = 0; i < rows; ++i) to[j * rows + i] = from[i * columns + j];
    }
  });
}

// x: [rows, columns] with rows <= columns, of norm 1 at most.
void Iterate(int64_t rows, int64_t columns, float* x) {
  static thread_local std::vector<float> transposed, next, gram, update;
  for (std::vector<float>* room : {&transposed, &next}) room->resize(rows * columns);
  for (std::vector<float>* room : {&gram, &update}) room->resize(rows * rows);
  for (int step = 0; step < kSteps; ++step) {
    CopyTransposed(rows, columns, x, transposed.data());
    Product(rows, rows, columns, 1, x, transposed.data(), 0, gram.data(), gram.data());
    Product(rows, rows, rows, kC, gram.data(), gram.data(), kB, gram.data(), update.data());
    Product(rows, columns, rows, 1, update.data(), x, kA, x, next.data());
    std::copy(next.begin(), next.end(), x);
  }
}

}  // namespace

void NewtonSchulz(int64_t rows, int64_t columns, absl::Span<float> x) {
  ScaleGradient(1.0 / std::max(GradientNorm(x), kLeastNorm), x);
  if (rows <= columns) return Iterate(rows, columns, x.data());
  static thread_local std::vector<float> wide;
  wide.resize(x.size());
  CopyTransposed(rows, columns, x.data(), wide.data());
  Iterate(columns, rows, wide.data());
  CopyTransposed(columns, rows, wide.data(), x.data());
}

}  // namespace ropewalk
