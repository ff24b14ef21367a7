#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "worker/model/arena.h"
#include "worker/model/linear_hook.h"
#include "worker/model/weight_specs.h"
#include "worker/ops/linear_weight.h"
#include "worker/ops/lora.h"
#include "worker/peft/dora.h"
#include "worker/peft/lora_config.h"

namespace ropewalk {

// Low-rank adapters at work: hooks the places of a LoraConfig. Parameters and gradients are in the
// order of LoraLayout. Always in T, also where the model multiplies in bfloat16. Not thread-safe.
template <typename T>
class LoraHook final : public LinearHook<T> {
 public:
  LoraHook(const std::vector<LinearPlace>& model_places, const LoraConfig& config);

  // The base's weight at a place that the config has, and its values [out, in]. With DoRA to be
  // called for each of them before SetParameters; otherwise not needed. `weight` must outlive this.
  // Returns ‖W‖ of each row, the magnitudes to start from.
  std::vector<T> SetBase(int64_t place, const LinearWeight<T>* weight, absl::Span<const T> values);

  // Copies the values to compute with; those of the base's weights, which come last, are not its
  // own.
  void SetParameters(absl::Span<const T> parameters);

  // Backward adds gradients to these elements from now on.
  void SetGradient(absl::Span<T> gradient) { gradient_ = gradient; }

  bool Covers(int64_t place) const override { return branch_of_[place] >= 0; }
  void BeginPass(int64_t rows, const RandomKey* dropout) override;
  void Forward(int64_t place, const T* x, T* y) override;
  void Backward(int64_t place, const T* x, const T* dy, T* dx) override;

 private:
  // One adapter.
  struct Branch {
    LoraShape shape;
    int64_t a = 0;  // offsets of its parameters
    int64_t b = 0;
    int64_t magnitude = 0;          // with DoRA
    T* xa = nullptr;                // [rows, rank], s x Aᵀ
    std::unique_ptr<Dora<T>> dora;  // or null
  };

  void Reserve(int64_t rows);

  // x as A sees it: x itself, or what dropout leaves of it.
  const T* Dropped(int64_t place, const Branch& branch, const T* x);

  void ForwardDora(const Branch& branch, const T* x, const T* dropped, T* y);

  // The gradient by the adapter's output; with DoRA also that by the base's, less dy, which is in
  // the model's dx already.
  void BackwardBranch(const Branch& branch, const T* dropped, const T* dy, T* d_dropped);

  const double dropout_;
  std::vector<int64_t> branch_of_;  // [model places], -1 where there is none
  std::vector<Branch> branches_;
  int64_t largest_in_ = 0;
  int64_t largest_out_ = 0;
  int64_t largest_rank_ = 0;
  bool dora_ = false;
  std::vector<T> parameters_;
  absl::Span<T> gradient_;

  // Of the pass.
  int64_t rows_ = 0;
  const RandomKey* key_ = nullptr;

  Arena<T> arena_;
  int64_t reserved_rows_ = 0;
  T* dropped_ = nullptr;    // [rows, in]
  T* d_dropped_ = nullptr;  // [rows, in]
  T* workspace_ = nullptr;  // [rows, rank]
  T* composed_ = nullptr;   // [rows, out], DoRA's u
};

}  // namespace ropewalk
