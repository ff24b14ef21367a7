#include "worker/ops/stored_matmul.h"

#include <algorithm>
#include <vector>

#include "worker/ops/matmul_block.h"
#include "worker/tensor/bfloat16.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Terms of a sum that are added by one call. A tile is kMatMulBlock times as large.
constexpr int64_t kTerms = 512;

ROPEWALK_SIMD void Round(int64_t n, const float* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = FromBfloat16(ToBfloat16(x[i]));
}

// The left factor as the precision wants it; good until this thread's next call.
const float* LeftFactor(MatMulPrecision precision, int64_t n, const float* x) {
  if (precision == MatMulPrecision::kFull) return x;
  thread_local std::vector<float> rounded;
  if (static_cast<int64_t>(rounded.size()) < n) rounded.resize(n);
  float* const out = rounded.data();
  ParallelForElements(
      n, [=](int64_t begin, int64_t end) { Round(end - begin, x + begin, out + begin); });
  return out;
}

// A tile of W, good until this thread's next call.
const float* Tile(const StoredMatrix& w, MatMulPrecision precision, int64_t row, int64_t row_count,
                  int64_t column, int64_t column_count) {
  thread_local std::vector<float> tile(kMatMulBlock * kTerms);
  w.Read(row, row_count, column, column_count, tile.data());
  if (precision == MatMulPrecision::kBfloat16) {
    Round(row_count * column_count, tile.data(), tile.data());
  }
  return tile.data();
}

}  // namespace

void StoredForward(const StoredMatrix& w, MatMulPrecision precision, int64_t rows, const float* x,
                   float* y) {
  const int64_t out = w.rows(), in = w.columns();
  const float* const left = LeftFactor(precision, rows * in, x);
  ForMatMulBlocks(out, [&](int64_t begin, int64_t end) {
    for (int64_t term = 0; term < in; term += kTerms) {
      const int64_t count = std::min(kTerms, in - term);
      const float* tile = Tile(w, precision, begin, end - begin, term, count);
      MatMulBlock(rows, end - begin, count, left + term, in, Transpose::kNo, tile, count,
                  Transpose::kYes, term == 0 ? 0.0f : 1.0f, y + begin, out);
    }
  });
}

void StoredBackwardInput(const StoredMatrix& w, MatMulPrecision precision, int64_t rows,
                         const float* dy, float* dx, bool accumulate) {
  const int64_t out = w.rows(), in = w.columns();
  const float* const left = LeftFactor(precision, rows * out, dy);
  ForMatMulBlocks(in, [&](int64_t begin, int64_t end) {
    for (int64_t term = 0; term < out; term += kTerms) {
      const int64_t count = std::min(kTerms, out - term);
      const float* tile = Tile(w, precision, term, count, begin, end - begin);
      MatMulBlock(rows, end - begin, count, left + term, out, Transpose::kNo, tile, end - begin,
                  Transpose::kNo, term == 0 && !accumulate ? 0.0f : 1.0f, dx + begin, in);
    }
  });
}

}  // namespace ropewalk
