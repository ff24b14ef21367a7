#include "worker/peft/lora_hook.h"

#include <algorithm>
#include <utility>

#include "worker/ops/dropout.h"
#include "worker/ops/elementwise.h"
#include "worker/ops/matmul.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// y -= x, [n].
template <typename T>
void Subtract(int64_t n, const T* x, T* y) {
  ParallelForElements(n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] -= x[i];
  });
}

}  // namespace

template <typename T>
LoraHook<T>::LoraHook(const std::vector<LinearPlace>& model_places, const LoraConfig& config)
    : dropout_(config.dropout), branch_of_(model_places.size(), -1), dora_(config.dora) {
  const ParameterLayout layout = LoraLayout(model_places, config);
  parameters_.resize(layout.size - config.base.layout.size);
  size_t entry = 0;
  for (const int64_t number : config.places) {
    const LinearPlace& place = model_places[number];
    branch_of_[number] = branches_.size();
    Branch branch;
    branch.shape = {place.in_size, place.out_size, config.RankAt(number), config.ScaleAt(number)};
    branch.a = layout.entries[entry++].offset;
    branch.b = layout.entries[entry++].offset;
    if (dora_) {
      branch.magnitude = layout.entries[entry++].offset;
      branch.dora = std::make_unique<Dora<T>>();
    }
    largest_in_ = std::max(largest_in_, place.in_size);
    largest_out_ = std::max(largest_out_, place.out_size);
    largest_rank_ = std::max(largest_rank_, branch.shape.rank);
    branches_.push_back(std::move(branch));
  }
}

template <typename T>
std::vector<T> LoraHook<T>::SetBase(int64_t place, const LinearWeight<T>* weight,
                                    absl::Span<const T> values) {
  Dora<T>& dora = *branches_[branch_of_[place]].dora;
  dora.SetBase(weight, values);
  return dora.BaseNorms();
}

template <typename T>
void LoraHook<T>::SetParameters(absl::Span<const T> parameters) {
  std::copy_n(parameters.begin(), parameters_.size(), parameters_.begin());
  for (const Branch& branch : branches_) {
    if (branch.dora == nullptr) continue;
    branch.dora->Update(branch.shape, &parameters_[branch.a], &parameters_[branch.b],
                        &parameters_[branch.magnitude]);
  }
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
  arena_.Build([&](Arena<T>* arena) {
    for (Branch& branch : branches_) branch.xa = arena->Take(rows * branch.shape.rank);
    workspace_ = arena->Take(rows * largest_rank_);
    if (dora_) composed_ = arena->Take(rows * largest_out_);
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
  const T* const dropped = Dropped(place, branch, x);
  if (branch.dora != nullptr) return ForwardDora(branch, x, dropped, y);
  LoraForward(branch.shape, rows_, dropped, &parameters_[branch.a], &parameters_[branch.b],
              branch.xa, y);
}

// Without dropout y is x Wᵀ already. With it the share (g - 1) of the base's output is made from
// the dropped x, as PEFT does, and the rest stays whole.
template <typename T>
void LoraHook<T>::ForwardDora(const Branch& branch, const T* x, const T* dropped, T* y) {
  const int64_t elements = rows_ * branch.shape.out;
  const bool drops = dropped != x;
  T* const u = drops ? composed_ : y;
  if (drops) {
    branch.dora->weight().Forward(rows_, dropped, u);
    Subtract(elements, u, y);
  }
  LoraForward(branch.shape, rows_, dropped, &parameters_[branch.a], &parameters_[branch.b],
              branch.xa, u);
  branch.dora->Scale(rows_, u);
  if (drops) Add(elements, u, y);
}

template <typename T>
void LoraHook<T>::Backward(int64_t place, const T* x, const T* dy, T* dx) {
  const Branch& branch = branches_[branch_of_[place]];
  const bool drops = key_ != nullptr && dx != nullptr;
  const int64_t elements = rows_ * branch.shape.in;
  if (drops) std::fill_n(d_dropped_, elements, T{0});
  BackwardBranch(branch, Dropped(place, branch, x), dy, drops ? d_dropped_ : dx);
  if (!drops) return;
  Dropout(elements, dropout_, *key_, place, d_dropped_, d_dropped_);
  Add(elements, d_dropped_, dx);
}

template <typename T>
void LoraHook<T>::BackwardBranch(const Branch& branch, const T* dropped, const T* dy,
                                 T* d_dropped) {
  const T* const b = &parameters_[branch.b];
  const T* d_branch = dy;
  if (branch.dora != nullptr) {
    branch.dora->weight().Forward(rows_, dropped, composed_);
    MatMul<T>(rows_, branch.shape.out, branch.shape.rank, branch.xa, Transpose::kNo, b,
              Transpose::kYes, 1, composed_);
    branch.dora->Backward(rows_, dy, composed_, &gradient_[branch.magnitude]);
    d_branch = composed_;
  }
  LoraBackward(branch.shape, rows_, dropped, branch.xa, d_branch, &parameters_[branch.a], b,
               workspace_, &gradient_[branch.a], &gradient_[branch.b], d_dropped);
  if (branch.dora == nullptr || d_dropped == nullptr) return;
  Subtract(rows_ * branch.shape.out, dy, composed_);
  branch.dora->weight().BackwardInput(rows_, composed_, d_dropped, /*accumulate=*/true);
}

template class LoraHook<float>;
template class LoraHook<double>;

}  // namespace ropewalk
