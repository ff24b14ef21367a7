#include "worker/ops/score_loops.h"

#include <cstring>

#include "worker/ops/lanes.h"
#include "worker/ops/panels.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

constexpr float kLn2 = 0.693147181f;

ROPEWALK_INLINE float Exp2(float x) { return Exp(x * kLn2); }

// Takes the highest plane off x [kTile].
ROPEWALK_INLINE void TakePlane(float* x, Bfloat16* out) {
  for (int64_t j = 0; j < kTile; ++j) {
    out[j] = ToBfloat16(x[j]);
    x[j] -= FromBfloat16(out[j]);
  }
}

ROPEWALK_INLINE void Interleave(const Bfloat16* even, const Bfloat16* odd, Bfloat16* out) {
  uint32_t pairs[kTile];
  for (int64_t j = 0; j < kTile; ++j) pairs[j] = even[j] | static_cast<uint32_t>(odd[j]) << 16;
  std::memcpy(out, pairs, sizeof(pairs));
}

ROPEWALK_SIMD void UpdateMax(int64_t keys, float scale2, const float* scores,
                             OnlineSoftmax* softmax) {
  float max[kTile];
  for (int64_t j = 0; j < kTile; ++j) max[j] = softmax->max[j];
  for (int64_t k = 0; k < keys; ++k, scores += kTile) {
    for (int64_t j = 0; j < kTile; ++j) max[j] = scores[j] > max[j] ? scores[j] : max[j];
  }
  for (int64_t j = 0; j < kTile; ++j) {
    softmax->factor[j] = Exp2(scale2 * (softmax->max[j] - max[j]));
    softmax->max[j] = max[j];
    softmax->sum[j] *= softmax->factor[j];
  }
}

ROPEWALK_SIMD void Exponentials(int planes, int64_t keys, float scale2, const float* scores,
                                OnlineSoftmax* softmax, PlanesOut panel) {
  for (int64_t k = 0; k < keys; k += 2, scores += 2 * kTile, panel.out += 2 * kTile) {
    float p[2][kTile];
    for (int row = 0; row < 2; ++row) {
      for (int64_t j = 0; j < kTile; ++j) {
        p[row][j] = Exp2(scale2 * (scores[row * kTile + j] - softmax->max[j]));
      }
      for (int64_t j = 0; j < kTile; ++j) softmax->sum[j] += p[row][j];
    }
    for (int plane = 0; plane < planes; ++plane) {
      Bfloat16 parts[2][kTile];
      TakePlane(p[0], parts[0]);
      TakePlane(p[1], parts[1]);
      Interleave(parts[0], parts[1], panel.out + plane * panel.plane);
    }
  }
}

void Softmax(int planes, int64_t keys, float scale2, const float* scores, OnlineSoftmax* softmax,
             const PlanesOut& panel) {
  UpdateMax(keys, scale2, scores, softmax);
  Exponentials(planes, keys, scale2, scores, softmax, panel);
}

ROPEWALK_SIMD void Gradient(int planes, float scale2, const float* scores, const float* dp,
                            const float* log_sum2, const float* own,
                            const ScoreGradients& gradients) {
  for (int64_t k = 0; k < kTile; ++k, scores += kTile, dp += kTile) {
    float p[kTile], ds[kTile];
    for (int64_t j = 0; j < kTile; ++j) {
      p[j] = Exp2(scale2 * scores[j] - log_sum2[j]);
      ds[j] = p[j] * (dp[j] - own[j]);
    }
    for (int plane = 0; plane < planes; ++plane) {
      const int64_t row = k * gradients.stride;
      TakePlane(p, gradients.p.out + plane * gradients.p.plane + row);
      Bfloat16* const out = gradients.ds.out + plane * gradients.ds.plane + row;
      TakePlane(ds, out);
      if (k % 2 == 0) continue;
      Interleave(out - gradients.stride, out,
                 gradients.ds_panel.out + plane * gradients.ds_panel.plane + (k - 1) * kTile);
    }
  }
}

}  // namespace

const ScoreLoops kPlainScoreLoops = {Softmax, Gradient};

const ScoreLoops& ScoreLoopsFor(const TileKernel& kernel) {
  static const bool has_avx512 = Avx512ScoreLoopsWork();
  return &kernel != &kPlainTileKernel && has_avx512 ? kAvx512ScoreLoops : kPlainScoreLoops;
}

}  // namespace ropewalk
