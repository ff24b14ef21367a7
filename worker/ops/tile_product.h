#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/tensor/bfloat16.h"

namespace ropewalk {

// Rows and columns of the block that a TileKernel computes, and what a depth is a multiple of.
inline constexpr int64_t kTile = 32;

constexpr int64_t RoundUpToTile(int64_t n) { return (n + kTile - 1) / kTile * kTile; }

// One product to be summed into a block: a [kTile, depth] times b [depth, kTile].
struct TileTerm {
  int64_t depth;            // a multiple of the kernel's least_depth
  const Bfloat16* a;        // row-major
  int64_t a_stride;         // elements from row to row
  const Bfloat16* b_panel;  // [depth / 2, kTile, 2]: pairs of b's rows side by side
};

// The innermost loop of every product of bfloat16 numbers, for one kind of processor. Sums are
// float32.
struct TileKernel {
  const char* name;
  bool (*is_supported)();  // by this processor and kernel
  int64_t least_depth;     // of a term, and what depths are multiples of; it divides kTile

  // The depth of a term of so many columns, of which what is missing is 0.
  int64_t DepthOf(int64_t columns) const {
    return (columns + least_depth - 1) / least_depth * least_depth;
  }

  // Around calls of `multiply` on a thread: they set up and give back the processor's tiles.
  void (*begin)();
  void (*end)();

  // c [kTile, kTile], rows `c_stride` apart, = the sum of the terms, plus c if `accumulate`. Only
  // the first `rows` rows are needed: what others become is not said, and of `a` only rows up to
  // the next multiple of 16 are read.
  void (*multiply)(absl::Span<const TileTerm> terms, int64_t rows, bool accumulate, float* c,
                   int64_t c_stride);

  // The same, bit for bit, for the first kTile / 2 columns alone; what others become is not said.
  void (*multiply_half)(absl::Span<const TileTerm> terms, int64_t rows, bool accumulate, float* c,
                        int64_t c_stride);
};

// Intel's AMX; AVX-512's bfloat16 instructions; any processor.
extern const TileKernel kAmxTileKernel;
extern const TileKernel kAvx512TileKernel;
extern const TileKernel kPlainTileKernel;

// The fastest one that is supported. ROPEWALK_TILES=amx|avx512|plain in the environment asks for
// another one; one that is not supported is not taken.
const TileKernel& BestTileKernel();

// Begins on construction, ends on destruction.
class TileSession {
 public:
  explicit TileSession(const TileKernel& kernel) : kernel_(kernel) { kernel_.begin(); }
  ~TileSession() { kernel_.end(); }
  TileSession(const TileSession&) = delete;
  TileSession& operator=(const TileSession&) = delete;

 private:
  const TileKernel& kernel_;
};

}  // namespace ropewalk
