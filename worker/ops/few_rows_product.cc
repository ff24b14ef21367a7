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

constexpr int kMaxTerms = kMaxPlanes * (kMaxPlanes + 1) / 2;

// Planes of a factor from some term of the depth on, each `plane` after the one before.
struct Planes {
  const Bfloat16* values;
  int64_t plane;
  int count;
};

// A strip of W: kTile rows as planes, row-major.
struct Strip {
  Planes planes;
  int64_t stride;
};

void Pack(int64_t rows, const LeftFactor<float>& x, int64_t depth, Bfloat16* panel) {
  PackPanelsOfRows(depth, rows, x.a, x.stride, x.planes, panel);
}
void Pack(int64_t rows, const LeftFactor<Bfloat16>& x, int64_t depth, Bfloat16* panel) {
  PackPanelsOfRows(depth, rows, x.a, x.stride, panel);
}

ROPEWALK_SIMD void TransposeBlock(const float* from, float* to) {
  for (int64_t i = 0; i < kTile; ++i) {
    for (int64_t j = 0; j < kTile; ++j) to[j * kTile + i] = from[i * kTile + j];
  }
}

// W as it is read: a step of a strip at a time.
class StripReader {
 public:
  StripReader(const StoredMatrix& w, int planes)
      : w_(w), planes_(planes), halves_(w.AsBfloat16()), floats_(w.AsFloat()) {}

  // Terms [first, first + count) of the rows [row, row + rows), and zeros up to whole tiles, good
  // until this thread's next call.
  Strip Read(int64_t row, int64_t rows, int64_t first, int64_t count) const {
    const int64_t offset = row * w_.columns() + first;
    if (halves_ != nullptr) return Halves(halves_ + offset, rows, count);
    if (floats_ != nullptr) return Split(floats_ + offset, w_.columns(), rows, count);
    return Split(ReadPart(w_, row, rows, first, count), count, rows, count);
  }

  // Of the rows [row, row + rows), what lies in memory from `from` to `to` of 1 of the way.
  TileAhead Ahead(int64_t row, int64_t rows, int64_t from, int64_t to, int64_t of) const {
    const int64_t row_bytes =
        w_.columns() * (halves_ != nullptr ? sizeof(Bfloat16) : sizeof(float));
    const char* const memory = halves_ != nullptr ? reinterpret_cast<const char*>(halves_)
                                                  : reinterpret_cast<const char*>(floats_);
    if (memory == nullptr || rows <= 0) return {};
    const int64_t bytes = rows * row_bytes, begin = bytes * from / of, end = bytes * to / of;
    return {memory + row * row_bytes + begin, end - begin};
  }

 private:
  // Where it lies, if tiles can be read from there.
  Strip Halves(const Bfloat16* values, int64_t rows, int64_t count) const {
    if (count % kTile == 0 && rows % (kTile / 2) == 0) return {{values, 0, 1}, w_.columns()};
    const Strip strip = Room(count);
    for (int64_t i = 0; i < rows; ++i) {
      std::memcpy(Row(strip, i), values + i * w_.columns(), count * sizeof(Bfloat16));
      Pad(count, strip, i);
    }
    return strip;
  }

  Strip Split(const float* values, int64_t stride, int64_t rows, int64_t count) const {
    const Strip strip = Room(count);
    for (int64_t i = 0; i < rows; ++i) {
      SplitPlanes(count, values + i * stride, planes_, strip.planes.plane, Row(strip, i));
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
    static thread_local Scratch<Bfloat16> scratch;
    const TileSession session(kernel_);
    Bfloat16* const panel = scratch.Get(PanelSize(depth_, x_.planes));
    Pack(rows_, x_, depth_, panel);
    for (int64_t row = begin; row < end; row += kTile) {
      alignas(kCacheLine) float sums[kTile * kTile], block[kTile * kTile];
      const int64_t count = std::min(kTile, end - row);
      Sum(row, count, end, panel, sums);
      TransposeBlock(sums, block);
      AddLowRank(row, block);
      take_({0, rows_, row, count, block});
    }
  }

 private:
  // sums [kTile, kTile] = `count` rows of W times x^T.
  void Sum(int64_t row, int64_t count, int64_t end, const Bfloat16* panel, float* sums) const {
    const int64_t next = row + kTile, next_count = std::min(kTile, end - next);
    steps_.ForEach([&](int64_t first, int64_t depth) {
      const Strip strip = strips_.Read(row, count, first, depth);
      const Planes x = {panel + first * kTile, PanelSize(depth_, 1), x_.planes};
      TileTerm terms[kMaxTerms];
      const size_t n = Terms(depth, strip, x, terms);
      kernel_.multiply_half({terms, n}, count, first > 0, sums, kTile,
                            strips_.Ahead(next, next_count, first, first + depth, depth_));
    });
  }

  // The pairs of planes in PanelProduct's order, where x is the left factor.
  static size_t Terms(int64_t depth, const Strip& w, const Planes& x, TileTerm* terms) {
    size_t n = 0;
    for (int below = kMaxPlanes - 1; below >= 0; --below) {
      for (int left = std::min(below, x.count - 1); left >= 0; --left) {
        const int right = below - left;
        if (right >= w.planes.count) continue;
        terms[n++] = {RoundUpToTile(depth), w.planes.values + right * w.planes.plane, w.stride,
                      x.values + left * x.plane};
      }
    }
    return n;
  }

  // With u on the left, as it is.
  void AddLowRank(int64_t column, float* block) const {
    const LowRankRows& u = low_rank_.u;
    if (u.rank == 0) return;
    const int64_t depth = RoundUpToTile(u.rank);
    const Bfloat16* const panel = low_rank_.panels + column / kTile * PanelSize(depth, u.planes);
    TileTerm terms[kMaxTerms];
    size_t n = 0;
    for (int below = kMaxPlanes - 1; below >= 0; --below) {
      for (int left = std::min(below, u.planes - 1); left >= 0; --left) {
        if (below - left >= u.planes) continue;
        terms[n++] = {depth, u.values + left * u.plane(), u.stride(),
                      panel + (below - left) * PanelSize(depth, 1)};
      }
    }
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
