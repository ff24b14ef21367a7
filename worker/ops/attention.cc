#include "worker/ops/attention.h"

#include <type_traits>

#include "worker/ops/attention_rows.h"
#include "worker/ops/attention_tiles.h"

namespace ropewalk {
namespace {

// Products of three planes pay only where those of bfloat16 numbers are many times as fast as those
// of float32.
template <typename T>
bool UsesTiles() {
  if constexpr (std::is_same_v<T, double>) return false;
  return std::is_same_v<T, Bfloat16> || &BestTileKernel() == &kAmxTileKernel;
}

}  // namespace

template <typename T>
void AttentionForward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                      const T* q, const T* k, const T* v, T* out, Wide<T>* log_sum) {
  if constexpr (!std::is_same_v<T, double>) {
    if (UsesTiles<T>()) {
      return TileAttentionForward(BestTileKernel(), shape, document_starts, q, k, v, out, log_sum);
    }
  }
  if constexpr (!std::is_same_v<T, Bfloat16>) {
    RowAttentionForward(shape, document_starts, q, k, v, out, log_sum);
  }
}

template <typename T>
void AttentionBackward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                       const T* q, const T* k, const T* v, const T* out, const Wide<T>* log_sum,
                       const T* dout, T* dq, T* dk, T* dv) {
  if constexpr (!std::is_same_v<T, double>) {
    if (UsesTiles<T>()) {
      return TileAttentionBackward(BestTileKernel(), shape, document_starts, q, k, v, out, log_sum,
                                   dout, dq, dk, dv);
    }
  }
  if constexpr (!std::is_same_v<T, Bfloat16>) {
    RowAttentionBackward(shape, document_starts, q, k, v, out, log_sum, dout, dq, dk, dv);
  }
}

#define ROPEWALK_ATTENTION(T)                                                                    \
  template void AttentionForward<T>(const AttentionShape&, absl::Span<const int32_t>, const T*,  \
                                    const T*, const T*, T*, Wide<T>*);                           \
  template void AttentionBackward<T>(const AttentionShape&, absl::Span<const int32_t>, const T*, \
                                     const T*, const T*, const T*, const Wide<T>*, const T*, T*, \
                                     T*, T*);
ROPEWALK_ATTENTION(Bfloat16)
ROPEWALK_ATTENTION(float)
ROPEWALK_ATTENTION(double)
#undef ROPEWALK_ATTENTION

}  // namespace ropewalk
