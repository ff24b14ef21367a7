#include "worker/ops/few_rows_product.h"

#include <algorithm>
#include <cstring>

#include "worker/ops/depth_steps.h"
#include "worker/ops/lanes.h"
#include "worker/ops/scratch.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Planes of a factor from some term of the depth on, each `plane` after the one before.
struct Planes {
  const Bfloat16* values;
  int64_t plane;
  int count;
};

// A step of a strip of W: at most kTile rows as planes, row-major.
struct Strip {
  Planes planes;
  int64_t stride;
};

// Rows of W that are multiplied at the same time: `count` of them, from `row` on, `apart` rows from
// one to the next.
struct StripRows {
  int64_t row;
  int64_t count;
  int64_t apart;
};

// A strip's rows lie apart so that the processor, which sees that a page is read from its beginning
// to its end, fetches ahead of each of them; so many rows of each follow one another.
constexpr int64_t kRun = 32;

void Pack(int64_t rows, const LeftFactor<float>& x, int64_t depth, Bfloat16* panel) {
  PackHalfPanelOfRows(depth, rows, x.a, x.stride, x.planes, panel);
}
void Pack(int64_t rows, const LeftFactor<Bfloat16>& x, int64_t depth, Bfloat16* panel) {
  PackHalfPanelOfRows(depth, rows, x.a, x.stride, panel);
}

// to [kTile / 2, kTile] = the transpose of from's first columns.
ROPEWALK_SIMD void TransposeBlock(const float* from, float* to) {
  for (int64_t i = 0; i < kTile / 2; ++i) {
    for (int64_t j = 0; j < kTile; ++j) to[i * kTile + j] = from[j * kTile + i];
  }
}

// W as it is read: a step of a strip at a time.
class StripReader {
 public:
  StripReader(const StoredMatrix& w, int planes)
      : w_(w), planes_(planes), halves_(w.AsBfloat16()), floats_(w.AsFloat()) {}

  // Terms [first, first + count) of the rows, and zeros up to whole tiles, good until this thread's
  // next call.
  Strip Read(const StripRows& rows, int64_t first, int64_t count) const {
    const int64_t offset = rows.row * w_.columns() + first, stride = rows.apart * w_.columns();
    if (halves_ != nullptr) return Halves(halves_ + offset, rows.count, stride, count);
    const Strip strip = Room(count);
    for (int64_t i = 0; i < rows.count; ++i) {
      const float* const values = floats_ != nullptr
                                      ? floats_ + offset + i * stride
                                      : ReadPart(w_, rows.row + i * rows.apart, 1, first, count);
      SplitPlanes(count, values, planes_, strip.planes.plane, Row(strip, i));
      Pad(count, strip, i);
    }
    return strip;
  }

 private:
  // Where it lies, if tiles can be read from there.
  Strip Halves(const Bfloat16* values, int64_t rows, int64_t stride, int64_t count) const {
    if (count % kTile == 0 && rows % (kTile / 2) == 0) return {{values, 0, 1}, stride};
    const Strip strip = Room(count);
    for (int64_t i = 0; i < rows; ++i) {
      std::memcpy(Row(strip, i), values + i * stride, count * sizeof(Bfloat16));
      Pad(count, strip, i);
    }
    return strip;
  }

  // Its stride does not put all rows into the same sets of the first cache.
  Strip Room(int64_t count) const {
    static thread_local Scratch<Bfloat16> scratch;
    const int64_t stride = RoundUpToTile(count) + kTile, plane = kTile * stride;
    return {{scratch.Get(planes_ * plane), plane, planes_}, stride};
  }

  static Bfloat16* Row(const Strip& strip, int64_t i) {
    return const_cast<Bfloat16*>(strip.planes.values) + i * strip.stride;
  }

  static void Pad(int64_t count, const Strip& strip, int64_t i) {
    for (int p = 0; p < strip.planes.count; ++p) {
      std::fill_n(Row(strip, i) + p * strip.planes.plane + count, RoundUpToTile(count) - count,
                  Bfloat16{0});
    }
  }

  const StoredMatrix& w_;
  const int planes_;
  const Bfloat16* const halves_;
  const float* const floats_;
};

template <typename E>
class Multiplier {
 public:
  Multiplier(int64_t rows, const LeftFactor<E>& x, const StoredMatrix& w, int w_planes,
             TakeBlock take, const LowRankTerm& low_rank)
      : rows_(rows),
        x_(x),
        depth_(w.columns()),
        strips_(w, w_planes),
        take_(take),
        low_rank_(low_rank),
        kernel_(BestTileKernel()),
        steps_(depth_, x.planes, w_planes) {}

