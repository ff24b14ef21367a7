#pragma once

#include <cstdint>

#include "worker/ops/lora.h"
#include "worker/ops/panel_product.h"

namespace ropewalk {

// LoraForward and LoraBackward for products of tiles: instead of a pass of its own over y or dx,
// the branch gives a term that the layer's product adds while it has the block in its cache. T is
// float or Bfloat16; parameters and their gradients are float32.

// Room for the panels of a term with `columns` columns.
int64_t TermPanelsSize(int64_t columns, int64_t rank, int planes);

// x: [rows, in], after dropout; a: [rank, in]; b: [out, rank]. xa receives scale x A^T for the
// backward pass; the term, to be added to y, is xa B^T and lives in xa and in `panels`, of
// TermPanelsSize(out, ...).
template <typename T>
LowRankTerm LoraForwardTerm(const LoraShape& shape, const T* x, const float* a, const float* b,
                            const LowRankRows& xa, Bfloat16* panels);

// With g = scale dy B [rows, rank]: db += dy^T xa. The term, to be added to dx, is g A and lives in
// g and in `panels`, of TermPanelsSize(in, ...).
template <typename T>
LowRankTerm LoraBackwardTerm(const LoraShape& shape, const LowRankRows& xa, const T* dy,
                             const float* a, const float* b, const LowRankRows& g, Bfloat16* panels,
                             float* db);

// da += g^T x.
template <typename T>
void AddLoraInputGradient(const LoraShape& shape, const T* x, const LowRankRows& g, float* da);

}  // namespace ropewalk
