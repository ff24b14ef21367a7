#include "worker/ops/panel_product.h"

#include <omp.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "worker/ops/depth_steps.h"
#include "worker/ops/scratch.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

constexpr int64_t kMostPanels = 32;

// Of a core's second-level cache, what panels may fill: half as much where what is packed next
// comes into it meanwhile. No sum depends on it.
int64_t PanelBytes() {
  constexpr int64_t kCommonCache = 1 << 20;  // where the system does not say
  static const int64_t cache = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return (cache > 0 ? cache : kCommonCache) / 8 * 7;
}

// Where sums are kept from part to part of the depth: of so many rows.
constexpr int64_t kRowsPart = 2048;

// A panel that only kTile rows or fewer run past is not worth keeping: so much depth of so many
// panels as the first cache holds is packed and used at once. (Of single planes: of several, the
// order of sums would be another one.)
constexpr int64_t kOnceDepth = 128;
constexpr int64_t kOncePanels = 4;

// What of the product a thread computes.
struct Range {
  int64_t row, end_row;
  int64_t column, end_column;
};

// What is packed at a time.
struct Packing {
  int64_t column, columns;
  int64_t first, depth;
};

int64_t MostPanels(bool once, bool whole, int64_t panel_size) {
  if (once) return kOncePanels;
  const int64_t bytes = panel_size * sizeof(Bfloat16);
  return std::clamp<int64_t>((whole ? PanelBytes() / 2 : PanelBytes()) / bytes, 1, kMostPanels);
}

// kTile rows of the left factor as planes, row-major.
struct RowBlock {
  const Bfloat16* a;
  int64_t stride;
  int64_t plane;
};

// A stride that does not put all rows of a tile into the same sets of the first cache.
int64_t PaddedStride(int64_t depth) { return RoundUpToTile(depth) + kTile; }

RowBlock LoadRows(const LeftFactor<float>& left, int64_t row, int64_t rows, int64_t first,
                  int64_t depth, bool /*once*/, Bfloat16* scratch) {
  const RowBlock block = {scratch, PaddedStride(depth), kTile * PaddedStride(depth)};
  for (int64_t i = 0; i < rows; ++i) {
    SplitPlanes(depth, left.a + (row + i) * left.stride + first, left.planes, block.plane,
                scratch + i * block.stride);
    for (int p = 0; p < left.planes; ++p) {
      std::fill_n(scratch + p * block.plane + i * block.stride + depth,
                  RoundUpToTile(depth) - depth, Bfloat16{0});
    }
  }
  return block;
}

// Rows that are used once are used where they are, if they fill a tile.
RowBlock LoadRows(const LeftFactor<Bfloat16>& left, int64_t row, int64_t rows, int64_t first,
                  int64_t depth, bool once, Bfloat16* scratch) {
  const Bfloat16* const a = left.a + row * left.stride + first;
  if (once && rows == kTile && depth % kTile == 0) return {a, left.stride, 0};
  const int64_t stride = PaddedStride(depth);
  for (int64_t i = 0; i < rows; ++i) {
    Bfloat16* const out = scratch + i * stride;
    std::memcpy(out, a + i * left.stride, depth * sizeof(Bfloat16));
    std::fill_n(out + depth, RoundUpToTile(depth) - depth, Bfloat16{0});
  }
  return {scratch, stride, 0};
}

// Asks for the part [part, part + 1) of `parts` of a block of rows that is needed next.
template <typename E>
void Prefetch(const LeftFactor<E>& left, int64_t row, int64_t rows, int64_t first, int64_t depth,
              int64_t part, int64_t parts) {
  constexpr int64_t kLine = 64 / sizeof(E);
  for (int64_t i = rows * part / parts; i < rows * (part + 1) / parts; ++i) {
    const E* const a = left.a + (row + i) * left.stride + first;
    for (int64_t k = 0; k < depth; k += kLine) __builtin_prefetch(a + k, 0, 2);
  }
}

// The planes of a panel, from some term on.
struct PanelBlock {
  const Bfloat16* b;
  int64_t plane;
};

// The pairs of planes that are multiplied, the small ones first; returns how many of
// kMaxPlanePairs.
int64_t Terms(int64_t depth, const RowBlock& rows, int left_planes, const PanelBlock& panel,
              int right_planes, TileTerm* terms) {
  int64_t count = 0;
  ForEachPlanePair(left_planes, right_planes, [&](int left, int right) {
    terms[count++] = {depth, rows.a + left * rows.plane, rows.stride,
                      panel.b + right * panel.plane};
  });
  return count;
}

