#pragma once

#include <cstdint>

#include "worker/ops/tile_product.h"

namespace ropewalk {

// What attention does with scores between its products. Scores are held with a row for each key and
// a column for each of kTile queries, so that a vector holds one key's scores and whatever belongs
// to a query is a vector, too: no loop sums or compares within a vector. Exponentials are within
// 1e-4 of their size for one plane, which is to be rounded to 2e-3 of it, and within 2 units in the
// last place of float32 for kMaxPlanes.

// A softmax that is computed from part after part of its scores (Milakov & Gimelshein, "Online
// normalizer calculation for softmax", 2018).
struct OnlineSoftmax {
  alignas(64) float max[kTile];     // of the scores so far
  alignas(64) float sum[kTile];     // of exp(scale * (score - max))
  alignas(64) float factor[kTile];  // what earlier sums are to be multiplied by
};

// Where bfloat16 planes go, each `plane` elements after the one before.
struct PlanesOut {
  Bfloat16* out;
  int64_t plane;
};

// Where ScoreLoops::gradient writes for kTile keys and as many queries.
struct ScoreGradients {
  PlanesOut p, ds;  // rows, `stride` elements apart
  int64_t stride;
  PlanesOut ds_panel;  // the same as ds
};

struct ScoreLoops {
  // Takes scores [keys, kTile], keys even, into the softmax and writes their exponentials as a
  // panel. scale2 is the scale * log2 e.
  void (*softmax)(int planes, int64_t keys, float scale2, const float* scores,
                  OnlineSoftmax* softmax, const PlanesOut& panel);

  // p = 2^(scale2 * score - log_sum2), ds = p * (dp - own), for scores and dp [kTile, kTile].
  void (*gradient)(int planes, float scale2, const float* scores, const float* dp,
                   const float* log_sum2, const float* own, const ScoreGradients& gradients);
};

// Those for the processor that a kernel is for.
const ScoreLoops& ScoreLoopsFor(const TileKernel& kernel);

extern const ScoreLoops kPlainScoreLoops;
extern const ScoreLoops kAvx512ScoreLoops;  // only where Avx512ScoreLoopsWork()
bool Avx512ScoreLoopsWork();

}  // namespace ropewalk
