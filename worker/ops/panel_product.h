#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "worker/ops/panels.h"

namespace ropewalk {

// Products of large matrices by panels (Goto & van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008): a thread packs as many panels of the right factor as its cache holds and
// runs all rows of the left one past them. So a factor may be held in any way that can be packed,
// and what is done with a block of the product is done while the block is in the cache.

struct ProductShape {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t depth = 0;
};

// The left factor [rows, depth], rows `stride` apart.
template <typename E>
struct LeftFactor {
  const E* a = nullptr;
  int64_t stride = 0;
  int planes = 1;  // 1 or kMaxPlanes; of Bfloat16 always 1
};

// Packs terms [first, first + count) of columns [column, column + columns) into panels. `column` is
// a multiple of kTile. Called on several threads at the same time.
using PackColumns = absl::FunctionRef<void(int64_t column, int64_t columns, int64_t first,
                                           int64_t count, Bfloat16* panels)>;

// Asks for the memory from which PackColumns with these arguments packs, the part [part, part + 1)
// of `parts` equal ones, so that it is in the cache by then.
using PrefetchColumns = absl::FunctionRef<void(int64_t column, int64_t columns, int64_t first,
                                               int64_t count, int64_t part, int64_t parts)>;
inline void PrefetchNothing(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t) {}

// A finished block of the product: `rows` x `columns`, at most kTile of each, from (row, column)
// on; its rows are kTile apart. TakeBlock is called once for each, on several threads at the same
// time.
struct ProductBlock {
  int64_t row, rows;
  int64_t column, columns;
  const float* values;
};
using TakeBlock = absl::FunctionRef<void(const ProductBlock& block)>;

// A matrix [rows, rank] of few columns as planes, with room for whole tiles: rows are `stride`
// apart, planes `plane`, and columns from rank on are 0.
struct LowRankRows {
  Bfloat16* values = nullptr;
  int64_t rows = 0;
  int64_t rank = 0;
  int planes = 1;
  int64_t rows_of_plane = 0;  // for which a plane has room, if that is more than `rows`

  int64_t stride() const { return RoundUpToTile(rank); }
  int64_t plane() const { return RoundUpToTile(std::max(rows, rows_of_plane)) * stride(); }
  int64_t size() const { return planes * plane(); }

  // Rows [first, first + count), where they are.
  LowRankRows Slice(int64_t first, int64_t count) const {
    return {values + first * stride(), count, rank, planes, std::max(rows, rows_of_plane)};
  }
};

// A product of low rank to be added to the large one: u [rows, rank] times panels [columns / kTile]
// of the right factor [rank, columns], of as many planes.
struct LowRankTerm {
  LowRankRows u;  // of rank 0: nothing is added
  const Bfloat16* panels = nullptr;
};

// left * right, where `pack` fills panels of `right_planes` planes: the sum over pairs of planes
// that together do not lie more than kMaxPlanes - 1 below the highest. The same bits for any number
// of threads. E is float or Bfloat16.
template <typename E>
void PanelProduct(const ProductShape& shape, const LeftFactor<E>& left, int right_planes,
                  PackColumns pack, TakeBlock take, const LowRankTerm& low_rank = {},
                  PrefetchColumns prefetch = PrefetchNothing);

// The term alone, [u.rows, columns].
void LowRankProduct(int64_t columns, const LowRankTerm& term, TakeBlock take);

}  // namespace ropewalk
