#include "worker/ops/attention.h"

#include <algorithm>
#include <type_traits>

#include "worker/ops/attention_blocks.h"
#include "worker/ops/attention_rows.h"
#include "worker/ops/attention_tiles.h"
#include "worker/ops/op_timer.h"

namespace ropewalk {
namespace {

// Products of three planes pay only where those of bfloat16 numbers are many times as fast as those
// of float32.
template <typename T>
bool UsesTiles() {
  if constexpr (std::is_same_v<T, double>) return false;
  return std::is_same_v<T, Bfloat16> || &BestTileKernel() == &kAmxTileKernel;
}

// Queries and keys that see each other, in one head.
double Pairs(const AttentionShape& shape, absl::Span<const int32_t> document_starts) {
  double pairs = 0;
  for (size_t d = 0; d + 1 < document_starts.size(); ++d) {
    const double length = document_starts[d + 1] - document_starts[d];
    const double window = shape.window == 0 ? length : std::min<double>(shape.window, length);
    pairs += window * (window + 1) / 2 + (length - window) * window;
  }
  return pairs;
}

// A timer of so many products of queries' and keys' rows, which reads and writes so many arrays of
// queries' and keys' size.
template <typename T>
class AttentionTimer {
 public:
  AttentionTimer(const char* name, const AttentionShape& shape,
                 absl::Span<const int32_t> document_starts, int products, int arrays)
      : timer_(name, 2.0 * products * Pairs(shape, document_starts) * shape.heads * shape.head_dim,
               1.0 * arrays * document_starts.back() * (shape.heads + shape.kv_heads) *
                   shape.head_dim * sizeof(T)) {}

 private:
  const OpTimer timer_;
};

}  // namespace

template <typename T>
void AttentionForward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                      const T* q, const T* k, const T* v, T* out, Wide<T>* log_sum) {
  const AttentionTimer<T> timer("attention", shape, document_starts, 2, 2);
  if constexpr (std::is_same_v<T, double>) {
    return RowAttentionForward(shape, document_starts, q, k, v, out, log_sum);
  } else if (UsesTiles<T>()) {
    return TileAttentionForward(BestTileKernel(), shape, document_starts, q, k, v, out, log_sum);
  }
  if constexpr (std::is_same_v<T, float>) {
    BlockAttentionForward(shape, document_starts, q, k, v, out, log_sum);
  }
}

template <typename T>
void AttentionBackward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                       const T* q, const T* k, const T* v, const T* out, const Wide<T>* log_sum,
                       const T* dout, T* dq, T* dk, T* dv) {
  const AttentionTimer<T> timer("attention gradient", shape, document_starts, 5, 4);
  if constexpr (std::is_same_v<T, double>) {
    return RowAttentionBackward(shape, document_starts, q, k, v, out, log_sum, dout, dq, dk, dv);
  } else if (UsesTiles<T>()) {
    return TileAttentionBackward(BestTileKernel(), shape, document_starts, q, k, v, out, log_sum,
                                 dout, dq, dk, dv);
  }
  if constexpr (std::is_same_v<T, float>) {
    BlockAttentionBackward(shape, document_starts, q, k, v, out, log_sum, dout, dq, dk, dv);
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
