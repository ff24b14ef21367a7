#include "worker/ops/tile_product.h"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#endif

// Intel Advanced Matrix Extensions (Intel 64 and IA-32 Architectures Software Developer's Manual,
// volume 1, chapter 18): eight tiles of 16 rows of 64 bytes. Four hold the block of c, two the
// rows of a, two the panel. A panel is loaded past the first cache, where the rows of a stay while
// panels go by.

namespace ropewalk {
namespace {

#if defined(__x86_64__) && defined(__linux__)

#define ROPEWALK_AMX __attribute__((target("amx-tile,amx-bf16,avx512f")))

// The kernel keeps tiles for a process only once it has been asked to.
bool IsSupported() {
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int kTileData = 18;               // XFEATURE_XTILEDATA
  uint32_t a = 7, b = 0, c = 0, d = 0;
  asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  const bool has_tiles = (d >> 24 & 1) && (d >> 22 & 1);
  return has_tiles && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

struct alignas(64) TileConfig {
  uint8_t palette;
  uint8_t start_row;
  uint8_t reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};

// In memory that is never written: the compiler does not see that the intrinsic reads all of it.
constexpr TileConfig kConfig = {.palette = 1,
                                .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                                .rows = {16, 16, 16, 16, 16, 16, 16, 16}};

ROPEWALK_AMX void Begin() { _tile_loadconfig(&kConfig); }

ROPEWALK_AMX void End() { _tile_release(); }

ROPEWALK_AMX void MultiplyBoth(absl::Span<const TileTerm> terms, bool accumulate, float* c,
                               int64_t c_stride) {
  const int64_t c_bytes = c_stride * sizeof(float);
  if (accumulate) {
    _tile_loadd(0, c, c_bytes);
    _tile_loadd(1, c + 16, c_bytes);
    _tile_loadd(2, c + 16 * c_stride, c_bytes);
    _tile_loadd(3, c + 16 * c_stride + 16, c_bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (const TileTerm& term : terms) {
    const int64_t a_bytes = term.a_stride * sizeof(Bfloat16);
    const Bfloat16* a = term.a;
    const Bfloat16* lower = term.a + 16 * term.a_stride;
    const Bfloat16* b = term.b_panel;
    for (int64_t k = 0; k < term.depth; k += kTile) {
      _tile_stream_loadd(6, b, 128);
      _tile_stream_loadd(7, b + 32, 128);
      _tile_loadd(4, a, a_bytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(5, lower, a_bytes);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
      a += kTile;
      lower += kTile;
      b += kTile * kTile;
    }
  }
  _tile_stored(0, c, c_bytes);
  _tile_stored(1, c + 16, c_bytes);
  _tile_stored(2, c + 16 * c_stride, c_bytes);
  _tile_stored(3, c + 16 * c_stride + 16, c_bytes);
}

ROPEWALK_AMX void MultiplyUpper(absl::Span<const TileTerm> terms, bool accumulate, float* c,
                                int64_t c_stride) {
  const int64_t c_bytes = c_stride * sizeof(float);
  if (accumulate) {
    _tile_loadd(0, c, c_bytes);
    _tile_loadd(1, c + 16, c_bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
  }
  for (const TileTerm& term : terms) {
    const int64_t a_bytes = term.a_stride * sizeof(Bfloat16);
    const Bfloat16* a = term.a;
    const Bfloat16* b = term.b_panel;
    for (int64_t k = 0; k < term.depth; k += kTile) {
      _tile_loadd(4, a, a_bytes);
      _tile_stream_loadd(6, b, 128);
      _tile_stream_loadd(7, b + 32, 128);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      a += kTile;
      b += kTile * kTile;
    }
  }
  _tile_stored(0, c, c_bytes);
  _tile_stored(1, c + 16, c_bytes);
}

ROPEWALK_AMX void MultiplyHalf(absl::Span<const TileTerm> terms, int64_t rows, bool accumulate,
                               float* c, int64_t c_stride) {
  const int64_t c_bytes = c_stride * sizeof(float);
  const bool both = rows > 16;
  if (accumulate) {
    _tile_loadd(0, c, c_bytes);
    if (both) _tile_loadd(2, c + 16 * c_stride, c_bytes);
  } else {
    _tile_zero(0);
    _tile_zero(2);
  }
  for (const TileTerm& term : terms) {
    const int64_t a_bytes = term.a_stride * sizeof(Bfloat16);
    const Bfloat16* a = term.a;
    const Bfloat16* const lower = term.a + (both ? 16 * term.a_stride : 0);
    const Bfloat16* b = term.b_panel;
    for (int64_t k = 0; k < term.depth; k += kTile, a += kTile, b += kTile * kTile) {
      _tile_loadd(6, b, 128);
      _tile_loadd(4, a, a_bytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(5, lower + k, a_bytes);
      _tile_dpbf16ps(2, 5, 6);
    }
  }
  _tile_stored(0, c, c_bytes);
  if (both) _tile_stored(2, c + 16 * c_stride, c_bytes);
}

// Of either half of the rows all 16 are read.
void Multiply(absl::Span<const TileTerm> terms, int64_t rows, bool accumulate, float* c,
              int64_t c_stride) {
  (rows > 16 ? MultiplyBoth : MultiplyUpper)(terms, accumulate, c, c_stride);
}

#else

bool IsSupported() { return false; }
void Begin() {}
void End() {}
void Multiply(absl::Span<const TileTerm>, int64_t, bool, float*, int64_t) {}
void MultiplyHalf(absl::Span<const TileTerm>, int64_t, bool, float*, int64_t) {}

#endif

}  // namespace

const TileKernel kAmxTileKernel = {"amx", IsSupported, kTile, Begin, End, Multiply, MultiplyHalf};

}  // namespace ropewalk