int64_t LowRankTerms(const TileKernel& kernel, const LowRankTerm& term, int64_t row, int64_t column,
                     TileTerm* terms) {
  const LowRankRows& u = term.u;
  if (u.rank == 0) return 0;
  const RowBlock block = {u.values + row * u.stride(), u.stride(), u.plane()};
  const Bfloat16* const panel = term.panels + column / kTile * PanelSize(u.rank, u.planes);
  return Terms(kernel.DepthOf(u.rank), block, u.planes, {panel, PanelSize(u.rank, 1)}, u.planes,
               terms);
}

template <typename E>
class Multiplier {
 public:
  Multiplier(const ProductShape& shape, const LeftFactor<E>& left, int right_planes,
             PackColumns pack, TakeBlock take, const LowRankTerm& low_rank,
             PrefetchColumns prefetch)
      : shape_(shape),
        left_(left),
        right_planes_(right_planes),
        pack_(pack),
        take_(take),
        low_rank_(low_rank),
        prefetch_(prefetch),
        kernel_(BestTileKernel()),
        once_(shape.rows <= kTile && left.planes * right_planes == 1),
        steps_(shape.depth, left.planes, right_planes),
        depth_part_(once_ ? kOnceDepth : steps_.part()),
        depth_step_(std::min(depth_part_, steps_.longest())),
        panel_size_(PanelSize(depth_part_, right_planes)) {}

  void Run(const Range& range) const {
    const TileSession session(kernel_);
    const bool whole = depth_part_ >= shape_.depth;
    const int64_t panels = MostPanels(once_, whole, panel_size_);
    const int64_t rows = whole ? range.end_row - range.row : kRowsPart;
    for (int64_t row = range.row; row < range.end_row; row += rows) {
      for (int64_t column = range.column; column < range.end_column; column += panels * kTile) {
        const int64_t next = std::min(column + panels * kTile, range.end_column);
        const Range part = {row, std::min(row + rows, range.end_row), column, next};
        RunParts(part, {next, std::min(panels * kTile, range.end_column - next), 0,
                        std::min(depth_part_, shape_.depth)});
      }
    }
  }

 private:
  // All of the depth, of which sums are kept from part to part. If there is but one, `after`, which
  // is packed next, comes into the cache meanwhile; sums that are kept need that room.
  void RunParts(const Range& range, const Packing& after) const {
    static thread_local Scratch<float> scratch;
    const bool whole = depth_part_ >= shape_.depth;
    const int64_t sums_of_rows = PanelCount(range) * kTile * kTile;
    float* const sums = scratch.Get((whole ? 1 : RowBlocks(range)) * sums_of_rows);
    for (int64_t first = 0; first < shape_.depth; first += depth_part_) {
      const int64_t depth = std::min(depth_part_, shape_.depth - first);
      const Bfloat16* const panels = Pack(range, first, depth);
      for (int64_t row = range.row; row < range.end_row; row += kTile) {
        MultiplyRows(range, row, first, depth, panels,
                     sums + (whole ? 0 : (row - range.row) / kTile * sums_of_rows),
                     whole ? after : Packing{});
      }
    }
  }

  const Bfloat16* Pack(const Range& range, int64_t first, int64_t depth) const {
    static thread_local Scratch<Bfloat16> scratch;
    Bfloat16* const panels = scratch.Get(PanelCount(range) * panel_size_);
    pack_(range.column, range.end_column - range.column, first, depth, panels);
    return panels;
  }

  // Adds the terms [first, first + depth) of kTile rows to `sums`, a block after another, which are
  // finished with the last term.
  void MultiplyRows(const Range& range, int64_t row, int64_t first, int64_t depth,
                    const Bfloat16* panels, float* sums, const Packing& next) const {
    const int64_t rows = std::min(kTile, range.end_row - row);
    for (int64_t step = 0; step < depth; step += depth_step_) {
      const bool last = first + step + depth_step_ >= shape_.depth;
      MultiplyStep(range, row, rows, first + step, std::min(depth_step_, depth - step), last,
                   {panels + step * kTile, RoundUpToTile(depth) * kTile}, sums, next);
    }
  }