  // Outputs [begin, end), `begin` a multiple of kTile.
  void Run(int64_t begin, int64_t end) const {
    static thread_local Scratch<Bfloat16> panel_scratch;
    static thread_local Scratch<float> sums_scratch;
    const TileSession session(kernel_);
    Bfloat16* const panel = panel_scratch.Get(PanelSize(depth_, x_.planes));
    float* const sums = sums_scratch.Get(kTile * kRun * kTile);
    Pack(rows_, x_, depth_, panel);
    for (int64_t row = begin; row < end;) {
      const int64_t run = std::clamp<int64_t>((end - row) / kTile, 1, kRun);
      const int64_t count = std::min(kTile, end - row);
      for (int64_t i = 0; i < run; ++i) {
        Sum({row + i, count, run}, panel, sums + i * kTile, run * kTile);
      }
      for (int64_t i = 0; i < run; ++i) {
        Take(row + i * kTile, std::min(kTile, end - row - i * kTile), sums + i * kTile * kTile);
      }
      row += run * count;
    }
  }

 private:
  // sums [rows.count, kTile], rows `stride` apart, = those rows of W times x^T.
  void Sum(const StripRows& rows, const Bfloat16* panel, float* sums, int64_t stride) const {
    steps_.ForEach([&](int64_t first, int64_t depth) {
      const Strip strip = strips_.Read(rows, first, depth);
      const Planes x = {panel + first * kTile, PanelSize(depth_, 1), x_.planes};
      TileTerm terms[kMaxPlanePairs];
      const size_t n = Terms(depth, strip, x, terms);
      kernel_.multiply_half({terms, n}, rows.count, first > 0, sums, stride);
    });
  }

  void Take(int64_t column, int64_t columns, const float* sums) const {
    alignas(kCacheLine) float block[kTile * kTile];
    TransposeBlock(sums, block);
    AddLowRank(column, block);
    take_({0, rows_, column, columns, block});
  }

  // The pairs of planes in PanelProduct's order, where x is the left factor.
  static size_t Terms(int64_t depth, const Strip& w, const Planes& x, TileTerm* terms) {
    size_t n = 0;
    ForEachPlanePair(x.count, w.planes.count, [&](int left, int right) {
      terms[n++] = {RoundUpToTile(depth), w.planes.values + right * w.planes.plane, w.stride,
                    x.values + left * x.plane};
    });
    return n;
  }

  // With u on the left, as it is.
  void AddLowRank(int64_t column, float* block) const {
    const LowRankRows& u = low_rank_.u;
    if (u.rank == 0) return;
    const int64_t depth = kernel_.DepthOf(u.rank);
    const Bfloat16* const panel = low_rank_.panels + column / kTile * PanelSize(u.rank, u.planes);
    TileTerm terms[kMaxPlanePairs];
    size_t n = 0;
    ForEachPlanePair(u.planes, u.planes, [&](int left, int right) {
      terms[n++] = {depth, u.values + left * u.plane(), u.stride(),
                    panel + right * PanelSize(u.rank, 1)};
    });
    kernel_.multiply({terms, n}, rows_, /*accumulate=*/true, block, kTile);
  }

  const int64_t rows_;
  const LeftFactor<E> x_;
  const int64_t depth_;
  const StripReader strips_;
  const TakeBlock take_;
  const LowRankTerm low_rank_;
  const TileKernel& kernel_;
  const DepthSteps steps_;
};

}  // namespace

template <typename E>
void FewRowsProduct(int64_t rows, const LeftFactor<E>& x, const StoredMatrix& w, int w_planes,
                    TakeBlock take, const LowRankTerm& low_rank) {
  if (rows == 0) return;
  const Multiplier<E> multiplier(rows, x, w, w_planes, take, low_rank);
  ParallelFor((w.rows() + kTile - 1) / kTile, [&](int64_t begin, int64_t end) {
    multiplier.Run(begin * kTile, std::min(end * kTile, w.rows()));
  });
}

template void FewRowsProduct(int64_t, const LeftFactor<float>&, const StoredMatrix&, int, TakeBlock,
                             const LowRankTerm&);
template void FewRowsProduct(int64_t, const LeftFactor<Bfloat16>&, const StoredMatrix&, int,
                             TakeBlock, const LowRankTerm&);

}  // namespace ropewalk
