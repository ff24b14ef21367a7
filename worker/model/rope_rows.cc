#include "worker/model/rope_rows.h"

#include <algorithm>
#include <cmath>

#include "worker/model/rope_frequencies.h"

namespace ropewalk {

template <typename T>
RopeRows<T>::RopeRows(const ModelConfig& config)
    : config_(config), pairs_(config.head_dim / 2), frequencies_(pairs_) {
  short_.frequencies.resize(pairs_);
  RopeFrequencies(config_, /*length=*/1, absl::MakeSpan(short_.frequencies));
  if (config_.rope.kind != RopeKind::kLongRope) return;
  long_.frequencies.resize(pairs_);
  RopeFrequencies(config_, config_.rope.original_max_position_embeddings + 1,
                  absl::MakeSpan(long_.frequencies));
}

template <typename T>
void RopeRows<T>::Begin(absl::Span<const int32_t> positions,
                        absl::Span<const int32_t> document_starts) {
  const int64_t rows = positions.size();
  if (static_cast<int64_t>(cosines_.size()) < rows * pairs_) {
    cosines_.resize(rows * pairs_);
    sines_.resize(rows * pairs_);
  }
  for (size_t d = 0; d + 1 < document_starts.size(); ++d) {
    const int64_t begin = document_starts[d], end = document_starts[d + 1];
    if (begin == end) continue;
    const int64_t length =
        1 + *std::max_element(&positions[begin], &positions[begin] + end - begin);
    if (IsFixed(length)) {
      Table* const table = TableFor(length);
      Extend(length, table);
      for (int64_t r = begin; r < end; ++r) CopyRow(*table, positions[r], r);
    } else {
      RopeFrequencies(config_, length, absl::MakeSpan(frequencies_));
      for (int64_t r = begin; r < end; ++r) {
        Compute(frequencies_, positions[r], &cosines_[r * pairs_], &sines_[r * pairs_]);
      }
    }
  }
}

template <typename T>
bool RopeRows<T>::IsFixed(int64_t length) const {
  return config_.rope.kind != RopeKind::kDynamic || length <= config_.max_position_embeddings;
}

template <typename T>
typename RopeRows<T>::Table* RopeRows<T>::TableFor(int64_t length) {
  const bool is_long = config_.rope.kind == RopeKind::kLongRope &&
                       length > config_.rope.original_max_position_embeddings;
  return is_long ? &long_ : &short_;
}

// By at least a half, so that texts that grow token by token do not copy the table each time.
template <typename T>
void RopeRows<T>::Extend(int64_t positions, Table* table) const {
  const int64_t known = table->cosines.size() / pairs_;
  if (positions <= known) return;
  const int64_t wanted = std::max(positions, known + known / 2);
  table->cosines.resize(wanted * pairs_);
  table->sines.resize(wanted * pairs_);
  for (int64_t p = known; p < wanted; ++p) {
    Compute(table->frequencies, p, &table->cosines[p * pairs_], &table->sines[p * pairs_]);
  }
}

template <typename T>
void RopeRows<T>::CopyRow(const Table& table, int64_t position, int64_t row) {
  std::copy_n(&table.cosines[position * pairs_], pairs_, &cosines_[row * pairs_]);
  std::copy_n(&table.sines[position * pairs_], pairs_, &sines_[row * pairs_]);
}

// Angles are formed in double precision.
template <typename T>
void RopeRows<T>::Compute(const std::vector<double>& frequencies, int64_t position, T* cosines,
                          T* sines) const {
  const double factor = config_.rope.attention_factor;
  for (int64_t i = 0; i < pairs_; ++i) {
    cosines[i] = static_cast<T>(factor * std::cos(position * frequencies[i]));
    sines[i] = static_cast<T>(factor * std::sin(position * frequencies[i]));
  }
}

template class RopeRows<float>;
template class RopeRows<double>;

}  // namespace ropewalk
