#include "worker/peft/lora_hook.h"

#include <algorithm>

#include "worker/ops/dropout.h"
#include "worker/ops/elementwise.h"

namespace ropewalk {

template <typename T>
LoraHook<T>::LoraHook(const std::vector<LinearPlace>& model_places, const LoraConfig& config)
    : dropout_(config.dropout), branch_of_(model_places.size(), -1) {
  const ParameterLayout layout = LoraLayout(model_places, config);
  parameters_.resize(layout.size);
  for (const int64_t number : config.places) {
    const LinearPlace& place = model_places[number];
    const size_t branch = branches_.size();
    branch_of_[number] = branch;
    branches_.push_back({.shape = {place.in_size, place.out_size, config.rank, config.scale()},
                         .a = layout.entries[2 * branch].offset,
                         .b = layout.entries[2 * branch + 1].offset});
    largest_in_ = std::max(largest_in_, place.in_size);
  }
}

template <typename T>
void LoraHook<T>::SetParameters(absl::Span<const T> parameters) {
  std::copy(parameters.begin(), parameters.end(), parameters_.begin());
}

template <typename T>
void LoraHook<T>::BeginPass(int64_t rows, const RandomKey* dropout) {
  rows_ = rows;
  key_ = dropout_ > 0 ? dropout : nullptr;
  if (rows > reserved_rows_) Reserve(rows);
}

template <typename T>
void LoraHook<T>::Reserve(int64_t rows) {
  reserved_rows_ = rows;
  const int64_t rank = branches_.empty() ? 0 : branches_.front().shape.rank;
  arena_.Build([&](Arena<T>* arena) {
    for (Branch& branch : branches_) branch.xa = arena->Take(rows * rank);
    workspace_ = arena->Take(rows * rank);
    if (dropout_ == 0) return;
    dropped_ = arena->Take(rows * largest_in_);
    d_dropped_ = arena->Take(rows * largest_in_);
  });
}

template <typename T>
const T* LoraHook<T>::Dropped(int64_t place, const Branch& branch, const T* x) {
  if (key_ == nullptr) return x;
  Dropout(rows_ * branch.shape.in, dropout_, *key_, place, x, dropped_);
  return dropped_;
}

template <typename T>
void LoraHook<T>::Forward(int64_t place, const T* x, T* y) {
  const Branch& branch = branches_[branch_of_[place]];
  LoraForward(branch.shape, rows_, Dropped(place, branch, x), &parameters_[branch.a],
              &parameters_[branch.b], branch.xa, y);
}

template <typename T>
void LoraHook<T>::Backward(int64_t place, const T* x, const T* dy, T* dx) {
  const Branch& branch = branches_[branch_of_[place]];
  const bool drops = key_ != nullptr && dx != nullptr;
  const int64_t elements = rows_ * branch.shape.in;
  if (drops) std::fill_n(d_dropped_, elements, T{0});
  LoraBackward(branch.shape, rows_, Dropped(place, branch, x), branch.xa, dy,
               &parameters_[branch.a], &parameters_[branch.b], workspace_, &gradient_[branch.a],
               &gradient_[branch.b], drops ? d_dropped_ : dx);
  if (!drops) return;
  Dropout(elements, dropout_, *key_, place, d_dropped_, d_dropped_);
  Add(elements, d_dropped_, dx);
}

template class LoraHook<float>;
template class LoraHook<double>;

}  // namespace ropewalk
