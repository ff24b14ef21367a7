#pragma once

#include <cstdint>
#include <vector>

namespace ropewalk {

// Cosines and sines of rotary position embedding (Su et al., 2021) for positions [0, max_position):
// the angle of pair i at position p is p * frequency[i], formed in double precision; both are
// multiplied by `attention_factor`.
template <typename T>
class RopeTable {
 public:
  RopeTable(const std::vector<double>& frequencies, int64_t max_position,
            double attention_factor = 1.0);

  int64_t pairs() const { return pairs_; }
  int64_t max_position() const { return max_position_; }
  const T* cosines(int64_t position) const { return &cosines_[position * pairs_]; }  // [pairs]
  const T* sines(int64_t position) const { return &sines_[position * pairs_]; }

 private:
  int64_t pairs_;
  int64_t max_position_;
  std::vector<T> cosines_;
  std::vector<T> sines_;
};

enum class Rotation { kForward, kBackward };

// Rotates each head of x [rows, heads, 2 * pairs] in place by its row's position; the pair (i, i +
// pairs) turns together, as in Hugging Face's checkpoints. kBackward turns the other way: the
// gradient of the forward rotation. positions: [rows], below the table's maximum.
template <typename T>
void ApplyRope(int64_t rows, int64_t heads, const RopeTable<T>& table, const int32_t* positions,
               Rotation rotation, T* x);

}  // namespace ropewalk
