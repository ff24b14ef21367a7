#include "worker/ops/stored_matmul.h"

#include <algorithm>

#include "worker/ops/few_rows_dots.h"
#include "worker/ops/matmul_block.h"

namespace ropewalk {
namespace {

// Most terms of a sum that are added by one call. A tile is kMatMulBlock times as large.
constexpr int64_t kTerms = 384;

}  // namespace

void StoredForward(const StoredMatrix& w, int64_t rows, const float* x, float* y, bool accumulate) {
  const int64_t out = w.rows(), in = w.columns();
  if (rows <= kFewRowsOfDots) return FewRowsDots(w, rows, x, y, accumulate);
  if (w.AsFloat() != nullptr) {
    return MatMul<float>(rows, out, in, x, Transpose::kNo, w.AsFloat(), Transpose::kYes,
                         accumulate ? 1 : 0, y);
  }
  const int64_t terms = EqualPart(in, kTerms);
  ForMatMulBlocks(out, [&](int64_t begin, int64_t end) {
    for (int64_t term = 0; term < in; term += terms) {
      const int64_t count = std::min(terms, in - term);
      const float* tile = ReadPart(w, begin, end - begin, term, count);
      MatMulBlock(rows, end - begin, count, x + term, in, Transpose::kNo, tile, count,
                  Transpose::kYes, term == 0 && !accumulate ? 0.0f : 1.0f, y + begin, out);
    }
  });
}

void StoredBackwardInput(const StoredMatrix& w, int64_t rows, const float* dy, float* dx,
                         bool accumulate) {
  const int64_t out = w.rows(), in = w.columns();
  if (w.AsFloat() != nullptr) {
    return MatMul<float>(rows, in, out, dy, Transpose::kNo, w.AsFloat(), Transpose::kNo,
                         accumulate ? 1 : 0, dx);
  }
  const int64_t terms = EqualPart(out, kTerms);
  ForMatMulBlocks(in, [&](int64_t begin, int64_t end) {
    for (int64_t term = 0; term < out; term += terms) {
      const int64_t count = std::min(terms, out - term);
      const float* tile = ReadPart(w, term, count, begin, end - begin);
      MatMulBlock(rows, end - begin, count, dy + term, out, Transpose::kNo, tile, end - begin,
                  Transpose::kNo, term == 0 && !accumulate ? 0.0f : 1.0f, dx + begin, in);
    }
  });
}

}  // namespace ropewalk
