#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/model/config.h"

namespace ropewalk {

// The cosines and sines by which the rows of a pass turn, computed once and used by all layers and
// heads. Keeps those of positions it has met. Not thread-safe.
template <typename T>
class RopeRows {
 public:
  explicit RopeRows(const ModelConfig& config);

  // Begins a pass. positions: [rows]; document_starts: as in PackedTokens. The length of a
  // document's sequence is its largest position + 1. Allocates nothing once there was a pass with
  // as many rows and positions as high.
  void Begin(absl::Span<const int32_t> positions, absl::Span<const int32_t> document_starts);

  const T* cosines() const { return cosines_.data(); }  // [rows, head_dim / 2]
  const T* sines() const { return sines_.data(); }      // like them

 private:
  // Cosines and sines of the positions from 0 up, [positions, pairs], with fixed frequencies.
  struct Table {
    std::vector<double> frequencies;  // [pairs]
    std::vector<T> cosines;
    std::vector<T> sines;
  };

  bool IsFixed(int64_t length) const;
  Table* TableFor(int64_t length);
  void Extend(int64_t positions, Table* table) const;
  void CopyRow(const Table& table, int64_t position, int64_t row);
  void Compute(const std::vector<double>& frequencies, int64_t position, T* cosines,
               T* sines) const;

  const ModelConfig config_;
  const int64_t pairs_;
  Table short_;                      // of longrope's short sequences, or of all
  Table long_;                       // of longrope's long ones
  std::vector<double> frequencies_;  // of the document at hand
  std::vector<T> cosines_;
  std::vector<T> sines_;
};

}  // namespace ropewalk