  // Terms [first, first + depth) of one step; `panels` is the first of the panels.
  void MultiplyStep(const Range& range, int64_t row, int64_t rows, int64_t first, int64_t depth,
                    bool last, const PanelBlock& panels, float* sums,
                    const Packing& next_packing) const {
    static thread_local Scratch<Bfloat16> scratch;
    Bfloat16* const room = scratch.Get(left_.planes * kTile * PaddedStride(depth_step_));
    const int64_t count = PanelCount(range), next = row + kTile;
    const RowBlock block = LoadRows(left_, row, rows, first, depth, count == 1, room);
    for (int64_t p = 0; p < count; ++p) {
      TileTerm terms[2 * kMaxPlanePairs];
      const int64_t column = range.column + p * kTile;
      int64_t n =
          Terms(RoundUpToTile(depth), block, left_.planes,
                {panels.b + p * right_planes_ * panels.plane, panels.plane}, right_planes_, terms);
      if (last) n += LowRankTerms(kernel_, low_rank_, row, column, terms + n);
      // Sums that need not be kept share two blocks, which stay in the first cache.
      const int64_t slot = depth_step_ >= shape_.depth ? p % 2 : p;
      float* const sum = sums + slot * kTile * kTile;
      kernel_.multiply({terms, static_cast<size_t>(n)}, rows, first > 0, sum, kTile);
      if (next < range.end_row) {
        Prefetch(left_, next, std::min(kTile, range.end_row - next), first, depth, p, count);
      }
      if (first == 0) {
        prefetch_(next_packing.column, next_packing.columns, next_packing.first, next_packing.depth,
                  (row - range.row) / kTile * count + p, RowBlocks(range) * count);
      }
      if (last) {
        take_({row, rows, column, std::min(kTile, range.end_column - column), sum});
      }
    }
  }

  static int64_t RowBlocks(const Range& range) {
    return (range.end_row - range.row + kTile - 1) / kTile;
  }

  static int64_t PanelCount(const Range& range) {
    return (range.end_column - range.column + kTile - 1) / kTile;
  }

  const ProductShape shape_;
  const LeftFactor<E> left_;
  const int right_planes_;
  const PackColumns pack_;
  const TakeBlock take_;
  const LowRankTerm low_rank_;
  const PrefetchColumns prefetch_;
  const TileKernel& kernel_;
  const bool once_;
  const DepthSteps steps_;
  const int64_t depth_part_;
  const int64_t depth_step_;
  const int64_t panel_size_;
};

}  // namespace

template <typename E>
void PanelProduct(const ProductShape& shape, const LeftFactor<E>& left, int right_planes,
                  PackColumns pack, TakeBlock take, const LowRankTerm& low_rank,
                  PrefetchColumns prefetch) {
  if (shape.rows == 0 || shape.columns == 0) return;
  const Multiplier<E> multiplier(shape, left, right_planes, pack, take, low_rank, prefetch);
  const int64_t panels = (shape.columns + kTile - 1) / kTile;
  const int64_t row_blocks = (shape.rows + kTile - 1) / kTile;
  if (panels >= 2 * omp_get_max_threads() || panels >= row_blocks) {
    return ParallelFor(panels, [&](int64_t begin, int64_t end) {
      multiplier.Run({0, shape.rows, begin * kTile, std::min(end * kTile, shape.columns)});
    });
  }
  ParallelFor(row_blocks, [&](int64_t begin, int64_t end) {
    multiplier.Run({begin * kTile, std::min(end * kTile, shape.rows), 0, shape.columns});
  });
}

void LowRankProduct(int64_t columns, const LowRankTerm& term, TakeBlock take) {
  const TileKernel& kernel = BestTileKernel();
  const int64_t blocks = (term.u.rows + kTile - 1) / kTile;
  ParallelFor(blocks, [&](int64_t begin, int64_t end) {
    const TileSession session(kernel);
    alignas(kCacheLine) float block[kTile * kTile];
    TileTerm terms[kMaxPlanePairs];
    for (int64_t row = begin * kTile; row < std::min(end * kTile, term.u.rows); row += kTile) {
      const int64_t rows = std::min(kTile, term.u.rows - row);
      for (int64_t column = 0; column < columns; column += kTile) {
        const int64_t n = LowRankTerms(kernel, term, row, column, terms);
        kernel.multiply({terms, static_cast<size_t>(n)}, rows, false, block, kTile);
        take({row, rows, column, std::min(kTile, columns - column), block});
      }
    }
  });
}

template void PanelProduct(const ProductShape&, const LeftFactor<float>&, int, PackColumns,
                           TakeBlock, const LowRankTerm&, PrefetchColumns);
template void PanelProduct(const ProductShape&, const LeftFactor<Bfloat16>&, int, PackColumns,
                           TakeBlock, const LowRankTerm&, PrefetchColumns);

}  // namespace ropewalk
